"""Bars of trades: open, high, low, close, volume and volume-weighted average price of an interval.

Analytics computes bars in the database; the result does not depend on the order in which trades arrive. A bar keeps the traded
value, from which the average price follows: averages cannot be added up, values can. docs/market-data.md has the definitions;
the tests compare the SQL with an independent calculation, digit by digit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRICE_DIGITS = Decimal(1).scaleb(-18)
SETTLING = timedelta(minutes=5)
"""A bar is final this long after its end: what a venue reports late has arrived by then. A correction may change it even later."""
# No sum of products of prices and sizes has more digits, so none is rounded.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


class Interval(StrEnum):
    """The length of a bar. Intervals begin at multiples of their length, in UTC; sessions at midnight of the session's zone."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HALF_HOUR = "30m"
    HOUR = "1h"
    DAY = "1d"
    SESSION = "session"

    @property
    def length(self) -> timedelta:
        """The length; of a session the usual one, which is an hour more or less when clocks change."""
        return _LENGTHS[self]

    @property
    def part(self) -> "Interval | None":
        """The interval of the stored bars that make up one of this; None where bars of this interval are stored themselves."""
        return _PARTS.get(self)

    def start(self, moment: datetime, zone: tzinfo = UTC) -> datetime:
        """Return the start of the interval that contains a moment; the zone matters to sessions only."""
        if self is not Interval.SESSION:
            return moment - (moment - _EPOCH) % self.length
        return datetime.combine(moment.astimezone(zone).date(), datetime.min.time(), zone).astimezone(UTC)

    def end(self, start: datetime, zone: tzinfo = UTC) -> datetime:
        """Return the end of the interval that begins at ``start``."""
        if self is not Interval.SESSION:
            return start + self.length
        return self.start(start + self.length * 3 / 2, zone)


_LENGTHS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.QUARTER: timedelta(minutes=15),
    Interval.HALF_HOUR: timedelta(minutes=30),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
    Interval.SESSION: timedelta(days=1),
}
# Few parts make up a bar, so that a page of a thousand is read in milliseconds.
_PARTS = {
    Interval.FIVE_MINUTES: Interval.MINUTE,
    Interval.QUARTER: Interval.MINUTE,
    Interval.HOUR: Interval.HALF_HOUR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The trades of a symbol in an interval, aggregated.

    Prices are None where no trade of the interval may set them: in a minute of odd lots only, for example.

    Attributes:
        volume: of the trades that count in the volume.
        value: the sum of price times size of the same trades.
        trades: their number.

    """

    symbol: str
    interval: Interval
    start: datetime
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal
    value: Decimal
    trades: int

    @property
    def vwap(self) -> Decimal | None:
        """The volume-weighted average price; None without volume."""
        return average_price(self.value, self.volume) if self.volume else None

    def is_final(self, now: datetime, zone: tzinfo = UTC) -> bool:
        """Return whether the interval is over and its late trades have arrived."""
        return self.interval.end(self.start, zone) + SETTLING <= now


def average_price(value: Decimal, volume: Decimal) -> Decimal:
    """Return the volume-weighted average price (VWAP): the traded value divided by the volume, rounded half up to 18 decimals."""
    with localcontext(_EXACT):
        return (value / volume).quantize(PRICE_DIGITS)
