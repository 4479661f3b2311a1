"""Read rows from a stream, normalise trades, and keep bad rows with the reason.

Nothing here knows AWS. Memory is bounded, however large an object is: one line at a time comes in, and partitions go out
when what is gathered gets too much. The same object always gives the same files, so doing it again overwrites.
"""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from market.trades import FIELDS, InvalidTradeError, Trade, parse_trade

INCOMING = "incoming/"
QUARANTINE = "quarantine/"
TRADES = "trades/"
MAX_LINE = 64 * 1024
MAX_GATHERED = 32 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_SHOWN = 1000
_JSON = json.JSONDecoder(parse_float=Decimal)


class Unreadable(StrEnum):
    """Why a line has no text."""

    TOO_LONG = "longer than 64 KiB: too long to be a row"
    DAMAGED = "the compressed data end or are damaged here; what follows is not known"


Store = Callable[[str, bytes], None]
"""Write an object: its key and its contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that is not a trade.

    Attributes:
        line: from 1; the position in a request.
        text: the row as it came, cut where it is very long.

    """

    line: int
    reason: str
    text: str

    def to_json(self) -> str:
        # Not as ASCII: escaped binary data would be six times as long.
        document = {"line": self.line, "reason": self.reason, "text": self.text}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True, kw_only=True)
class Counts:
    """The numbers of accepted and rejected rows.

    Attributes:
        first_bad: the first row that was rejected.
        damaged: where the compressed stream was cut off or damaged.

    """

    accepted: int = 0
    rejected: int = 0
    first_bad: BadRow | None = None
    damaged: BadRow | None = None

    @property
    def problem(self) -> str:
        """Why the source is poison, without quoting it; empty if it is not. Some bad rows do not make it poison.

        Good rows before the damage count: a trade is valid whatever follows it, and sending it again does not duplicate it. The
        rows after the damage are missing, and only the sender can send them again, so this is always an error.
        """
        if self.damaged is not None:
            return f"line {self.damaged.line}: {self.damaged.reason}. {self.accepted} trades before it were taken in"
        if self.first_bad is not None and not self.accepted:
            return f"none of its {self.rejected} rows is a trade. Line {self.first_bad.line}: {self.first_bad.reason}"
        return ""


def read_rows(stream: io.BufferedReader, *, key: str) -> Iterator[Trade | BadRow]:
    """Yield the rows of an object: CSV with a header if its key ends in .csv, else JSON lines; gzip is recognised by its magic bytes."""
    lines = _lines(stream)
    name = key.lower().removesuffix(".gz")
    return _csv_rows(lines) if name.endswith(".csv") else _json_rows(lines)


def read_documents(documents: Sequence[Any]) -> Iterator[Trade | BadRow]:
    """Yield the trades of a request."""
    for number, document in enumerate(documents, start=1):
        yield _trade(document, number, json.dumps(document, default=str))


def _lines(stream: io.BufferedReader) -> Iterator[tuple[int, str | Unreadable]]:
    """Yield the non-empty lines with their numbers; a stream that cannot be decompressed to its end yields a last line that says so."""
    unpacked = gzip.GzipFile(fileobj=stream) if stream.peek(2)[:2] == _GZIP else stream
    number = 0
    try:
        while line := unpacked.readline(MAX_LINE + 1):
            number += 1
            whole = len(line) <= MAX_LINE
            while not line.endswith(b"\n") and len(line) > MAX_LINE:
                line = unpacked.readline(MAX_LINE + 1)
            # Spreadsheets write a byte order mark.
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip() if whole else ""
            if text or not whole:
                yield number, text if whole else Unreadable.TOO_LONG
    except (EOFError, gzip.BadGzipFile, zlib.error):
        yield number + 1, Unreadable.DAMAGED


