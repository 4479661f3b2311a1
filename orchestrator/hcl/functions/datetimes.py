"""Functions over dates and times."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.functions.rfc3339 import Moment, parse_duration, parse_timestamp
from orchestrator.hcl.values import Value

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
