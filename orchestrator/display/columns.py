"""Tables without lines: aligned in a terminal and in a file alike, so that people and ``cut`` can read them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

_GAP = 2
_NARROWEST_LAST = 8
"""Cells that the last column needs at least; without them the rows become blocks of lines."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table.

    In a terminal the last column is folded to fit; where that is not enough, each row becomes a block of lines. Elsewhere
    every row is one line, however long. ``right`` names the right-aligned columns.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Render the table for a console."""
        widths = [max(map(cell_len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        others = sum(widths[:-1]) + _GAP * (len(widths) - 1)
        if not console.is_terminal or others + widths[-1] <= options.max_width:
            head, *lines = (self._line(row, widths) for row in [self.headings, *self.rows])
            yield Text("\n").join([Text(head, style="bold"), *map(Text, lines)])
        elif others + min(widths[-1], _NARROWEST_LAST) <= options.max_width:
            yield self._folded()
        else:
            yield Text("\n".join(self._blocks()))

    def _line(self, row: Iterable[str], widths: Sequence[int]) -> str:
        cells = []
        for heading, cell, width in zip(self.headings, row, widths, strict=True):
            filler = " " * (width - cell_len(cell))
            cells.append(filler + cell if heading in self.right else cell + filler)
        return (" " * _GAP).join(cells).rstrip()

    def _folded(self) -> Table:
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
        for heading in self.headings:
            justify = "right" if heading in self.right else "left"
            table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading != self.headings[-1])  # type: ignore[arg-type]
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def _blocks(self) -> Iterator[str]:
        for first, *rest in self.rows:
            yield first
            yield from (f"  {heading}: {cell}" for heading, cell in zip(self.headings[1:], rest, strict=True) if cell)
