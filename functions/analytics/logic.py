"""From trades to bars and volatility: what has to be worked out again when trades arrive, and in which order.

Trades are kept once by symbol and id. The minutes that new trades fall into are worked out from all of their trades, the
longer bars from shorter ones. So trades that come late or twice, and batches that run twice, end in the same numbers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, islice, pairwise
from operator import attrgetter
from typing import Protocol, TypeAlias

from market.bars import Interval
from market.trades import Trade, parse_trade

Span: TypeAlias = tuple[datetime, datetime]
"""From its start up to but not at its end."""

BATCH = 20_000
VOLATILITY = (Interval.HOUR, Interval.DAY)
_symbol = attrgetter("symbol")


class Store(Protocol):
    """What is known of the market, within one transaction."""

    def hold(self, symbol: str) -> None:
        """Keep every other transaction from working on the symbol until this one ends."""

    def add_trades(self, symbol: str, trades: Sequence[Trade]) -> None:
        """Keep trades of a symbol; those that are known already stay as they are."""

    def work_out_minutes(self, symbol: str, spans: Sequence[Span]) -> int:
        """Make the bars of one minute in spans, from all known trades; returns how many changed."""

    def work_out_longer(self, symbol: str, interval: Interval, shorter: Interval, spans: Sequence[Span]) -> int:
        """Make the bars of an interval in spans, from all known bars of a shorter one; returns how many changed."""

    def work_out_volatility(self, symbol: str, interval: Interval, spans: Sequence[Span]) -> None:
        """Make the volatilities of an interval in spans, from all known bars of one minute."""


def read_trades(lines: Iterable[bytes]) -> Iterator[list[Trade]]:
    """The trades of an object that ingest wrote, in batches.

    Raises:
        ValueError: a line is no trade; the object is not ours, and nothing of it can be trusted.

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
    """Add trades, and work out again what they change; returns how many bars that were."""
    # In the order of their names, so that two transactions never wait for each other.
    groups = [(symbol, list(group)) for symbol, group in groupby(sorted(trades, key=_symbol), key=_symbol)]
    return sum(_update_symbol(store, symbol, group) for symbol, group in groups)


def _update_symbol(store: Store, symbol: str, trades: Sequence[Trade]) -> int:
    store.hold(symbol)
    store.add_trades(symbol, trades)
    minutes = {Interval.MINUTE.start(trade.timestamp) for trade in trades}
    changed = store.work_out_minutes(symbol, spans(minutes, Interval.MINUTE))
    for shorter, interval in pairwise(Interval):
        touched = spans(minutes, interval)
        changed += store.work_out_longer(symbol, interval, shorter, touched)
        if interval in VOLATILITY:
            store.work_out_volatility(symbol, interval, touched)
    return changed


def spans(moments: Iterable[datetime], interval: Interval) -> list[Span]:
    """The intervals in which moments lie, put together: where one span ends, no other begins."""
    found: list[Span] = []
    for start in sorted({interval.start(moment.astimezone(UTC)) for moment in moments}):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + interval.length)
        else:
            found.append((start, start + interval.length))
    return found
