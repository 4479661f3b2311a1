"""Tables at any width: aligned, folded, or a block of lines for each row (C4)."""

import io

import pytest
from rich.console import Console

from orchestrator.display.tables import Columns

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
