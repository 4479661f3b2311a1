"""Bars of trades: open, high, low, close, volume and volume-weighted average price of an interval.

Bars of one minute are made of trades, longer ones of shorter ones; both ways give the same, whatever the order in which
trades arrive. A bar keeps the traded value, from which the average price follows: averages cannot be added up, values can.

The functions here are the definition. ``analytics`` has the database do the same in SQL, where the trades are, and tests
hold the two together, digit by digit.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from market.trades import Trade

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRICE_DIGITS = Decimal("0.00000001")
# No sum of products of prices and sizes has more digits, so none is rounded. Averages are rounded as PostgreSQL rounds.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


class Interval(StrEnum):
    """How long a bar is. Intervals begin at multiples of their length, in UTC."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    def start(self, moment: datetime) -> datetime:
        """The beginning of the interval in which a moment lies."""
        return moment - (moment - _EPOCH) % self.length


_LENGTHS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What happened to a symbol in an interval.

    Attributes:
        value: sum of price times size.

    """

    symbol: str
    interval: Interval
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    value: Decimal
    trades: int

    @property
    def vwap(self) -> Decimal:
        """The volume-weighted average price."""
        return average_price(self.value, self.volume)


def average_price(value: Decimal, volume: Decimal) -> Decimal:
    """The volume-weighted average price (VWAP): what was paid in all, over how much was traded; to eight digits."""
    with localcontext(_EXACT):
        return (value / volume).quantize(PRICE_DIGITS)


def bars_of_trades(trades: Iterable[Trade], interval: Interval) -> list[Bar]:
    """The bars of trades in any order, by symbol and start; a trade that comes more than once counts once.

    Trades of the same moment are ordered by their id, so that open and close are the same in every run.
    """
    groups: dict[tuple[str, datetime], dict[str, Trade]] = {}
    for trade in trades:
        groups.setdefault((trade.symbol, interval.start(trade.timestamp)), {}).setdefault(trade.trade_id, trade)
    bars = []
    for (symbol, start), group in sorted(groups.items()):
        ordered = sorted(group.values(), key=lambda trade: (trade.timestamp, trade.trade_id))
        prices = [trade.price for trade in ordered]
        with localcontext(_EXACT):
            volume = sum((trade.size for trade in ordered), Decimal(0))
            value = sum((trade.price * trade.size for trade in ordered), Decimal(0))
        bars.append(
            Bar(
                symbol=symbol,
                interval=interval,
                start=start,
                open=prices[0],
                high=max(prices),
                low=min(prices),
                close=prices[-1],
                volume=volume,
                value=value,
                trades=len(ordered),
            )
        )
    return bars


def longer_bars(bars: Iterable[Bar], interval: Interval) -> list[Bar]:
    """Bars of a longer interval, made of shorter ones, of one length, in any order; by symbol and start."""
    groups: dict[tuple[str, datetime], list[Bar]] = {}
    for bar in bars:
        groups.setdefault((bar.symbol, interval.start(bar.start)), []).append(bar)
    merged = []
    for (symbol, start), group in sorted(groups.items()):
        ordered = sorted(group, key=lambda bar: bar.start)
        with localcontext(_EXACT):
            volume = sum((bar.volume for bar in ordered), Decimal(0))
            value = sum((bar.value for bar in ordered), Decimal(0))
        merged.append(
            Bar(
                symbol=symbol,
                interval=interval,
                start=start,
                open=ordered[0].open,
                high=max(bar.high for bar in ordered),
                low=min(bar.low for bar in ordered),
                close=ordered[-1].close,
                volume=volume,
                value=value,
                trades=sum(bar.trades for bar in ordered),
            )
        )
    return merged


def realised_volatility(bars: Sequence[Bar]) -> float | None:
    """The realised volatility of an interval: the root of the sum of squared log returns between the closes of its bars.

    RV = sqrt(sum over i of (ln c[i] - ln c[i-1])^2), with c[i] the close of the i-th bar with trades, in order of time. The
    return into the first bar belongs to the interval before. Minutes without trades have no bar, so a return may span several.
    Not annualised: times the root of 252 a day's becomes a year's. None with fewer than two bars, which have no return between them.

    Source: T. G. Andersen, T. Bollerslev, F. X. Diebold, P. Labys, "Modeling and Forecasting Realized Volatility",
    Econometrica 71 (2003), 579-625: the realised variance of an interval is the sum of its squared intraday log returns.
    """
    ordered = sorted(bars, key=lambda bar: bar.start)
    closes = [float(bar.close) for bar in ordered]
    if len(closes) < 2:  # noqa: PLR2004 - a return needs two prices
        return None
    return math.sqrt(sum(math.log(later / earlier) ** 2 for earlier, later in pairwise(closes)))
