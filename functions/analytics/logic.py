"""From messages to bars and volatilities: what a batch of objects becomes, and what is reported about it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from market.trades import COLUMNS, parse_trade

MAX_CONFLICTS = 1000
"""How many conflicts, and how many messages of dropped days, a batch keeps; the others are counted."""
MAX_NEW_DAYS = 400
"""How many trading dates that have no partition yet a batch may have."""
_CHUNK = 256 * 1024
_HEADER = f"{','.join(COLUMNS)}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a batch of messages did.

    Attributes:
        messages: read from the objects.
        trades: that were not known.
        replaced: trades that a message with a higher revision, or the winner of a conflict, replaced.
        bars: written.
        conflicts: messages that differ from another one about the same trade with the same revision.
        expired: messages about trading dates whose trades were dropped after the retention.
        kept: conflicts and expired messages, at most ``MAX_CONFLICTS`` of each.
        unknown_conditions: the number of messages by condition without a rule.

    """

    messages: int
    trades: int
    replaced: int
    bars: int
    conflicts: int
    expired: int
    kept: Sequence[Mapping[str, Any]]
    unknown_conditions: Mapping[str, int]


class Store(Protocol):
    """The stored market data, within one transaction."""

    def add(self, lines: Iterable[bytes], *, zone: str) -> Arrival:
        """Add messages and bring bars and volatilities up to date.

        Args:
            lines: CSV with ``COLUMNS``, without a header, cut anywhere.
            zone: of the sessions; empty for none.

        """


def read_lines(key: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the messages of an object that ingest wrote as CSV without a header, in chunks.

    Args:
        key: of the object. Those that end in .jsonl were written by a former version.
        blocks: the lines of the object.

    Raises:
        ValueError: the object was not written by ingest and cannot be trusted.

    """
    lines: Iterator[bytes]
    if key.endswith(".jsonl"):
        lines = (_of_json(number, line) for number, line in enumerate(blocks, start=1) if line.strip())
    else:
        lines = iter(blocks)
        if (header := next(lines, _HEADER)) != _HEADER:
            raise ValueError(f"unknown header {header[:200]!r}")
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _of_json(number: int, line: bytes) -> bytes:
    document = json.loads(line)
    if not isinstance(document, Mapping):
        raise ValueError(f"line {number} is no trade")  # noqa: TRY004 - a line is data, not a programmer's mistake
    return f"{parse_trade(document).to_line()}\n".encode()


def kept_lines(arrival: Arrival) -> bytes:
    """Return what is kept of a batch beside the quarantine, as JSON lines, with a last line that counts what was left out."""
    lines = [json.dumps(document) for document in arrival.kept]
    left_out = arrival.conflicts + arrival.expired - len(arrival.kept)
    if left_out:
        lines.append(json.dumps({"left_out": left_out}))
    return "".join(f"{line}\n" for line in lines).encode()