def _csv_rows(lines: Iterator[tuple[int, str | Unreadable]]) -> Iterator[Trade | BadRow]:
    header: list[str] | None = None
    usable = False
    for number, line in lines:
        if isinstance(line, Unreadable):
            yield BadRow(line=number, reason=line, text="")
            continue
        cells = _cells(line)
        if cells is None:
            yield _no_row(number, line)
        elif header is None:
            header = [cell.strip().lower() for cell in cells]
            missing = [name for name in FIELDS if name not in header]
            usable = not missing
            if missing:
                # No row below can be parsed; every line is kept, so nothing is lost.
                yield BadRow(line=number, reason=f"the header lacks {', '.join(missing)}", text=line[:_SHOWN])
        elif not usable:
            yield BadRow(line=number, reason="the header is unusable", text=line[:_SHOWN])
        elif len(cells) != len(header):
            reason = f"{len(cells)} cells under a header of {len(header)}"
            yield BadRow(line=number, reason=reason, text=line[:_SHOWN])
        else:
            yield _trade(dict(zip(header, cells, strict=True)), number, line)


def _cells(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return None


def _json_rows(lines: Iterator[tuple[int, str | Unreadable]]) -> Iterator[Trade | BadRow]:
    for number, line in lines:
        if isinstance(line, Unreadable):
            yield BadRow(line=number, reason=line, text="")
            continue
        try:
            document = parse_json(line)
        except (ValueError, RecursionError):
            document = None
        yield _no_row(number, line) if document is None else _trade(document, number, line)


def _no_row(number: int, line: str) -> BadRow:
    return BadRow(line=number, reason="not a row of the format that the key names", text=line[:_SHOWN])


def parse_json(text: str) -> Any:
    """Parse a JSON document without losing a digit of its numbers.

    Raises:
        ValueError: it is none.

    """
    return _JSON.decode(text)


def _trade(document: Any, number: int, text: str) -> Trade | BadRow:
    if not isinstance(document, Mapping):
        return BadRow(line=number, reason="not an object with the fields of a trade", text=text[:_SHOWN])
    try:
        return parse_trade(document)
    except InvalidTradeError as error:
        return BadRow(line=number, reason=str(error), text=text[:_SHOWN])


def identity(*parts: str) -> str:
    """Return a name that depends on the parts alone, so that every run uses the same one."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def quarantine_key(source: str, name: str) -> str:
    """Return the key for the bad rows of an object, outside of what is ingested."""
    return f"{QUARANTINE}{source.removeprefix(INCOMING)}/{name}.jsonl"


@dataclass(slots=True, kw_only=True)
class Sorter:
    """Sort rows into files: trades by symbol and day, bad rows into one.

    Args:
        name: of the source; ends every key.
        store_trades: writes to the bucket of trades.
        store_bad: writes to the bucket of the quarantine.
        quarantine: key for the bad rows, without number.

    """

    name: str
    store_trades: Store
    store_bad: Store
    quarantine: str
    limit: int = MAX_GATHERED
    counts: Counts = field(default_factory=Counts)
    _gathered: dict[str, bytearray] = field(default_factory=dict)
    _parts: dict[str, int] = field(default_factory=dict)
    _size: int = 0

    def take(self, rows: Iterator[Trade | BadRow]) -> Counts:
        """Sort all rows and write them."""
        counts = self.counts
        for row in rows:
            if isinstance(row, Trade):
                counts.accepted += 1
                self._add(f"{TRADES}symbol={row.symbol}/date={row.trading_date}/{self.name}", row.to_json())
            else:
                counts.rejected += 1
                counts.first_bad = counts.first_bad or row
                counts.damaged = row if row.reason is Unreadable.DAMAGED else counts.damaged
                self._add(self.quarantine.removesuffix(".jsonl"), row.to_json())
            while self._size > self.limit:
                # The largest first, ties by key, so that another run writes the same files.
                self._write(max(self._gathered, key=lambda key: (len(self._gathered[key]), key)))
        for key in sorted(self._gathered):
            self._write(key)
        return self.counts

    def _add(self, key: str, line: str) -> None:
        data = f"{line}\n".encode()
        self._gathered.setdefault(key, bytearray()).extend(data)
        self._size += len(data)

    def _write(self, key: str) -> None:
        data = bytes(self._gathered.pop(key))
        self._size -= len(data)
        part = self._parts.get(key, 0)
        self._parts[key] = part + 1
        store = self.store_bad if key.startswith(QUARANTINE) else self.store_trades
        store(f"{key}-{part:05d}.jsonl", data)
