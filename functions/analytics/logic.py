"""From trades to bars and volatility: what to recompute when trades arrive, and in which order.

A trade is stored once by symbol and id. One-minute bars are recomputed from all their trades, longer bars from shorter ones,
so late or repeated trades and repeated batches lead to the same numbers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice, pairwise
from operator import attrgetter
from typing import Protocol, TypeAlias

from market.bars import Interval
from market.trades import Trade, moment_of, parse_trade

Span: TypeAlias = tuple[datetime, datetime]
"""From its start to its end, the end excluded."""

BATCH = 20_000
VOLATILITY = (Interval.HOUR, Interval.DAY)
_symbol = attrgetter("symbol")


class Store(Protocol):
    """The stored market data, within one transaction."""

    def hold(self, symbol: str) -> None:
        """Lock the symbol until the transaction ends."""

    def add_trades(self, symbol: str, trades: Sequence[Trade]) -> None:
        """Store trades of a symbol; known ones stay unchanged."""

    def work_out_minutes(self, symbol: str, spans: Sequence[Span]) -> int:
        """Recompute the one-minute bars in spans from all stored trades; returns how many changed."""

    def work_out_longer(self, symbol: str, interval: Interval, shorter: Interval, spans: Sequence[Span]) -> int:
        """Recompute the bars of an interval in spans from all bars of a shorter one; returns how many changed."""

    def work_out_volatility(self, symbol: str, interval: Interval, spans: Sequence[Span]) -> None:
        """Recompute the volatilities of an interval in spans from all one-minute bars."""


def read_trades(lines: Iterable[bytes]) -> Iterator[list[Trade]]:
    """Yield the trades of an object that ingest wrote, in batches.

    Raises:
        ValueError: a line is not a trade; the object was not written by ingest and cannot be trusted.

    """
    trades = (_trade(number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while batch := list(islice(trades, BATCH)):
        yield batch


def _trade(number: int, line: bytes) -> Trade:
    document = json.loads(line)
    if not isinstance(document, Mapping):
        raise ValueError(f"line {number} is no trade")  # noqa: TRY004 - a line is data, not a programmer's mistake
    return parse_trade(document)


def update(store: Store, trades: Sequence[Trade]) -> int:
    """Add trades and recompute what they affect; returns how many bars changed."""
    # Sorted by name, so that two transactions cannot deadlock.
    groups = [(symbol, list(group)) for symbol, group in groupby(sorted(trades, key=_symbol), key=_symbol)]
    return sum(_update_symbol(store, symbol, group) for symbol, group in groups)


def _update_symbol(store: Store, symbol: str, trades: Sequence[Trade]) -> int:
    store.hold(symbol)
    store.add_trades(symbol, trades)
    minutes = {Interval.MINUTE.start(moment_of(trade.timestamp)) for trade in trades}
    changed = store.work_out_minutes(symbol, spans(minutes, Interval.MINUTE))
    for shorter, interval in pairwise(Interval):
        touched = spans(minutes, interval)
        changed += store.work_out_longer(symbol, interval, shorter, touched)
        if interval in VOLATILITY:
            store.work_out_volatility(symbol, interval, touched)
    return changed


def spans(moments: Iterable[datetime], interval: Interval) -> list[Span]:
    """Return the intervals that contain the moments, adjacent ones merged."""
    found: list[Span] = []
    for start in sorted({interval.start(moment.astimezone(UTC)) for moment in moments}):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + interval.length)
        else:
            found.append((start, start + interval.length))
    return found
