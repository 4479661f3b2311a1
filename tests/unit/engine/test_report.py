"""The report of a run, as a fold over its events, and its two forms (C4, C5, C8)."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from orchestrator.engine import events
from orchestrator.engine.junit import junit_of
from orchestrator.engine.report import report_of
from orchestrator.model.status import Changes, Status

RUN = "20260131-081500-pr42-3f9a"
T = 1_769_847_300.0  # 2026-01-31T08:15:00Z
SCHEMA = json.loads((Path(__file__).parents[3] / "docs/report.schema.json").read_text(encoding="utf-8"))

START = events.RunStarted(
    time=T + 4,
    run=RUN,
    command="up",
    environment="dev",
    suffix="pr42",
    target="local",
    units=("kms", "docs", "vpc", "api"),
)
KMS = (
    events.UnitStarted(time=T + 4, unit="kms"),
    events.UnitPlanned(time=T + 5, unit="kms", changes=Changes(add=1)),
    events.ResourceStarted(time=T + 5, unit="kms", address='aws_kms_key.this["s3"]', action="create"),
    events.ResourceFinished(time=T + 7, unit="kms", address='aws_kms_key.this["s3"]', action="create", seconds=2.0),
    events.UnitFinished(
        time=T + 7,
        unit="kms",
        status=Status.CHANGED,
        changes=Changes(add=1),
        seconds=3.0,
        log=f"/home/me/project/.platformctl/runs/{RUN}/logs/kms.log",
    ),
)
VPC_FAILS = (
    events.UnitStarted(time=T + 7, unit="vpc"),
    events.ResourceStarted(time=T + 7, unit="vpc", address="aws_vpc.this", action="create"),
    events.ResourceFinished(time=T + 8, unit="vpc", address="aws_vpc.this", action="create", seconds=1.0, failed=True),
    events.UnitRetried(time=T + 8, unit="vpc", attempt=2, wait=5.0, reason="Throttling"),
    events.ResourceStarted(time=T + 13, unit="vpc", address="aws_vpc.this", action="create"),
    events.ResourceFinished(time=T + 15, unit="vpc", address="aws_vpc.this", action="create", seconds=2.0),
    events.ResourceStarted(time=T + 15, unit="vpc", address="aws_eip.nat", action="create"),
    events.ResourceFinished(time=T + 16, unit="vpc", address="aws_eip.nat", action="create", seconds=1.0, failed=True),
    events.UnitFinished(
        time=T + 16,
        unit="vpc",
        status=Status.FAILED,
        changes=Changes(add=1),
        seconds=9.0,
        error="AddressLimitExceeded: too many addresses\n\non main.tf line 3",
        log=f"/home/me/project/.platformctl/runs/{RUN}/logs/vpc.log",
    ),
    events.UnitFinished(time=T + 16, unit="api", status=Status.SKIPPED, cause="vpc"),
)
DOCS = (
    events.UnitStarted(time=T + 16, unit="docs"),
    events.UnitFinished(time=T + 17, unit="docs", status=Status.UNCHANGED, seconds=1.0, log="elsewhere/docs.log"),
)
FAILED = (
    START,
    *KMS,
    *VPC_FAILS,
    *DOCS,
    events.RunFinished(time=T + 17, exit_code=1, seconds=17.0, changes=Changes(add=2)),
)
INTERRUPTED = (
    START,
    KMS[0],
    events.RunInterrupted(time=T + 5, waiting_for=("kms",)),
    *(events.UnitFinished(time=T + 5, unit=name, status=Status.CANCELLED) for name in ("docs", "vpc", "api")),
    *KMS[1:],
    events.RunFinished(time=T + 8, exit_code=130, seconds=8.0, changes=Changes(add=1)),
)
KILLED = (START, *KMS, *VPC_FAILS[:7])


def report(*log):
    """The report, after it was found to be as the schema says."""
    made = report_of(log)
    jsonschema.Draft202012Validator(SCHEMA).validate(made.to_json())
    return made


def unit(made, name):
    (found,) = [unit for unit in made.to_json()["units"] if unit["name"] == name]
    return found


def test_c4_the_run_as_a_whole():
    made = report(*FAILED).to_json()
    del made["units"]
    assert made == {
        "schema_version": 1,
        "run": RUN,
        "command": "up",
        "environment": "dev",
        "suffix": "pr42",
        "target": "local",
        "result": "failed",
        "exit_code": 1,
        "interrupted": False,
        "started": "2026-01-31T08:15:00Z",
        "finished": "2026-01-31T08:15:17Z",
        "seconds": 17.0,
        "totals": {
            "units": {
                "pending": 0,
                "running": 0,
                "changed": 1,
                "unchanged": 1,
                "failed": 1,
                "skipped": 1,
                "cancelled": 0,
            },
            "changes": {"add": 2, "change": 0, "destroy": 0},
        },
    }


def test_c4_units_are_in_the_order_of_the_work_with_all_that_was_done():
    made = report(*FAILED)
    assert [found.name for found in made.units] == ["kms", "docs", "vpc", "api"]
    assert unit(made, "kms") == {
        "name": "kms",
        "status": "changed",
        "planned": {"add": 1, "change": 0, "destroy": 0},
        "changes": {"add": 1, "change": 0, "destroy": 0},
        "seconds": 3.0,
        "error": "",
        "cause": "",
        "attempts": 1,
        "retries": [],
        "log": "logs/kms.log",
        "resources": [{"address": 'aws_kms_key.this["s3"]', "action": "create", "seconds": 2.0, "failed": False}],
        "warnings": [],
    }


def test_c5_a_failure_has_its_error_its_attempts_and_what_was_done_before_it():
    vpc = unit(report(*FAILED), "vpc")
    assert vpc["error"].startswith("AddressLimitExceeded")
    assert vpc["changes"] == {"add": 1, "change": 0, "destroy": 0}
    assert vpc["attempts"] == 2
    assert vpc["retries"] == [{"attempt": 2, "wait": 5.0, "reason": "Throttling"}]
    assert [(found["address"], found["failed"], found["seconds"]) for found in vpc["resources"]] == [
        ("aws_vpc.this", False, 2.0),
        ("aws_eip.nat", True, 1.0),
    ]


def test_c5_a_skip_names_the_unit_that_failed():
    api = unit(report(*FAILED), "api")
    assert (api["status"], api["cause"], api["attempts"], api["log"]) == ("skipped", "vpc", 0, "")


def test_a_unit_on_which_terraform_was_not_run_has_no_attempt():
    made = report(*FAILED)
    assert [(found.name, found.attempts) for found in made.units] == [("kms", 1), ("docs", 0), ("vpc", 2), ("api", 0)]


def test_a_log_outside_of_the_run_keeps_its_path():
    assert unit(report(*FAILED), "docs")["log"] == "elsewhere/docs.log"


@pytest.mark.parametrize(
    ("log", "result", "code", "interrupted"),
    [
        ((START, events.RunFinished(time=T + 5, exit_code=0, seconds=5, changes=Changes())), "succeeded", 0, False),
        (FAILED, "failed", 1, False),
        (INTERRUPTED, "interrupted", 130, True),
        # The signal came when everything had ended: no unit was interrupted, and the exit code says it all the same.
        (
            (START, events.RunFinished(time=T + 5, exit_code=130, seconds=5, changes=Changes())),
            "interrupted",
            130,
            True,
        ),
        (KILLED, "unfinished", None, False),
        (INTERRUPTED[:4], "unfinished", None, True),
    ],
)
def test_c6_how_a_run_ended(log, result, code, interrupted):
    made = report(*log)
    assert (made.result, made.exit_code, made.interrupted) == (result, code, interrupted)


def test_a_run_that_was_killed_is_reported_as_far_as_it_came():
    made = report(*KILLED)
    assert (made.finished, made.seconds, made.changes) == (None, 11.0, Changes(add=1))
    assert [(found.name, str(found.status)) for found in made.units] == [
        ("kms", "changed"),
        ("docs", "pending"),
        ("vpc", "running"),
        ("api", "pending"),
    ]
    vpc = unit(made, "vpc")
    assert (vpc["seconds"], vpc["attempts"]) == (8.0, 2)
    assert vpc["resources"][-1] == {"address": "aws_eip.nat", "action": "create", "seconds": None, "failed": False}


def test_nothing_to_report_where_no_run_began():
    assert report_of([events.StepFinished(time=T, text="x", seconds=1)]) is None
    assert report_of([]) is None


def logged(log):
    return [event.to_line() for event in log]


@pytest.mark.parametrize("log", [FAILED, INTERRUPTED, KILLED], ids=["failed", "interrupted", "killed"])
def test_c4_what_is_read_back_from_the_log_is_what_was_written(log):
    assert tuple(events.read_events(logged(log))) == log


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        '{"type": "unit_fin',
        "[]",
        "3",
        "null",
        '{"time": 1.0}',
        '{"type": "unit_dreamt", "time": 1.0, "unit": "kms"}',
        '{"type": ["unit_started"], "time": 1.0}',
        '{"type": "unit_started", "time": 1.0}',
        '{"type": "unit_finished", "time": 1.0, "unit": "kms", "status": "wonderful"}',
        '{"type": "unit_planned", "time": 1.0, "unit": "kms", "changes": {"add": -1}}',
        b'{"type": "unit_started", "time": 1.0, "unit": "\xff"}',
        '{"type": "unit_planned", "time": 1.0, "unit": "kms", "changes": null}',
    ],
)
def test_a_line_that_says_nothing_does_not_keep_the_rest_from_being_read(line):
    lines = logged(FAILED)
    assert tuple(events.read_events([*lines[:3], line, *lines[3:]])) == FAILED


def test_fields_of_a_newer_platformctl_are_passed_over():
    line = '{"type": "unit_started", "time": 1.0, "unit": "kms", "mood": "good"}'
    assert list(events.read_events([line])) == [events.UnitStarted(time=1.0, unit="kms")]


def cases(made):
    return {case.get("name"): case for case in ET.fromstring(junit_of(made)).iter("testcase")}


def test_c4_junit_has_one_case_for_each_unit_and_counts_that_agree():
    (suite,) = ET.fromstring(junit_of(report(*FAILED)))
    assert suite.attrib == {
        "name": "platformctl up pr42",
        "package": "platformctl",
        "id": "0",
        "hostname": "local",
        "timestamp": "2026-01-31T08:15:00",
        "time": "17.000",
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    # The order that Ant's schema asks for.
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 4, "system-out", "system-err"]
    assert {item.get("name"): item.get("value") for item in suite[0]} == {
        "run": RUN,
        "environment": "dev",
        "target": "local",
        "result": "failed",
    }
    assert [case.attrib for case in suite.iter("testcase")] == [
        {"classname": "platformctl.dev", "name": name, "time": time}
        for name, time in (("kms", "3.000"), ("docs", "1.000"), ("vpc", "9.000"), ("api", "0.000"))
    ]


def test_c5_junit_says_what_failed_and_why_the_rest_was_skipped():
    found = cases(report(*FAILED))
    assert (list(found["kms"]), list(found["docs"])) == ([], [])
    (failure,) = found["vpc"]
    assert (failure.tag, failure.get("message"), failure.get("type")) == (
        "failure",
        "AddressLimitExceeded: too many addresses",
        "up failed",
    )
    assert failure.text == ("AddressLimitExceeded: too many addresses\n\non main.tf line 3\nlog: logs/vpc.log")
    (skipped,) = found["api"]
    assert (skipped.tag, skipped.get("message")) == ("skipped", 'skipped, because "vpc" failed')


@pytest.mark.parametrize(
    ("log", "name", "tag", "message"),
    [
        (INTERRUPTED, "vpc", "skipped", "cancelled: the run was stopped before this unit was done"),
        (KILLED, "vpc", "error", "the run ended in the middle of this unit"),
        (KILLED, "api", "skipped", "not started: the run ended before"),
    ],
)
def test_c6_junit_of_a_run_that_did_not_come_to_its_end(log, name, tag, message):
    made = report(*log)
    (child,) = cases(made)[name]
    assert (child.tag, child.get("message")) == (tag, message)
    (suite,) = ET.fromstring(junit_of(made))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(attribute) == str(len(list(suite.iter(kind))))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("\x1b[31mError\x1b[0m: no", "\\x1b[31mError\\x1b[0m: no"),
        ("a\x00b\x0bc", "a\\x00b"),
        ("half a character: \ud83d", "half a character: \\ud83d"),
        ("\ufffe and \U0001f4a5", "\\ufffe and \U0001f4a5"),
        ("]]> <b> & \"quotes\" 'too'", "]]> <b> & \"quotes\" 'too'"),
        ("tab\there", "tab\there"),
        ("", "no error was reported"),
    ],
)
def test_c4_nothing_that_an_error_holds_can_break_the_xml(error, message):
    end = events.UnitFinished(time=T + 9, unit="kms", status=Status.FAILED, error=error)
    text = junit_of(report(START, events.UnitStarted(time=T, unit="kms"), end))
    root = ET.fromstring(text.encode("utf-8"))
    (failure,) = root.iter("failure")
    assert failure.get("message") == message
    assert "\x1b" not in text
