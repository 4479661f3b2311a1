"""Which map a file needs: named by its key or metadata, or recognised by its columns. A refusal says what would help."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from market.sources.documents import arrives, rows_of
from market.sources.maps import DELIMITERS, Format, Header, Layout, Source, columns_of
from market.sources.numbers import parse_decimal
from market.sources.rows import Mapper
from market.trades import FIELDS, InvalidTradeError

INCOMING = "incoming/"
SOURCE = "source"
"""The name of the metadata that names a map."""
_DOCUMENTATION = "docs/market-data-sources.md"
_SHOWN_COLUMNS = 300
_NO_ROW: tuple[()] = ()
"""No value of JSON."""
_LIKELY = 0.75
"""The share of a map's columns that a file must have to be called like it."""


class UnknownSourceError(ValueError):
    """The metadata name a map that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How a delimited file is read.

    Attributes:
        columns: the names of its cells.
        has_header: its first line is no row.

    """

    source: Source
    layout: Layout
    delimiter: str
    columns: tuple[str, ...]
    has_header: bool

    @property
    def likeness(self) -> tuple[int, int]:
        """How well the columns fit the layout."""
        return self.layout.likeness(self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """Chooses among maps for one file.

    Args:
        sources: all maps.
        named: the one that the key or the metadata name; None to recognise the file.

    """

    sources: Mapping[str, Source]
    named: Source | None

    @classmethod
    def of(cls, sources: Mapping[str, Source], key: str, metadata: Mapping[str, str]) -> "Chooser":
        """Find the map that an object names: in its metadata, or with the first folder of its key.

        Raises:
            UnknownSourceError: the metadata name none that exists.

        """
        name = metadata.get(SOURCE)
        if name is None:
            return cls(sources=sources, named=sources.get(key.partition("/")[2].partition("/")[0]))
        if name in sources:
            return cls(sources=sources, named=sources[name])
        close = get_close_matches(name, sources, n=1)
        raise UnknownSourceError(
            f"there is no source map {name[:40]!r}{f'; did you mean {close[0]}?' if close else ''} "
            f"The maps are {', '.join(sorted(sources))}"
        )

    def table(self, line: str, context: Callable[[Layout], Mapping[str, Any]]) -> Table | str:
        """Choose for a delimited file by its first line; returns why not if there is none."""
        headed = [table for table in self._headed(line) if self.named is not None or table.layout.recognise]
        if headed:
            most = max(table.likeness for table in headed)
            best = [table for table in headed if table.likeness == most]
            names = {table.source.name for table in best}
            if len(names) == 1:
                return best[0]
            return (
                f"the columns are those of {' and of '.join(sorted(names))}: upload the file below {INCOMING}{min(names)}/, "
                f"or with the metadata {SOURCE}={min(names)}"
            )
        bare = list(self._bare(line, (self.named,) if self.named else tuple(self.sources.values()), context))
        if bare and self.named is not None:
            return bare[0]
        return self._refusal(line, bare)

    def document(self, value: Any, known: Iterable[Layout]) -> Layout | None:
        """Choose for a JSON document; ``known`` are layouts that the file has had before."""
        for layout in known:
            if self._fits(layout, value):
                return layout
        fitting = [layout for layout in self.documents() if self._fits(layout, value)]
        return max(fitting, key=lambda layout: self.likeness(layout, value), default=None)

    @staticmethod
    def likeness(layout: Layout, value: Any) -> tuple[int, int]:
        """Return how well the first row of a document fits a layout."""
        return layout.likeness(next(rows_of(value, layout.records, {}), _NO_ROW))

    def ignores(self, value: Any) -> bool:
        """Tell whether the named source's maps say that a document has no trades, such as a heartbeat."""
        if self.named is None or not isinstance(value, dict):
            return False
        return any(
            str(value.get(name)) in values for layout in self.named.layouts for name, values in layout.ignore.items()
        )

    def documents(self) -> Iterator[Layout]:
        """Yield the layouts that a JSON document may have."""
        for source in (self.named,) if self.named else self.sources.values():
            for layout in source.layouts:
                if layout.format is Format.JSON and (self.named or layout.recognise):
                    yield layout

    def refusal(self, names: Sequence[str]) -> str:
        """Say what rows with these names lack, which of them it could be, and which map is likely."""
        folded = [name.casefold() for name in names]
        lacking = [name for name in FIELDS if name not in folded]
        text = f"lacks {', '.join(lacking)}" if lacking else "is none that a map has"
        known = self._aliases()
        guesses = [
            f"{name} may be {found}"
            for name in lacking
            if (found := next((item for item in names if name in known.get(item.casefold(), ())), None)) is not None
        ]
        parts = [text, f"it has {', '.join(names)[:_SHOWN_COLUMNS]}"]
        if guesses:
            parts.append(", ".join(guesses))
        if self.named is not None:
            missing = min((sorted(layout.needed - set(folded) - set(names)) for layout in self.named.layouts), key=len)
            parts.append(
                f"the map {self.named.name} needs {', '.join(missing)} too"
                if missing
                else f"the map is {self.named.name}"
            )
        elif likely := self._likely(set(folded) | set(names)):
            parts.append(_how_to_name(likely))
        parts.append(f"{_DOCUMENTATION} says how to write a map")
        return "; ".join(parts)

    def _headed(self, line: str) -> Iterator[Table]:
        for source in (self.named,) if self.named else self.sources.values():
            for layout in source.layouts:
                if layout.format is not Format.DELIMITED or layout.header is Header.NONE:
                    continue
                delimiter = layout.delimiter or best_delimiter(line)
                cells = split(line, delimiter) or []
                columns = tuple(cell.strip().casefold() for cell in cells)
                wanted = layout.needed if self.named else layout.needed | set(layout.columns)
                if wanted <= set(columns):
                    yield Table(source=source, layout=layout, delimiter=delimiter, columns=columns, has_header=True)

    def _bare(
        self, line: str, sources: Sequence[Source], context: Callable[[Layout], Mapping[str, Any]]
    ) -> Iterator[Table]:
        """Yield the layouts without a header that the first line is a row of."""
        for source in sources:
            for layout in source.layouts:
                if layout.format is not Format.DELIMITED or layout.header is Header.REQUIRED:
                    continue
                delimiter = layout.delimiter or best_delimiter(line)
                cells = split(line, delimiter) or []
                if len(cells) != len(layout.columns):
                    continue
                table = Table(
                    source=source, layout=layout, delimiter=delimiter, columns=layout.columns, has_header=False
                )
                try:
                    Mapper(layout=layout).trade(
                        dict(zip(layout.columns, cells, strict=True)), context(layout), line=1, latest=2**63
                    )
                except InvalidTradeError:
                    continue
                yield table

    def _fits(self, layout: Layout, value: Any) -> bool:
        if not arrives(value, layout.records):
            return False
        row = next(rows_of(value, layout.records, {}), _NO_ROW)
        return row is _NO_ROW or self.fits_row(layout, row)

    def fits_row(self, layout: Layout, row: Any) -> bool:
        """Tell whether a row has the keys, or the length, that a layout has."""
        if isinstance(row, list):
            return bool(layout.columns) and len(row) == len(layout.columns)
        wanted = layout.needed if self.named else layout.needed | set(layout.columns)
        return isinstance(row, dict) and wanted <= row.keys()

    def _refusal(self, line: str, bare: Sequence[Table]) -> str:
        cells = [cell.strip() for cell in split(line, best_delimiter(line)) or [line]]
        if not any(parse_decimal(cell) is not None for cell in cells):
            return f"the header {self.refusal(cells)}"
        text = f"the header lacks {', '.join(FIELDS)}: the first line is a row of {len(cells)} cells, not the names of columns"
        if bare:
            return f"{text}; {_how_to_name([table.source.name for table in bare])}"
        if self.named is not None:
            shapes = [f"{layout.name}: {', '.join(layout.columns)}" for layout in self.named.layouts if layout.columns]
            return f"{text}; it is no row of the map {self.named.name} ({'; '.join(shapes)[:_SHOWN_COLUMNS]})"
        return f"{text}; {_DOCUMENTATION} says how to write a map for files without a header"

    def _aliases(self) -> dict[str, set[str]]:
        """Return the fields that each column is in any of the maps."""
        found: dict[str, set[str]] = {}
        for source in self.sources.values():
            for field, column in columns_of(source):
                found.setdefault(column.casefold(), set()).add(field)
        return found

    def _likely(self, names: set[str]) -> list[str]:
        """Return the sources that are most like a file, the best first."""
        shares = {}
        for source in self.sources.values():
            for layout in source.layouts:
                columns = set(layout.columns) | layout.needed
                if layout.needed <= names or len(columns & names) >= _LIKELY * len(columns):
                    shares[source.name] = max(shares.get(source.name, 0.0), len(columns & names) / len(columns))
        return sorted(shares, key=lambda name: (-shares[name], name))


def _how_to_name(names: Sequence[str]) -> str:
    ordered = list(dict.fromkeys(names))
    others = f" (or {', '.join(ordered[1:3])})" if len(ordered) > 1 else ""
    return (
        f"the likely map is {ordered[0]}{others}: upload the file below {INCOMING}{ordered[0]}/, "
        f"or with the metadata {SOURCE}={ordered[0]}"
    )


def best_delimiter(line: str) -> str:
    """Return the delimiter that makes the most cells of a line."""
    return max(DELIMITERS, key=lambda delimiter: len(split(line, delimiter) or ()))


def split(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line; None if its quotes do not match."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], strict=True, delimiter=delimiter), [])
    except csv.Error:
        return None
