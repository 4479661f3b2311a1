"""Sort the rows of an object into trades and bad rows, which are kept with the reason.

Nothing here knows AWS. Memory is bounded, however large an object is: one row at a time comes in, and partitions go out
when what is gathered gets too much. The same object always gives the same files, so doing it again overwrites.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from market.sources import SHOWN, BadRow, Row, SkippedRow
from market.trades import InvalidTradeError, Trade, parse_trade

INCOMING = "incoming/"
QUARANTINE = "quarantine/"
TRADES = "trades/"
MAX_GATHERED = 32 * 1024 * 1024
_JSON = json.JSONDecoder(parse_float=Decimal)


Store = Callable[[str, bytes], None]
"""Write an object: its key and its contents."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """The numbers of accepted and rejected rows.

    Attributes:
        skipped: rows that a map leaves out on purpose.
        first_bad: the first row that was rejected.
        damaged: where the file was cut off or damaged, so that the rest of it is missing.

    """

    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
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


def read_documents(documents: Sequence[Any]) -> Iterator[Trade | BadRow]:
    """Yield the trades of a request."""
    for number, document in enumerate(documents, start=1):
        yield _trade(document, number, json.dumps(document, default=str))


def parse_json(text: str) -> Any:
    """Parse a JSON document without losing a digit of its numbers.

    Raises:
        ValueError: it is none.

    """
    return _JSON.decode(text)


def _trade(document: Any, number: int, text: str) -> Trade | BadRow:
    if not isinstance(document, Mapping):
        return BadRow(line=number, reason="not an object with the fields of a trade", text=text[:SHOWN])
    try:
        return parse_trade(document)
    except InvalidTradeError as error:
        return BadRow(line=number, reason=str(error), text=text[:SHOWN])


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

    def take(self, rows: Iterator[Row]) -> Counts:
        """Sort all rows and write them."""
        counts = self.counts
        for row in rows:
            if isinstance(row, Trade):
                counts.accepted += 1
                self._add(f"{TRADES}symbol={row.symbol}/date={row.trading_date}/{self.name}", row.to_json())
            elif isinstance(row, SkippedRow):
                counts.skipped += 1
            else:
                counts.rejected += 1
                counts.first_bad = counts.first_bad or row
                counts.damaged = row if row.cut else counts.damaged
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
