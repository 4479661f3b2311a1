"""Reads a file of any source: its rows, as trades or with the reason why they are none.

Memory is bounded, however large a file is: one row at a time comes in.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from market.sources.archives import PIECE, ArchiveError, DamagedError, members
from market.sources.choosing import Chooser, Table, UnknownSourceError, split
from market.sources.documents import MAX_VALUE, DamagedJsonError, DuplicateKey, Scanner, parse_value, rows_of
from market.sources.maps import FILE, KEY, METADATA, Layout, Source
from market.sources.results import SHOWN, BadRow, SkippedRow, Unreadable
from market.sources.rows import Mapper
from market.trades import InvalidTradeError, Trade

Row: TypeAlias = Trade | BadRow | SkippedRow
MAX_LINE = 64 * 1024
MAX_HELD = 20_000
"""Rows of a document that wait for what stands behind them."""
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_LINE_ENDINGS = (".jsonl", ".ndjson")
_BLANK = b" \t\r\n"


def read_rows(
    stream: io.BufferedReader,
    *,
    key: str,
    sources: Mapping[str, Source],
    latest: int,
    metadata: Mapping[str, str] | None = None,
    on_piece: Callable[[], None] = lambda: None,
) -> Iterator[Row]:
    """Yield the rows of an object.

    Args:
        stream: its contents.
        key: its name; the first folder below ``incoming/`` may name a map.
        sources: the maps.
        latest: the latest timestamp that is accepted, in nanoseconds.
        metadata: of the object; ``source`` names a map, and a map may take more from here, such as the symbol.
        on_piece: is called before each piece of 64 KiB that is read or unpacked.

    """
    metadata = metadata or {}
    try:
        chooser = Chooser.of(sources, key, metadata)
    except UnknownSourceError as error:
        yield BadRow(line=1, reason=str(error), text="")
        return
    file = _File(chooser=chooser, metadata=metadata, latest=latest)
    try:
        for number, member in enumerate(members(stream, key, on_piece=on_piece)):
            file.begin(member.name, prefix=f"{member.name}: " if number else "")
            yield from file.rows(member.stream)
    except DamagedError:
        yield BadRow(line=file.line + 1, reason=Unreadable.DAMAGED, text="", cut=True)
    except ArchiveError as error:
        yield BadRow(line=file.line + 1, reason=str(error), text="", cut=True)


@dataclass(slots=True, kw_only=True)
class _File:
    """Reads one file after the other, unpacked.

    Attributes:
        line: that was read last.

    """

    chooser: Chooser
    metadata: Mapping[str, str]
    latest: int
    line: int = 0
    _name: str = ""
    _prefix: str = ""
    _mappers: dict[int, tuple[Mapper, dict[str, Any]]] = field(default_factory=dict)

    def begin(self, name: str, *, prefix: str) -> None:
        """Go on to a file; ``prefix`` begins the reasons of its rows."""
        self.line, self._name, self._prefix = 0, name, prefix
        self._mappers.clear()

    def rows(self, stream: io.BufferedReader) -> Iterator[Row]:
        head = stream.peek(PIECE)[:PIECE].removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
        if not head.startswith((b"{", b"[")) and not self._name.lower().endswith(_JSON_ENDINGS):
            return self._delimited(stream)
        return self._json_lines(stream) if self._in_lines(head) else self._json(stream, head)

    def _in_lines(self, head: bytes) -> bool:
        """Tell JSON lines from a document that goes over several lines, or has one that is too long for a line."""
        first, newline, _ = head.partition(b"\n")
        if not newline:
            return len(head) < PIECE // 2
        return self._name.lower().endswith(_LINE_ENDINGS) or first.rstrip(_BLANK)[-1:] not in {b"{", b"[", b",", b":"}

    def _lines(self, stream: io.BufferedReader, limit: int, too_long: Unreadable) -> Iterator[str | Unreadable]:
        """Yield the lines that are not empty."""
        while line := stream.readline(limit + 1):
            self.line += 1
            if line == b"\n":
                continue
            whole = len(line) <= limit
            while not line.endswith(b"\n") and len(line) > limit:
                line = stream.readline(limit + 1)
            # Spreadsheets write a byte order mark.
            text = (
                line.decode("utf-8-sig" if self.line == 1 else "utf-8", errors="replace").strip("\r\n ")
                if whole
                else ""
            )
            if text.strip() or not whole:
                yield text if whole else too_long

    def _delimited(self, stream: io.BufferedReader) -> Iterator[Row]:
        table: Table | None = None
        problem = ""
        for line in self._lines(stream, MAX_LINE, Unreadable.TOO_LONG):
            if isinstance(line, Unreadable):
                yield self._bad(line, "")
                continue
            if problem:
                # Every line is kept, so nothing is lost.
                yield self._bad(problem, line)
                continue
            if table is None:
                found = self.chooser.table(line, lambda layout: self._mapper(layout)[1])
                if isinstance(found, str) or (twice := _repeated(found.columns)):
                    problem = "the header is unusable"
                    yield self._bad(found if isinstance(found, str) else f"the column {twice} is there twice", line)
                    continue
                table = found
                if table.has_header:
                    continue
            row = self._delimited_row(table, line)
            if row is None:
                problem = "stands below a second header, which differs from the first"
                row = self._bad("a second header, which differs from the first: send two files", line)
            yield row

    def _delimited_row(self, table: Table, line: str) -> Row | None:
        """Return a row, or None if it is another header."""
        cells = split(line, table.delimiter)
        if cells is None:
            return self._bad("its quotes do not match", line)
        for name, values in table.layout.ignore.items():
            if (place := table.columns.index(name)) < len(cells) and cells[place] in values:
                return SkippedRow(line=self.line)
        if len(cells) == len(table.columns):
            row = self._trade(table.layout, dict(zip(table.columns, cells, strict=True)), {}, line)
            if not isinstance(row, BadRow) or not table.has_header:
                return row
        else:
            row = self._bad(f"{len(cells)} cells under a header of {len(table.columns)}", line)
        names = tuple(cell.strip().casefold() for cell in cells)
        if table.has_header and table.layout.needed <= set(names):
            return SkippedRow(line=self.line) if names == table.columns else None
        return row

    def _json_lines(self, stream: io.BufferedReader) -> Iterator[Row]:
        for line in self._lines(stream, MAX_VALUE, Unreadable.TOO_LONG_JSON):
            if isinstance(line, Unreadable):
                yield self._bad(line, "")
                continue
            try:
                value = parse_value(line)
            except DamagedJsonError:
                yield self._bad("neither JSON nor a row below a header", line)
                continue
            if self.chooser.ignores(value):
                yield SkippedRow(line=self.line)
                continue
            if isinstance(value, DuplicateKey):
                yield self._bad(f"the key {value.name[:40]} is there twice", line)
                continue
            layout = self.chooser.document(value, (mapper.layout for mapper, _ in self._mappers.values()))
            if layout is None:
                yield self._bad(self._unknown(value), line)
                continue
            document: dict[str, Any] = {}
            # All of them first: what stands behind the rows belongs to them, too.
            for row, key in [(row, document.get(KEY)) for row in rows_of(value, layout.records, document)]:
                yield self._trade(layout, row, document | {KEY: key} if key else document, "")

    def _json(self, stream: io.BufferedReader, head: bytes) -> Iterator[Row]:
        """Read a document that may be longer than memory, or several in a row."""
        layout = self._recognised(head)
        if isinstance(layout, str):
            self.line = 1
            yield self._bad(layout, head[: 4 * SHOWN].decode("utf-8", "replace"))
            return
        scanner = Scanner(stream.read)
        try:
            while not scanner.at_end():
                yield from self._document(scanner, layout)
        except DamagedJsonError as error:
            self.line = scanner.line
            yield self._bad(str(error), "", cut=True)

    def _document(self, scanner: Scanner, layout: Layout) -> Iterator[Row]:
        document: dict[str, Any] = {}
        held: list[tuple[Any, Any]] = []
        for row in scanner.rows(layout.records, document):
            self.line = scanner.line
            if not layout.held:
                yield self._trade(layout, row, document, "")
            elif len(held) < MAX_HELD:
                held.append((row, document.get(KEY)))
            else:
                yield self._bad(f"stands behind {MAX_HELD} rows of a document that names their symbol at its end", "")
        for row, key in held:
            yield self._trade(layout, row, document | {KEY: key} if key else document, "")

    def _recognised(self, head: bytes) -> Layout | str:
        """Choose a layout by the beginning of a document."""
        first: Any = None
        fitting: list[tuple[tuple[int, int], Layout]] = []
        for layout in self.chooser.documents():
            try:
                row = next(Scanner(io.BytesIO(head).read).rows(layout.records, {}), None)
            except DamagedJsonError:
                row = None
            if row is not None and self.chooser.fits_row(layout, row):
                fitting.append((layout.likeness(row), layout))
            first = row if first is None else first
        if not fitting:
            return self._unknown(first)
        return max(fitting, key=lambda item: item[0])[1]

    def _unknown(self, value: Any) -> str:
        row = value
        while not isinstance(row, dict) or not any(isinstance(item, str | int) for item in row.values()):
            inner = (
                next(iter(row.values() if isinstance(row, dict) else row), None)
                if isinstance(row, dict | list)
                else None
            )
            if inner is None:
                return "not an object with the fields of a trade"
            row = inner
        return f"the row {self.chooser.refusal([str(name) for name in row])}"

    def _mapper(self, layout: Layout) -> tuple[Mapper, dict[str, Any]]:
        """Return the mapper of a layout in this file, and what the file's name and the metadata say for it."""
        known = self._mappers.get(id(layout))
        if known is None:
            context = {METADATA + name.lower(): value for name, value in self.metadata.items()}
            if layout.file is not None and (found := layout.file.search(self._name)):
                context |= {FILE + name: value for name, value in found.groupdict().items() if value}
            known = self._mappers[id(layout)] = Mapper(layout=layout), context
        return known

    def _trade(self, layout: Layout, row: Any, document: Mapping[str, Any], text: str) -> Row:
        mapper, context = self._mapper(layout)
        if isinstance(row, list) and layout.columns:
            if len(row) != len(layout.columns):
                return self._bad(f"{len(row)} values instead of {len(layout.columns)}", text or _text(row))
            row = dict(zip(layout.columns, row, strict=True))
        if isinstance(row, DuplicateKey):
            return self._bad(f"the key {row.name[:40]} is there twice", text)
        if not isinstance(row, dict):
            return self._bad("not an object with the fields of a trade", text or _text(row))
        try:
            trade = mapper.trade(row, context | document if document else context, line=self.line, latest=self.latest)
        except InvalidTradeError as error:
            return self._bad(str(error), text or _text(row))
        return SkippedRow(line=self.line) if trade is None else trade

    def _bad(self, reason: str, text: str, *, cut: bool = False) -> BadRow:
        return BadRow(line=self.line, reason=self._prefix + reason, text=text[:SHOWN], cut=cut)


def _text(row: Any) -> str:
    return json.dumps(row, default=str)[:SHOWN]


def _repeated(names: tuple[str, ...]) -> str:
    return next((name for number, name in enumerate(names) if name in names[:number]), "")
