"""``platformctl report``: of the last run, of one that is named, of one that was killed (C4, C5)."""

import json
from xml.etree import ElementTree as ET

import pytest

from orchestrator.adapters.runs import RunFolder
from orchestrator.engine.events import RunFinished, RunStarted, UnitFinished, UnitStarted
from orchestrator.model.status import Changes, Status

T = 1_769_847_300.0


@pytest.fixture
def leave(platformctl):
    """Leaves a run in the project's folder."""

    def make(identity, suffix, *, ended=True):
        folder = platformctl.tree.root / ".platformctl/runs" / identity
        folder.mkdir(parents=True)
        run = RunFolder(id=identity, folder=folder)
        run.append(
            RunStarted(
                time=T, run=identity, command="up", environment="dev", suffix=suffix, target="local", units=("kms",)
            )
        )
        run.append(UnitStarted(time=T + 1, unit="kms"))
        if ended:
            run.append(UnitFinished(time=T + 2, unit="kms", status=Status.UNCHANGED, seconds=1.0))
            run.append(RunFinished(time=T + 3, exit_code=0, seconds=3.0, changes=Changes()))
        return run

    return make


FIRST, SECOND, OTHER = "20260131-081500-pr42-3f9a", "20260131-091500-pr42-0000", "20260201-081500-pr43-ffff"


@pytest.fixture
def runs(leave):
    return [leave(FIRST, "pr42"), leave(SECOND, "pr42", ended=False), leave(OTHER, "pr43")]


def reported(result):
    assert result.code == 0, result.err
    return json.loads(result.out)["run"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), OTHER),
        (("--suffix", "pr42"), SECOND),
        ((FIRST,), FIRST),
        (("20260131-08",), FIRST),
        ((FIRST, "--suffix", "pr42"), FIRST),
    ],
)
def test_c4_which_run_is_meant(platformctl, runs, arguments, expected):
    assert reported(platformctl("report", *arguments, "--json")) == expected


def test_c4_json_is_what_the_run_left_behind(platformctl, runs):
    assert json.loads(platformctl("report", FIRST, "--json").out) == json.loads(runs[0].report_file.read_text())


def test_c4_junit_is_what_the_run_left_behind(platformctl, runs):
    text = platformctl("report", FIRST, "--junit").out
    assert text == (runs[0].folder / "junit.xml").read_text()
    assert ET.fromstring(text.encode()).tag == "testsuites"


def test_c5_a_run_that_was_killed_is_reported(platformctl, runs):
    document = json.loads(platformctl("report", SECOND, "--json").out)
    assert (document["result"], document["units"][0]["status"]) == ("unfinished", "running")
    assert "unfinished, 0 added, 0 changed, 0 destroyed in 1.0 s: it was killed" in platformctl("report", SECOND).out


def test_c4_people_get_a_table(platformctl, runs):
    assert platformctl("report", FIRST).out == (
        'up of "pr42", environment dev, on the local cloud\n'
        f"run {FIRST}, 2026-01-31 08:15:00 UTC\n"
        "succeeded (exit code 0), 0 added, 0 changed, 0 destroyed in 3.0 s\n"
        "\n"
        "UNIT  STATUS     CHANGES    TIME  NOTE\n"
        "kms   unchanged  +0 ~0 -0  1.0 s\n"
    )


def test_a_run_without_a_whole_event_has_nothing_to_say(platformctl, runs):
    folder = platformctl.tree.root / ".platformctl/runs/20260301-081500-pr42-aaaa"
    folder.mkdir()
    (folder / "events.jsonl").write_text('{"type": "run_sta')
    assert reported(platformctl("report", "--json")) == OTHER


@pytest.mark.parametrize(
    ("arguments", "summary", "detail", "hint"),
    [
        (("2025",), "No such run", 'holds no run that begins with "2025".', f"The last run here is {OTHER}."),
        (("--suffix", "pr44"), "No such run", 'holds no run on "pr44".', f"The last run here is {OTHER}."),
        (
            ("2026", "--suffix", "pr44"),
            "No such run",
            'holds no run that begins with "2026" on "pr44".',
            f"The last run here is {OTHER}.",
        ),
        (
            ("2026",),
            "Several runs begin like that",
            f'3 runs begin with "2026": {SECOND}, {OTHER}, ...',
            "Give more of the id.",
        ),
        (("--suffix", "PR42"), "Malformed suffix", "--suffix 'PR42'", "Try --suffix pr42"),
        (("--json", "--junit"), "Two formats at once", "--json and --junit exclude each other.", ""),
    ],
)
def test_c7_what_cannot_be_reported(platformctl, runs, arguments, summary, detail, hint):
    result = platformctl("report", *arguments)
    assert (result.code, result.out) == (2, "")
    text = " ".join(result.err.split())
    assert text.startswith(f"error: {summary} ")
    assert detail in text
    assert hint in text


def test_c7_no_run_at_all(platformctl):
    result = platformctl("report")
    assert (result.code, result.err) == (
        2,
        "error: No such run\n.platformctl/runs holds no run.\nfix: up and destroy record their runs.\n",
    )
