"""Tables at any width: aligned, folded, or a block of lines for each row (C4).

Deployments as a table that fits a terminal of 80 columns, and one line each in a file (C4).
"""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from orchestrator.display.tables import Columns, render_environments, span, time_to_live
from orchestrator.engine.environments import Environment, LastRun

TABLE = Columns(
    ("UNIT", "SIZE", "NOTE"), [("kms", "7", "a note of several words"), ("数据", "12", "")], right=("SIZE",)
)
ALIGNED = ["UNIT  SIZE  NOTE", "kms      7  a note of several words", "数据    12"]


def rendered(width, *, terminal=True):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, _environ={})
    console.print(TABLE, soft_wrap=True)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (1000, ALIGNED),
        (35, ALIGNED),
        (34, ["UNIT  SIZE  NOTE", "kms      7  a note of several", "            words", "数据    12"]),
        (20, ["UNIT  SIZE  NOTE", "kms      7  a note", "            of", "            several", "            words", "数据    12"]),
        (19, ["kms", "  SIZE: 7", "  NOTE: a note of several words", "数据", "  SIZE: 12"]),
        (1, ["kms", "  SIZE: 7", "  NOTE: a note of several words", "数据", "  SIZE: 12"]),
    ],
)  # fmt: skip
def test_c4_a_table_fits_its_terminal(width, lines):
    assert rendered(width) == lines


@pytest.mark.parametrize("width", [1, 20, 1000])
def test_c4_in_a_file_every_row_is_one_line(width):
    assert rendered(width, terminal=False) == ALIGNED


NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86399, "23h"),
        (86400, "1d"),
        (86400 * 400, "400d"),
    ],
)
def test_lengths_of_time(seconds, text):
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("expires", "text"),
    [
        (None, "none"),
        (NOW + timedelta(hours=3), "3h"),
        (NOW, "expired 0s ago"),
        (NOW - timedelta(hours=2), "expired 2h ago"),
    ],
)
def test_times_to_live(expires, text):
    assert time_to_live(expires, NOW) == text


LONG = Environment(
    suffix="a-suffix-of-20-chars",
    environment="production",
    target="aws",
    created=NOW - timedelta(days=1000),
    expires=NOW - timedelta(minutes=59),
    last_run=LastRun(id="r", command="destroy", finished="2026-01-01T12:00:00+00:00", exit_code=130),
    resources={"kms": 12, "old [unit]": 385},
    orphans=("old [unit]",),
)


def test_c4_the_widest_deployment_fits_80_columns(terminal):
    terminal.print(render_environments([LONG], NOW))
    assert max(len(line) for line in terminal.lines) <= 80
    assert [line.rstrip() for line in terminal.lines] == [
        "SUFFIX                ENV         AGE    RESOURCES  TIME TO LIVE     LAST RUN",
        "a-suffix-of-20-chars  production  1000d        397  expired 59m ago  destroy",
        "                                                                     interrupted",
        "                                                                     , 30d ago",
        "",
        "a-suffix-of-20-chars: old [unit] is not in live/production, but has a state with",
        "385 resources.",
    ]


def test_c4_in_a_file_every_deployment_is_one_line(log):
    log.print(render_environments([LONG], NOW), soft_wrap=True)
    assert log.lines == [
        "SUFFIX                ENV         AGE    RESOURCES  TIME TO LIVE     LAST RUN",
        "a-suffix-of-20-chars  production  1000d        397  expired 59m ago  destroy interrupted, 30d ago",
        "",
        "a-suffix-of-20-chars: old [unit] is not in live/production, but has a state with 385 resources.",
    ]
