"""From trades to bars and volatility: what has to be worked out again when trades arrive, and how.

Trades are kept once by symbol and id. The minutes that new trades fall into are worked out from all of their trades, the
longer bars from the minutes. So trades that come late or twice, and batches that run twice, end in the same numbers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol, TypeAlias

from market.bars import Bar, Interval, bars_of_trades, longer_bars, realised_volatility
from market.trades import Trade, parse_trade

Span: TypeAlias = tuple[datetime, datetime]
"""From its start up to but not at its end."""

BATCH = 5000
LONGER = (Interval.FIVE_MINUTES, Interval.HOUR, Interval.DAY)
VOLATILITY = (Interval.HOUR, Interval.DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatility:
    """How much a symbol's price moved in an interval.

    Attributes:
        realised: not annualised, from closes of one minute.
        bars: how many of those there were.

    """

    symbol: str
    interval: Interval
    start: datetime
    realised: float
    bars: int


class Store(Protocol):
    """What is known of the market, within one transaction."""

    def hold(self, symbol: str) -> None:
        """Keep every other transaction from working on the symbol until this one ends."""

    def add_trades(self, trades: Sequence[Trade]) -> None:
        """Keep trades; those that are known already stay as they are."""

    def trades(self, symbol: str, spans: Sequence[Span]) -> list[Trade]:
        """All known trades of a symbol within spans that do not overlap."""

    def bars(self, symbol: str, interval: Interval, start: datetime, end: datetime) -> list[Bar]:
        """All known bars that begin from ``start`` up to but not at ``end``."""

    def put_bars(self, bars: Sequence[Bar]) -> None:
        """Keep bars, in the place of those of the same symbol, interval and start."""

    def put_volatility(self, found: Sequence[Volatility]) -> None:
        """Keep volatilities, in the place of those of the same symbol, interval and start."""


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
    written = 0
    # In the order of their names, so that two transactions never wait for each other.
    for symbol in sorted({trade.symbol for trade in trades}):
        store.hold(symbol)
        mine = [trade for trade in trades if trade.symbol == symbol]
        store.add_trades(mine)
        written += _update_symbol(store, symbol, [trade.timestamp for trade in mine])
    return written


def _update_symbol(store: Store, symbol: str, moments: Sequence[datetime]) -> int:
    touched_minutes = spans(Interval.MINUTE.start(moment) for moment in moments)
    minutes = bars_of_trades(store.trades(symbol, touched_minutes), Interval.MINUTE)
    store.put_bars(minutes)
    written = len(minutes)
    days: dict[datetime, list[Bar]] = {}
    for day in sorted({Interval.DAY.start(moment) for moment in moments}):
        days[day] = store.bars(symbol, Interval.MINUTE, day, day + Interval.DAY.length)
    for interval in LONGER:
        touched = {interval.start(moment) for moment in moments}
        below = [bar for day in days.values() for bar in day if interval.start(bar.start) in touched]
        bars = longer_bars(below, interval)
        store.put_bars(bars)
        written += len(bars)
        if interval in VOLATILITY:
            store.put_volatility(_volatility(symbol, interval, below))
    return written


def _volatility(symbol: str, interval: Interval, minutes: Iterable[Bar]) -> list[Volatility]:
    groups: dict[datetime, list[Bar]] = {}
    for bar in minutes:
        groups.setdefault(interval.start(bar.start), []).append(bar)
    found = []
    for start, bars in sorted(groups.items()):
        realised = realised_volatility(bars)
        if realised is not None:
            found.append(Volatility(symbol=symbol, interval=interval, start=start, realised=realised, bars=len(bars)))
    return found


def spans(starts: Iterable[datetime]) -> list[Span]:
    """Minutes put together to spans: where one ends, no other begins."""
    length = Interval.MINUTE.length
    found: list[Span] = []
    for start in sorted({moment.astimezone(UTC) for moment in starts}):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + length)
        else:
            found.append((start, start + length))
    return found
