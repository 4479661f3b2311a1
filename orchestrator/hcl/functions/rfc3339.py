"""Timestamps (RFC 3339) and durations (Go's notation) as Terraform reads and writes them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from orchestrator.hcl.function import FunctionError

NANOSECONDS = 1_000_000_000
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):(\d\d))\Z",
    re.ASCII,
)
_DURATION_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)")
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "h": 3600 * NANOSECONDS,
}
_LARGEST_DURATION = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time, with the offset it was written in.

    Attributes:
        local: date and time of day at that offset, to the second.
        nanosecond: what is beyond the second.

    """

    local: datetime
    nanosecond: int = 0

    @property
    def order(self) -> tuple[datetime, int]:
        return (self.local, self.nanosecond)

    @property
    def offset_minutes(self) -> int:
        offset = self.local.utcoffset()
        assert offset is not None
        return int(offset.total_seconds()) // 60

    def offset_text(self, separator: str) -> str:
        minutes = self.offset_minutes
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"

    def later(self, nanoseconds: int) -> "Moment":
        """Raise FunctionError when the result lies outside of the years 1 to 9999."""
        seconds, nanosecond = divmod(self.nanosecond + nanoseconds, NANOSECONDS)
        try:
            return Moment(local=self.local + timedelta(seconds=seconds), nanosecond=nanosecond)
        except OverflowError:
            raise FunctionError("The result is outside of the years 1 to 9999.") from None

    def __str__(self) -> str:
        """Format to the second, as Terraform shows timestamps."""
        zone = self.offset_text(":") if self.offset_minutes else "Z"
        return self.local.replace(tzinfo=None).isoformat() + zone


def parse_timestamp(text: str) -> Moment:
    """Raise FunctionError for what is not a timestamp."""
    found = _TIMESTAMP.match(text)
    if found is None:
        raise FunctionError(f'"{text}" is not a valid RFC 3339 timestamp, such as 2006-01-02T15:04:05Z.')
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0)) * (-1 if found[9] == "-" else 1)
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        message = f'"{text}" is not a valid RFC 3339 timestamp: there is no such date or time of day.'
        raise FunctionError(message) from None
    return Moment(local=local, nanosecond=int((found[7] or "0")[:9].ljust(9, "0")))


def parse_duration(text: str) -> int:
    """Return the nanoseconds of a duration such as ``1h30m`` or ``-1.5s``; raises FunctionError."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    total = Decimal(0)
    while rest:
        found = _DURATION_PART.match(rest)
        if found is None:
            break
        if not found[2]:
            raise FunctionError(
                f'Missing unit in duration "{text}": write one of ns, us, ms, s, m, h after each number.'
            )
        if found[2] not in _UNITS:
            raise FunctionError(f'Unknown unit "{found[2]}" in duration "{text}": the units are ns, us, ms, s, m, h.')
        total += int(Decimal(found[1]) * _UNITS[found[2]])
        rest = rest[found.end() :]
        if not rest and total < _LARGEST_DURATION:
            return int(-total if text.startswith("-") else total)
    raise FunctionError(f'Invalid duration "{text}": write numbers with units, such as "1h30m".')
