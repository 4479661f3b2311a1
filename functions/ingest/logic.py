"""Sort the rows of an object into trades and bad rows, which are kept with the reason.

Nothing here knows AWS. Memory is bounded, however large an object is: one row at a time comes in, and objects of a few MiB
go out. The same source always gives the same objects, so doing it again overwrites.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from market.sources import SHOWN, BadRow, Row, SkippedRow
from market.trades import COLUMNS, InvalidTradeError, Trade, parse_trade

FOLDERS = ("incoming/", "history/")
"""Where market data is read from. What lies below the second comes in only by ``platformctl backfill``."""
RECEIPTS = "receipts/"
QUARANTINE = "quarantine/"
TRADES = "trades/"
MAX_OBJECT = 4 * 1024 * 1024
MAX_QUARANTINE = 8 * 1024 * 1024
_MAX_KEY = 900
"""Bytes of the key of an object in the key of its receipt; S3 allows 1,024 in all."""
HEADER = f"{','.join(COLUMNS)}\n".encode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return document


class DuplicateKeyError(ValueError):
    """A JSON object has a key twice; which of the two is meant is not known."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the key {name[:40]} is there twice")


_JSON = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_unique)


Store = Callable[[str, bytes], None]
"""Write an object: its key and its contents."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """The numbers of accepted and rejected rows.

    Attributes:
        skipped: rows that a map leaves out on purpose.
        first_bad: the first row that was rejected.
        damaged: where the file was cut off or damaged, so that the rest of it is missing.
        left_out: rejected rows that are not kept, because the quarantine of the object is full.

    """

    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    left_out: int = 0
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


def read_documents(documents: Sequence[Any], *, latest: int) -> Iterator[Trade | BadRow]:
    """Yield the trades of a request."""
    for number, document in enumerate(documents, start=1):
        yield _trade(document, number, json.dumps(document, default=str), latest)


def parse_json(text: str) -> Any:
    """Parse a JSON document without losing a digit of its numbers.

    Raises:
        DuplicateKeyError: an object has a key twice.
        ValueError: it is none.

    """
    return _JSON.decode(text)


def _trade(document: Any, number: int, text: str, latest: int) -> Trade | BadRow:
    if not isinstance(document, Mapping):
        return BadRow(line=number, reason="not an object with the fields of a trade", text=text[:SHOWN])
    try:
        return parse_trade(document, latest=latest)
    except InvalidTradeError as error:
        return BadRow(line=number, reason=str(error), text=text[:SHOWN])


def identity(*parts: str) -> str:
    """Return a name that depends on the parts alone, so that every run uses the same one."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def quarantine_key(source: str, name: str) -> str:
    """Return the key for the bad rows of an object, outside of what is ingested."""
    return f"{QUARANTINE}{source.removeprefix(FOLDERS[0])}/{name}.jsonl"


def receipt_key(source: str, etag: str, *, refused: bool = False) -> str:
    """Return the key for the receipt of a version of an object, below the object's own key; it says whether the object was refused."""
    version = etag.strip('"')
    ending = ".refused.json" if refused else ".json"
    return f"{RECEIPTS}{source.encode()[:_MAX_KEY].decode(errors='ignore')}/{version}{ending}"


def receipt(counts: Counts, *, name: str, problem: str, moment: str) -> bytes:
    """Return what became of an object: ``platformctl backfill`` looks for it.

    Args:
        counts: of its rows.
        name: of the objects that its trades are written to.
        problem: why it was refused; empty if it was not.
        moment: of now; with it no two receipts are the same.

    """
    numbers = {"accepted": counts.accepted, "rejected": counts.rejected, "skipped": counts.skipped}
    return json.dumps({**numbers, "name": name, "problem": problem, "moment": moment}).encode()


@dataclass(slots=True, kw_only=True)
class Sorter:
    """Sort rows into objects: trades of all symbols and days into one after the other, bad rows beside them.

    Args:
        name: of the source; ends every key.
        store_trades: writes to the bucket of trades.
        store_bad: writes to the bucket of the quarantine.
        quarantine: key for the bad rows, without number.
        limit: bytes of an object.
        quarantine_limit: bytes of all bad rows that are kept; the others are counted.

    """

    name: str
    store_trades: Store
    store_bad: Store
    quarantine: str
    limit: int = MAX_OBJECT
    quarantine_limit: int = MAX_QUARANTINE
    counts: Counts = field(default_factory=Counts)
    _trades: bytearray = field(default_factory=bytearray)
    _bad: bytearray = field(default_factory=bytearray)
    _parts: int = 0
    _bad_parts: int = 0
    _kept: int = 0

    def take(self, rows: Iterable[Row]) -> Counts:
        """Sort all rows and write them."""
        counts = self.counts
        for row in rows:
            if isinstance(row, Trade):
                counts.accepted += 1
                self._trades += row.to_line().encode()
                self._trades += b"\n"
                if len(self._trades) >= self.limit:
                    self._write_trades()
            elif isinstance(row, SkippedRow):
                counts.skipped += 1
            else:
                self._take_bad(row)
        if self._trades:
            self._write_trades()
        if counts.left_out:
            self._bad += f'{{"left_out":{counts.left_out}}}\n'.encode()
        if self._bad:
            self._write_bad()
        return counts

    def _take_bad(self, row: BadRow) -> None:
        counts = self.counts
        counts.rejected += 1
        counts.first_bad = counts.first_bad or row
        counts.damaged = row if row.cut else counts.damaged
        line = f"{row.to_json()}\n".encode()
        if counts.left_out or self._kept + len(line) > self.quarantine_limit:
            counts.left_out += 1
            return
        self._kept += len(line)
        self._bad += line
        if len(self._bad) >= self.limit:
            self._write_bad()

    def _write_trades(self) -> None:
        self.store_trades(f"{TRADES}{self.name}-{self._parts:05d}.csv", HEADER + bytes(self._trades))
        self._trades.clear()
        self._parts += 1

    def _write_bad(self) -> None:
        self.store_bad(f"{self.quarantine.removesuffix('.jsonl')}-{self._bad_parts:05d}.jsonl", bytes(self._bad))
        self._bad.clear()
        self._bad_parts += 1
