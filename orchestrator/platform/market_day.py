"""A small day of market data, and the bars that a platform must compute from it.

The bars are computed here without the functions' code, so the two calculations are independent.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_OPENING = timedelta(hours=14, minutes=30)
_TRADING = timedelta(hours=6, minutes=30)
_CENT = Decimal("0.01")
_VWAP_DIGITS = Decimal(1).scaleb(-18)
_HEADER = "trade_id,symbol,timestamp,price,size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution; ``timestamp`` is in UTC."""

    trade_id: str
    symbol: str
    timestamp: datetime
    price: Decimal
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyBar:
    """The bar of an hour; ``vwap`` is the sum of price times size divided by the sum of sizes, to 18 decimals."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    vwap: Decimal
    trades: int


def trading_day(symbol: str, day: date, *, trades: int, seed: int) -> tuple[Trade, ...]:
    """Return trades of one symbol between 14:30 and 21:00 UTC, New York's trading hours in summer, in random order.

    Args:
        symbol: of all of them.
        day: of their execution.
        trades: how many.
        seed: the same seed gives the same trades.

    """
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    opening = datetime(day.year, day.month, day.day, tzinfo=UTC) + _OPENING
    price = Decimal(100)
    made = []
    for number in range(trades):
        price = max(_CENT, price + chance.randint(-50, 50) * _CENT)
        moment = opening + _TRADING * number / trades + timedelta(microseconds=number)
        size = chance.randint(1, 500)
        made.append(Trade(trade_id=f"T{number:06}", symbol=symbol, timestamp=moment, price=price, size=size))
    chance.shuffle(made)
    return tuple(made)


def as_csv(trades: Sequence[Trade]) -> str:
    """Return a file of these trades; its last row has a negative price, which a platform must reject."""
    lines = [f"{t.trade_id},{t.symbol},{t.timestamp.isoformat()},{t.price},{t.size}" for t in trades]
    poison = f"POISON,{trades[0].symbol},{trades[0].timestamp.isoformat()},-1,1"
    return "\n".join([_HEADER, *lines, poison]) + "\n"


def hourly_bars(trades: Sequence[Trade]) -> tuple[HourlyBar, ...]:
    """Compute one bar for each hour with trades, in order."""
    hours: dict[datetime, list[Trade]] = {}
    for trade in sorted(trades, key=lambda trade: (trade.timestamp, trade.trade_id)):
        hours.setdefault(trade.timestamp.replace(minute=0, second=0, microsecond=0), []).append(trade)
    bars = []
    for start, group in sorted(hours.items()):
        prices = [trade.price for trade in group]
        volume = sum(trade.size for trade in group)
        value = sum((trade.price * trade.size for trade in group), Decimal(0))
        bars.append(
            HourlyBar(
                start=start,
                open=prices[0],
                high=max(prices),
                low=min(prices),
                close=prices[-1],
                volume=volume,
                vwap=(value / volume).quantize(_VWAP_DIGITS, rounding=ROUND_HALF_UP),
                trades=len(group),
            )
        )
    return tuple(bars)
