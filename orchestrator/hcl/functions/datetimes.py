"""Functions over dates and times: timestamps (RFC 3339) and durations (Go's notation) as Terraform reads and writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import Value

NANOSECONDS = 1_000_000_000
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):(\d\d))\Z", re.ASCII
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

    ``local``: date and time of day at that offset, to the second; ``nanosecond``: what is beyond the second.
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


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOON = 12

_TOKEN = re.compile(r"''|'(?:[^']|'')+'|([A-Za-z])\1*|[^A-Za-z']+|'")

_VERBS: dict[str, Callable[[Moment], str]] = {
    "YY": lambda moment: f"{moment.local.year % 100:02d}",
    "YYYY": lambda moment: f"{moment.local.year:04d}",
    "M": lambda moment: str(moment.local.month),
    "MM": lambda moment: f"{moment.local.month:02d}",
    "MMM": lambda moment: _MONTHS[moment.local.month - 1][:3],
    "MMMM": lambda moment: _MONTHS[moment.local.month - 1],
    "D": lambda moment: str(moment.local.day),
    "DD": lambda moment: f"{moment.local.day:02d}",
    "EEE": lambda moment: _DAYS[moment.local.weekday()][:3],
    "EEEE": lambda moment: _DAYS[moment.local.weekday()],
    "h": lambda moment: str(moment.local.hour),
    "hh": lambda moment: f"{moment.local.hour:02d}",
    "H": lambda moment: str(_twelve(moment)),
    "HH": lambda moment: f"{_twelve(moment):02d}",
    "aa": lambda moment: "am" if moment.local.hour < _NOON else "pm",
    "AA": lambda moment: "AM" if moment.local.hour < _NOON else "PM",
    "m": lambda moment: str(moment.local.minute),
    "mm": lambda moment: f"{moment.local.minute:02d}",
    "s": lambda moment: str(moment.local.second),
    "ss": lambda moment: f"{moment.local.second:02d}",
    "Z": lambda moment: moment.offset_text(":") if moment.offset_minutes else "Z",
    "ZZZ": lambda moment: moment.offset_text("") if moment.offset_minutes else "UTC",
    "ZZZZ": lambda moment: moment.offset_text(""),
    "ZZZZZ": lambda moment: moment.offset_text(":"),
}


def _twelve(moment: Moment) -> int:
    return (moment.local.hour - 1) % _NOON + 1


@declare("formatdate", text, text)
def format_date(layout: str, time: str) -> Value:
    moment = _timestamp(time, argument=1)
    return "".join(_shown(found.group(), moment) for found in _TOKEN.finditer(layout))


def _shown(piece: str, moment: Moment) -> str:
    if piece.startswith("'"):
        if piece == "'":
            raise FunctionError("Unterminated literal: a single quote has no partner.", argument=0)
        if piece == "''":
            return "'"
        return piece[1:-1].replace("''", "'")
    if not (piece[0].isascii() and piece[0].isalpha()):
        return piece
    if piece not in _VERBS:
        known = [verb for verb in _VERBS if verb[0] == piece[0]]
        hint = f": it must be {' or '.join(known)}" if known else ": put literal letters between single quotes"
        raise FunctionError(f'Invalid date format verb "{piece}"{hint}.', argument=0)
    return _VERBS[piece](moment)


@declare("timeadd", text, text)
def time_add(time: str, duration: str) -> Value:
    moment = _timestamp(time, argument=0)
    try:
        return str(moment.later(parse_duration(duration)))
    except FunctionError as error:
        raise FunctionError(error.message, argument=1) from None


@declare("timecmp", text, text)
def time_compare(left: str, right: str) -> Value:
    """Return -1, 0 or 1: the first is before, at, or after the second."""
    first, second = _timestamp(left, argument=0).order, _timestamp(right, argument=1).order
    return (first > second) - (first < second)


def _timestamp(value: str, *, argument: int) -> Moment:
    try:
        return parse_timestamp(value)
    except FunctionError as error:
        raise FunctionError(error.message, argument=argument) from None


def clock_functions(now: datetime) -> tuple[Function, ...]:
    """Return timestamp and plantimestamp, which both give this instant, in UTC."""
    instant = str(Moment(local=now.astimezone(UTC).replace(microsecond=0)))

    @declare("timestamp")
    def timestamp() -> Value:
        return instant

    @declare("plantimestamp")
    def plan_timestamp() -> Value:
        return instant

    return (timestamp, plan_timestamp)
