"""Schedule expressions of rules: ``rate(5 minutes)`` and ``cron(0 12 * * ? *)``."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.local_cloud.events.cron import Cron, ScheduleError, parse_cron

_RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
_LONGEST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Fires again and again; the count begins when the rule is created."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the time an interval later; None beyond the last year of the calendar."""
        try:
            return moment + self.interval
        except OverflowError:
            return None


def parse_schedule(expression: str) -> Cron | Rate:
    """Parse an expression, or raise ScheduleError if EventBridge would not accept it."""
    if len(expression) > _LONGEST:
        raise ScheduleError(f"the expression has more than {_LONGEST} characters")
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
