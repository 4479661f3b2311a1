"""What runs leave on disk, and the lock that keeps two of them apart (C4, C5)."""

import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from orchestrator.adapters.runs import ProjectJournal, RunFolder, find_runs
from orchestrator.engine.events import RunFinished, RunStarted, UnitFinished, UnitStarted
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.status import Changes, Status
from tests.fakes.errors import error_of


def test_c4_events_are_appended_one_per_line_at_once(tmp_path):
    run = ProjectJournal(home=tmp_path).new_run(suffix="pr42")
    file = run.folder / "events.jsonl"
    run.append(UnitStarted(time=1.0, unit="vpc"))
    assert file.read_text() == '{"type":"unit_started","time":1.0,"unit":"vpc"}\n'
    run.append(UnitFinished(time=2.0, unit="vpc", status=Status.FAILED, changes=Changes(add=1), error="a\nb"))
    lines = file.read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["error"] == "a\nb"


def test_run_folders_are_named_by_time_and_suffix_and_are_never_the_same(tmp_path):
    runs = [ProjectJournal(home=tmp_path).new_run(suffix="pr42") for _ in range(3)]
    assert all(re.fullmatch(r"\d{8}-\d{6}-pr42-[0-9a-f]{4}", run.id) for run in runs)
    assert len({run.folder for run in runs}) == 3
    assert runs[0].logs.is_dir()
    assert stat.S_IMODE(runs[0].logs.stat().st_mode) == 0o700


def started(run, *units):
    return RunStarted(time=1.0, run=run.id, command="up", environment="dev", suffix="pr42", target="local", units=units)


@pytest.mark.parametrize(("code", "result"), [(0, "succeeded"), (1, "failed"), (130, "interrupted")])
def test_c4_the_last_event_leaves_a_report_and_junit_that_only_their_owner_can_read(tmp_path, code, result):
    run = ProjectJournal(home=tmp_path).new_run(suffix="pr42")
    run.append(started(run, "vpc"))
    run.append(UnitFinished(time=2.0, unit="vpc", status=Status.FAILED, error="\x1b[31mno", log=f"{run.logs}/vpc.log"))
    assert not run.report_file.exists(), "a run that goes on has not ended"
    run.append(RunFinished(time=3.0, exit_code=code, seconds=2.0, changes=Changes(add=1)))
    document = json.loads(run.report_file.read_text())
    assert (document["result"], document["exit_code"]) == (result, code)
    assert [(unit["name"], unit["log"]) for unit in document["units"]] == [("vpc", "logs/vpc.log")]
    assert (run.folder / "logs/vpc.log").parent == run.logs
    (case,) = ET.parse(run.folder / "junit.xml").iter("testcase")
    assert case.get("name") == "vpc"
    for file in (run.report_file, run.folder / "junit.xml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run.report().to_json() == document


def test_c5_a_run_that_was_killed_has_no_file_but_a_report(tmp_path):
    run = ProjectJournal(home=tmp_path).new_run(suffix="pr42")
    assert run.report() is None
    run.append(started(run, "vpc"))
    run.append(UnitStarted(time=2.0, unit="vpc"))
    with (run.folder / "events.jsonl").open("ab") as stream:
        stream.write(b'{"type": "unit_finished", "time": 3.0, "unit": "v\xc3')
    report = run.report()
    assert (report.result, report.exit_code) == ("unfinished", None)
    assert [(unit.name, unit.status) for unit in report.units] == [("vpc", Status.RUNNING)]
    assert not run.report_file.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_c4_a_full_disk_is_reported_before_or_after_the_work_and_never_within(tmp_path):
    run = ProjectJournal(home=tmp_path).new_run("pr42")
    (run.folder / "events.jsonl").symlink_to("/dev/full")
    run.append(UnitStarted(time=2.0, unit="vpc"))
    for event in (started(run, "vpc"), RunFinished(time=3.0, exit_code=0, seconds=2.0, changes=Changes())):
        error = error_of(lambda event=event: run.append(event))
        assert (error.summary, error.detail) == (
            "The run cannot be recorded",
            f"{run.folder / 'events.jsonl'}: No space left on device.",
        )


def runs(home, *identities):
    for identity in identities:
        folder = home / "runs" / identity
        folder.mkdir(parents=True)
        RunFolder(id=identity, folder=folder).append(UnitStarted(time=1.0, unit="vpc"))


FIRST, SECOND, OTHER = "20260131-081500-pr42-3f9a", "20260131-091500-pr42-0000", "20260201-081500-x-pr42-ffff"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [FIRST, SECOND, OTHER]),
        ({"suffix": "pr42"}, [FIRST, SECOND]),
        ({"suffix": "x-pr42"}, [OTHER]),
        ({"suffix": "pr4"}, []),
        ({"identity": "20260131"}, [FIRST, SECOND]),
        ({"identity": SECOND}, [SECOND]),
        ({"identity": "2026", "suffix": "x-pr42"}, [OTHER]),
    ],
)
def test_runs_are_found_by_suffix_and_by_how_their_id_begins(tmp_path, asked, expected):
    runs(tmp_path, OTHER, SECOND, FIRST)
    (tmp_path / "runs/20260131-101500-pr42-1234/logs").mkdir(parents=True)
    assert [run.id for run in find_runs(tmp_path, **asked)] == expected


