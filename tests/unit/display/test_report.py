"""The report of a run as text (C4, C5, C8)."""

from datetime import UTC, datetime

import pytest

from orchestrator.display.report import render_report
from orchestrator.engine.report import Report, ResourceReport, Result, RetryReport, Totals, UnitCounts, UnitReport
from orchestrator.model.status import Changes, Status


def unit(name, status, **values):
    defaults = {
        "planned": None,
        "changes": Changes(),
        "seconds": 0.0,
        "error": "",
        "cause": "",
        "attempts": 1,
        "retries": (),
        "log": "",
        "resources": (),
    }
    return UnitReport(name=name, status=status, **(defaults | values))


def resource(address, seconds, *, failed=False):
    return ResourceReport(address=address, action="create", seconds=seconds, failed=failed)


DONE = Changes(add=3, change=2, destroy=1)


def report(*units, result=Result.FAILED, code=1, changes=DONE, **values):
    defaults = {
        "run": "20260131-081500-pr42-3f9a",
        "command": "up",
        "environment": "dev",
        "suffix": "pr42",
        "target": "aws",
        "interrupted": False,
        "started": datetime(2026, 1, 31, 8, 15, tzinfo=UTC),
        "finished": None,
        "seconds": 130.0,
        "totals": Totals(units=UnitCounts(**dict.fromkeys(Status, 0)), changes=changes),
    }
    return Report(result=result, exit_code=code, units=units, **(defaults | values))


FAILED = report(
    unit(
        "kms",
        Status.CHANGED,
        changes=Changes(add=3),
        seconds=15.5,
        attempts=2,
        retries=(RetryReport(attempt=2, wait=5.0, reason="Throttling"),),
        resources=(resource("aws_kms_key.b", 12.0), resource("aws_kms_key.a", 12.0), resource("aws_kms_alias.c", 0.2)),
    ),
    unit(
        "data/aurora",
        Status.FAILED,
        seconds=62.0,
        error="\x1b[31mError\x1b[0m: no capacity\n\n  on main.tf line 3",
        log="logs/data__aurora.log",
        resources=(resource("aws_rds_cluster.this", 60.0, failed=True), resource("aws_db_subnet_group.this", None)),
    ),
    unit("lambda", Status.SKIPPED, cause="data/aurora", attempts=0),
)


def test_c5_what_failed_why_and_what_waited_for_it(log):
    log.print(render_report(FAILED, folder="/runs/1"), soft_wrap=True)
    assert log.lines == [
        'up of "pr42", environment dev, on AWS',
        "run 20260131-081500-pr42-3f9a, 2026-01-31 08:15:00 UTC",
        "failed (exit code 1), 3 added, 2 changed, 1 destroyed in 2m10s",
        "",
        "UNIT         STATUS   CHANGES     TIME  NOTE",
        "kms          changed  +3 ~0 -0  15.5 s  2 attempts",
        "data/aurora  failed   +0 ~0 -0  62.0 s  \\x1b[31mError\\x1b[0m: no capacity",
        'lambda       skipped  +0 ~0 -0   0.0 s  because "data/aurora" failed',
        "",
        'Unit "data/aurora" failed:',
        "  \\x1b[31mError\\x1b[0m: no capacity",
        "  ",
        "    on main.tf line 3",
        "  failed: aws_rds_cluster.this (create)",
        "  log: /runs/1/logs/data__aurora.log",
        "",
        "The slowest resources:",
        "  60.0 s  data/aurora: aws_rds_cluster.this",
        "  12.0 s  kms: aws_kms_key.a",
        "  12.0 s  kms: aws_kms_key.b",
    ]


def test_c4_in_a_terminal_it_fits_80_columns(terminal):
    terminal.print(render_report(FAILED, folder="/runs/1"))
    assert max(len(line) for line in terminal.lines) <= 80
    assert "failed   +0 ~0 -0  62.0 s" in terminal.text


@pytest.mark.parametrize(
    ("result", "code", "text"),
    [
        (Result.SUCCEEDED, 0, "succeeded (exit code 0), 3 added"),
        (Result.INTERRUPTED, 130, "interrupted (exit code 130), 3 added"),
        (
            Result.UNFINISHED,
            None,
            "unfinished, 3 added, 2 changed, 1 destroyed in 2m10s: it was killed, or is still running",
        ),
    ],
)
def test_c6_how_it_ended(log, result, code, text):
    log.print(render_report(report(result=result, code=code), folder="/runs/1"), soft_wrap=True)
    assert log.lines[2].startswith(text)


def test_c8_what_no_terminal_can_show_does_not_break_the_report(log):
    broken = report(unit("kms", Status.FAILED, error="half a character: \ud83d"))
    log.print(render_report(broken, folder="/runs/1"), soft_wrap=True)
    assert "  half a character: \\ud83d" in log.lines
    log.text.encode("utf-8")
