"""Bars of trades: open, high, low, close, volume and volume-weighted average price of an interval.

One-minute bars are computed from trades, longer ones from shorter ones, by SQL in the database (``analytics``); the result
does not depend on the order in which trades arrive. A bar keeps the traded value, from which the average price follows:
averages cannot be added up, values can. The tests compare the SQL with the same definitions in Python, digit by digit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRICE_DIGITS = Decimal("0.00000001")
# No sum of products of prices and sizes has more digits, so none is rounded. Averages are rounded as PostgreSQL rounds.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


class Interval(StrEnum):
    """The length of a bar. Intervals begin at multiples of their length, in UTC."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    def start(self, moment: datetime) -> datetime:
        """Return the start of the interval that contains a moment."""
        return moment - (moment - _EPOCH) % self.length


_LENGTHS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The trades of a symbol in an interval, aggregated.

    Attributes:
        value: the sum of price times size.

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
    """Return the volume-weighted average price (VWAP): the traded value divided by the volume, to eight digits."""
    with localcontext(_EXACT):
        return (value / volume).quantize(PRICE_DIGITS)