def test_no_runs(tmp_path):
    assert find_runs(tmp_path) == ()


HOLD = """
import pathlib, sys
from orchestrator.adapters.runs import ProjectJournal
with ProjectJournal(home=pathlib.Path(sys.argv[1])).exclusive( target="local", suffix="pr42"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_deployment_that_another_process_works_on_is_refused_and_its_process_named(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(UsageError) as caught,
            ProjectJournal(home=tmp_path).exclusive(target="local", suffix="pr42"),
        ):
            pytest.fail("two processes hold one deployment")
        error = caught.value
        assert (error.summary, error.detail, error.hint) == (
            "Another run works on this deployment",
            f'Process {holder.pid} holds "pr42" on target local.',
            "Wait for it to end, or press Ctrl-C there.",
        )
        assert error.exit_code is ExitCode.BAD_INPUT
        # Others are none of its business.
        with (
            ProjectJournal(home=tmp_path).exclusive(target="local", suffix="pr43"),
            ProjectJournal(home=tmp_path).exclusive(target="aws", suffix="pr42"),
        ):
            pass
        holder.kill()
    # The kernel frees the lock of a process that was killed.
    with ProjectJournal(home=tmp_path).exclusive(target="local", suffix="pr42"):
        assert (tmp_path / "locks/local-pr42.lock").read_text() == str(os.getpid())


def test_the_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(KeyError), ProjectJournal(home=tmp_path).exclusive(target="local", suffix="pr42"):
        raise KeyError
    with ProjectJournal(home=tmp_path).exclusive(target="local", suffix="pr42"):
        pass


def test_durations_are_kept_by_command_and_environment(tmp_path):
    ProjectJournal(home=tmp_path).record_durations(command="up", environment="dev", seconds={"vpc": 3.5, "kms": 1.0})
    ProjectJournal(home=tmp_path).record_durations(command="up", environment="dev", seconds={"vpc": 4.5})
    ProjectJournal(home=tmp_path).record_durations(command="destroy", environment="dev", seconds={"vpc": 9.0})
    assert ProjectJournal(home=tmp_path).durations(command="up", environment="dev") == {"vpc": 4.5, "kms": 1.0}
    assert ProjectJournal(home=tmp_path).durations(command="up", environment="prod") == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '"up dev"',
        '{"up dev": 3}',
        '{"up dev": ["vpc"]}',
        '{"up dev": {"vpc": "long"}}',
        '{"up dev": {"vpc": null}}',
        "\xff",
    ],
)
def test_a_broken_record_costs_an_estimate_and_not_the_run(tmp_path, text):
    (tmp_path / "durations.json").write_text(text, encoding="latin-1")
    assert ProjectJournal(home=tmp_path).durations(command="up", environment="dev") == {}
    ProjectJournal(home=tmp_path).record_durations(command="up", environment="dev", seconds={"vpc": 2.0})
    assert ProjectJournal(home=tmp_path).durations(command="up", environment="dev") == {"vpc": 2.0}


def test_b15_one_at_a_time_holds_the_register(tmp_path):
    order = []

    def other():
        with ProjectJournal(home=tmp_path).register_held(target="local"):
            order.append("other")

    with ProjectJournal(home=tmp_path).register_held(target="local"):
        waiting = threading.Thread(target=other)
        waiting.start()
        time.sleep(0.2)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "other"]
