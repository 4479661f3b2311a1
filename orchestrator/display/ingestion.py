"""What would become of a file of market data, as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.display.tables import Columns

_FIELDS = ("symbol", "timestamp", "price", "size", "venue", "trade_id", "action")
_RIGHT = ("price", "size")


def render_preview(
    *,
    counts: Mapping[str, int],
    symbols: Mapping[str, int],
    first: Sequence[Mapping[str, Any]],
    bad: Sequence[tuple[int, str]],
    refused: bool,
) -> RenderableType:
    """Render a preview.

    Args:
        counts: of rows, by what becomes of them.
        symbols: trades of each.
        first: the first trades.
        bad: line and reason of the first rows that are rejected.
        refused: the file would end in the dead-letter queue.

    """
    parts: list[RenderableType] = [Text(", ".join(f"{count:,} {name}" for name, count in counts.items()), style="bold")]
    if symbols:
        parts.append(Text("  ".join(f"{symbol} {count:,}" for symbol, count in symbols.items())))
    if first:
        rows = [tuple(str(trade.get(name, "")) for name in _FIELDS) for trade in first]
        parts += [Text(""), Columns(_FIELDS, rows, right=_RIGHT)]
    if bad:
        parts += [Text(""), *(Text.assemble((f"line {line}: ", "bold red"), reason) for line, reason in bad)]
    if refused:
        parts += [Text(""), Text("The file would be refused, and end in the dead-letter queue.", style="bold red")]
    return Group(*parts)
