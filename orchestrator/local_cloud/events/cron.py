"""Cron expressions of EventBridge: minutes, hours, day of month, month, day of week, year; in UTC.

Source: EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)": one of the two days is a
question mark, weeks begin on Sunday with 1, and ``L``, ``W`` and ``#`` name days that depend on the month.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = 6
_NUMBER = re.compile(r"[0-9]{1,4}")
_STEP = re.compile(r"0{0,3}[1-9][0-9]{0,3}")
_NEAREST = re.compile(r"(\d{1,2})W")
_LAST_OF = re.compile(r"(\w+)L")
_NTH_OF = re.compile(r"(\w+)#([1-5])")


class ScheduleError(ValueError):
    """An expression that EventBridge would not accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A parsed expression: numbers in ascending order, and a "?" for the day that the other field decides."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: str
    months: tuple[int, ...]
    week_days: str
    years: tuple[int, ...]

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first minute after a moment at which it fires; None if there is none."""
        earliest = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in self._days_from(earliest.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if found >= earliest:
                        return found
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in self.years:
            for month in self.months:
                if (year, month) >= (first.year, first.month):
                    yield from (day for day in self.days(year, month) if day >= first)

    def days(self, year: int, month: int) -> list[date]:
        """List the days of a month on which it fires."""
        field, days_of = (self.month_days, _month_days) if self.week_days == "?" else (self.week_days, _week_days)
        found = {day for item in field.split(",") for day in days_of(item, year, month)}
        return [date(year, month, day) for day in sorted(found)]


def parse_cron(fields: str) -> Cron:
    """Parse the fields between the parentheses of ``cron(...)``, or raise ScheduleError."""
    given = fields.upper().split()
    if len(given) != _FIELDS:
        raise ScheduleError(f"cron({fields}) has {len(given)} fields; there must be {_FIELDS}")
    minutes, hours, month_days, months, week_days, years = given
    if (month_days == "?") == (week_days == "?"):
        raise ScheduleError(f"cron({fields}): exactly one of day of month and day of week must be ?")
    parsed = Cron(
        minutes=_values(minutes, 0, 59),
        hours=_values(hours, 0, 23),
        month_days=month_days,
        months=_values(months, 1, 12, _MONTHS),
        week_days=week_days,
        years=_values(years, 1970, 2199),
    )
    # An error in a field of days must show now, and not months later.
    parsed.days(2024, 1)
    return parsed


def _values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> tuple[int, ...]:
    """List the numbers of a field: lists of numbers, ranges, ``*``, and any of these with a step."""
    found: set[int] = set()
    for item in field.split(","):
        span, slash, step = item.partition("/")
        first, dash, last = span.partition("-")
        if slash and not _STEP.fullmatch(step):
            raise ScheduleError(f"{item} has no step")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, low, high, names)
            end = _number(last, low, high, names) if dash else (high if slash else begin)
        if begin > end:
            raise ScheduleError(f"{item} ends before it begins")
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return tuple(sorted(found))


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    number = names.index(text) + low if text in names else int(text) if _NUMBER.fullmatch(text) else -1
    if not low <= number <= high:
        raise ScheduleError(f"{text or 'nothing'} is not between {low} and {high}")
    return number


def _month_days(item: str, year: int, month: int) -> list[int]:
    length = calendar.monthrange(year, month)[1]
    if item == "L":
        return [length]
    if item == "LW":
        return [_work_day(year, month, length)]
    nearest = _NEAREST.fullmatch(item)
    if nearest is not None:
        wanted = _number(nearest[1], 1, 31, ())
        return [_work_day(year, month, wanted)] if wanted <= length else []
    return [day for day in _values(item, 1, 31) if day <= length]


def _work_day(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest to a day, in the same month."""
    length = calendar.monthrange(year, month)[1]
    match date(year, month, day).weekday():
        case 5:
            return day - 1 if day > 1 else day + 2
        case 6:
            return day + 1 if day < length else day - 2
        case _:
            return day


def _week_days(item: str, year: int, month: int) -> list[int]:
    """List days of a month; EventBridge counts from Sunday as 1, Python from Monday as 0."""
    length = calendar.monthrange(year, month)[1]

    def days_of(number: int) -> list[int]:
        return [day for day in range(1, length + 1) if (date(year, month, day).weekday() + 1) % 7 == number - 1]

    if item == "L":
        return days_of(len(_DAYS))
    last, nth = _LAST_OF.fullmatch(item), _NTH_OF.fullmatch(item)
    if last is not None:
        return days_of(_number(last[1], 1, 7, _DAYS))[-1:]
    if nth is not None:
        place = int(nth[2])
        return days_of(_number(nth[1], 1, 7, _DAYS))[place - 1 : place]
    return [day for number in _values(item, 1, 7, _DAYS) for day in days_of(number)]
