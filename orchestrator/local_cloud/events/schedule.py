"""Schedule expressions of rules: ``rate(5 minutes)`` and ``cron(0 12 * * ? *)``."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from orchestrator.local_cloud.events.cron import ScheduleError, parse_cron

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")


class Schedule(Protocol):
    """When a rule fires."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Fires again and again; the count begins when the rule is made."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """An interval later."""
        return moment + self.interval


def parse_schedule(expression: str) -> Schedule:
    """Reads an expression.

    Raises:
        ScheduleError: it is none that EventBridge takes.

    """
    cron = _CRON.fullmatch(expression)
    if cron is not None:
        return parse_cron(cron[1])
    rate = _RATE.fullmatch(expression)
    if rate is None:
        raise ScheduleError(f"{expression} is neither rate(value unit) nor cron(fields)")
    value = int(rate[1])
    if value < 1 or (value == 1) == bool(rate[3]):
        raise ScheduleError(f"{expression}: the value is positive, and the unit is singular for 1 only")
    return Rate(interval=timedelta(**{f"{rate[2]}s": value}))
