"""Timestamps as senders write them, to nanoseconds since 1970."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from market.sources.maps import Unit
from market.sources.numbers import multiplied, parse_decimal
from market.trades import TIMESTAMP_EXAMPLE, InvalidTradeError, nanoseconds

_FACTORS = {Unit.SECONDS: 10**9, Unit.MILLISECONDS: 10**6, Unit.MICROSECONDS: 10**3, Unit.NANOSECONDS: 1}
_ISO = re.compile(
    r"(\d{4}-?\d\d-?\d\d[T Dt]\d\d:?\d\d(?::?\d\d)?)(?:[.,](\d{1,9})0*)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_SEPARATOR = re.compile("[ Dt]")
_CLOCK = re.compile(r"(\d\d):?(\d\d):?(\d\d)[.,]?(\d{0,9})", re.ASCII)
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)
_END = 2**63
"""What no longer fits into 64 bits."""


def to_nanoseconds(value: Any, units: tuple[Unit, ...], *, day: str | None, zone: ZoneInfo | None) -> int:
    """Convert a timestamp.

    Raises:
        InvalidTradeError: it is not written in any of the units.

    """
    if isinstance(value, str) and Unit.ISO in units and "-" in value[1:]:
        # By far the most frequent, and no number.
        return _from_iso(value.strip(), zone)
    number = parse_decimal(value)
    for unit in units:
        if unit is Unit.ISO:
            # Twelve digits and more without a separator are a number.
            if number is None:
                return _from_iso(str(value).strip(), zone)
        elif unit in {Unit.MIDNIGHT, Unit.CLOCK}:
            return _from_day(value, unit, day, zone)
        elif number is not None:
            factor = _factor_of_size(abs(int(number))) if unit is Unit.EPOCH else _FACTORS[unit]
            return _checked(_whole(value, factor))
    raise InvalidTradeError(f"timestamp must be written as {' or '.join(units)}")


def _factor_of_size(number: int) -> int:
    """Tell seconds, milliseconds, microseconds and nanoseconds since 1970 apart; holds from 1973 to 5138."""
    for limit, factor in ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3)):
        if number < limit:
            return factor
    return 1


def _whole(value: Any, factor: int) -> int:
    """Return a number times a factor as whole nanoseconds; what is finer is cut off, as clocks do."""
    number = parse_decimal(value)
    if number is None:
        raise InvalidTradeError("timestamp must be a number")
    return int(multiplied(number, Decimal(factor)))


def _checked(timestamp: int) -> int:
    if not 0 <= timestamp < _END:
        raise InvalidTradeError("timestamp lies before 1970 or after 2261: its unit is another one")
    return timestamp


def _from_iso(text: str, zone: ZoneInfo | None) -> int:
    found = _ISO.fullmatch(text)
    if found is None:
        raise InvalidTradeError(f"timestamp must be ISO 8601, such as {TIMESTAMP_EXAMPLE}")
    whole, fraction, offset = found.groups()
    return _second(whole, offset, zone) + (int(fraction.ljust(9, "0")) if fraction else 0)


@lru_cache(maxsize=4096)
def _second(whole: str, offset: str | None, zone: ZoneInfo | None) -> int:
    """Return a whole second in nanoseconds: few of them, for many trades."""
    if offset is None and zone is None:
        raise InvalidTradeError("timestamp says no time zone: end it with Z or an offset, or set zone in the map")
    try:
        # One spelling: a T between day and time, and no zone or an offset.
        moment = datetime.fromisoformat(f"{_SEPARATOR.sub('T', whole)}{(offset or '').upper()}")
        moment = (moment if offset else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTradeError("timestamp is no moment of the calendar") from None
    return _checked(nanoseconds(moment))


def _from_day(value: Any, unit: Unit, day: str | None, zone: ZoneInfo | None) -> int:
    """Convert a time of day, which is wall time in its zone."""
    found = _DAY.fullmatch(day or "")
    if found is None:
        raise InvalidTradeError(
            "timestamp is a time of day, and neither the file's name nor the metadata says which day"
        )
    if unit is Unit.CLOCK:
        clock = _CLOCK.fullmatch(str(value).strip())
        if clock is None:
            raise InvalidTradeError("timestamp must be HHMMSS and a fraction, such as 093000123456789")
        hours, minutes, seconds, fraction = clock.groups()
        since_midnight = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10**9 + int(f"{fraction:0<9}")
    else:
        since_midnight = _whole(value, 10**9)
    if not 0 <= since_midnight < 86_400 * 10**9:
        raise InvalidTradeError("timestamp must lie within its day")
    whole, rest = divmod(since_midnight, 10**9)
    try:
        midnight = datetime.combine(date(*map(int, found.groups())), time())
        moment = (midnight + timedelta(seconds=whole)).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTradeError("timestamp is no moment of the calendar") from None
    return _checked(nanoseconds(moment) + rest)
