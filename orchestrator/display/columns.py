"""Columns of text: aligned in a terminal and in a file alike, so that both people and ``cut`` find their way."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

GAP = 2


def columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), terminal: bool
) -> RenderableType:
    """A table without lines.

    In a terminal the last column is folded so that it fits, and the others where that is not enough; elsewhere every row is
    one line, however long.

    Args:
        headings: of the columns.
        rows: the texts of the cells.
        right: headings of columns that stand to the right, as numbers do.
        terminal: whether it is for a terminal.

    """
    if terminal:
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(
                heading,
                justify="right" if heading in right else "left",
                overflow="fold",
                no_wrap=heading != headings[-1],
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        return table
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    lines = []
    for row in [headings, *rows]:
        cells = [
            f"{cell:>{width}}" if heading in right else f"{cell:<{width}}"
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ]
        lines.append((" " * GAP).join(cells).rstrip())
    return Text("\n".join(lines))
