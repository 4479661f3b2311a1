"""Limits of a usage plan for each API key: requests per second with bursts, and requests per day, week or month.

Source: API Gateway Developer Guide, "Throttle requests to your REST APIs" (a token bucket: the rate fills it, the burst is its size) and "Usage plans and
API keys" (limits belong to a key, over all stages of the plan).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from threading import Lock
from time import monotonic
from typing import Literal

Period = Literal["DAY", "WEEK", "MONTH"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The size of a token bucket (the burst), and the tokens per second that fill it (the rate)."""

    rate: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Requests of one period.

    Attributes:
        offset: days by which a week begins after Sunday, or a month after its first day.

    """

    limit: int
    period: Period
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A usage plan; it limits nothing without a throttle or a quota."""

    id: str
    throttle: Throttle | None = None
    quota: Quota | None = None


class Verdict(Enum):
    """The plan's decision on one request."""

    ALLOWED = "allowed"
    THROTTLED = "throttled"
    QUOTA_EXCEEDED = "quota exceeded"


class TokenBucket:
    """Lets requests through while it has tokens; not safe for threads by itself."""

    __slots__ = ("_seen", "_tokens", "throttle")

    def __init__(self, throttle: Throttle, now: float) -> None:
        self.throttle = throttle
        self._tokens = throttle.burst
        self._seen = now

    def take(self, now: float) -> bool:
        """Take one token; false when there is none."""
        gained = (now - self._seen) * self.throttle.rate
        self._tokens = min(self.throttle.burst, self._tokens + max(0.0, gained))
        self._seen = max(self._seen, now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def resize(self, throttle: Throttle, now: float) -> None:
        """Continue with another size and rate; what was used stays used."""
        used = self.throttle.burst - min(self.throttle.burst, self._tokens + (now - self._seen) * self.throttle.rate)
        self.throttle, self._seen = throttle, now
        self._tokens = max(0.0, throttle.burst - used)


class QuotaCounter:
    """Counts the requests of the current period; not safe for threads by itself."""

    __slots__ = ("_begin", "used")

    def __init__(self) -> None:
        self._begin: datetime | None = None
        self.used = 0

    def take(self, quota: Quota, now: datetime) -> bool:
        """Count one request; false, and not counted, when the quota of the period is used up."""
        begin = period_begin(quota, now)
        if begin != self._begin:
            self._begin, self.used = begin, 0
        if self.used >= quota.limit:
            return False
        self.used += 1
        return True


def period_begin(quota: Quota, now: datetime) -> datetime:
    """Compute when, in UTC, the period of a moment began."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match quota.period:
        case "DAY":
            return day
        case "WEEK":
            # Python's weeks begin on Monday.
            return day - timedelta(days=(day.weekday() + 1 - quota.offset) % 7)
        case "MONTH":
            this = day.replace(day=1 + quota.offset)
            return this if this <= day else (day.replace(day=1) - timedelta(days=1)).replace(day=1 + quota.offset)


@dataclass(slots=True)
class _Usage:
    bucket: TokenBucket | None = None
    counter: QuotaCounter = field(default_factory=QuotaCounter)


class Limiter:
    """The buckets and counters of all keys, for any number of threads; the clocks can be replaced in tests."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, today: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._clock = clock
        self._today = today
        self._usages: dict[tuple[str, str], _Usage] = {}
        self._lock = Lock()

    def admit(self, plan: Plan, key_id: str) -> Verdict:
        """Decide on one request of a key, and count it; a throttled request does not use up the quota."""
        with self._lock:
            usage = self._usages.setdefault((plan.id, key_id), _Usage())
            if not self._passes(usage, plan.throttle):
                return Verdict.THROTTLED
            if plan.quota is not None and not usage.counter.take(plan.quota, self._today()):
                return Verdict.QUOTA_EXCEEDED
            return Verdict.ALLOWED

    def _passes(self, usage: _Usage, throttle: Throttle | None) -> bool:
        if throttle is None:
            usage.bucket = None
            return True
        now = self._clock()
        if usage.bucket is None:
            usage.bucket = TokenBucket(throttle, now)
        elif usage.bucket.throttle != throttle:
            usage.bucket.resize(throttle, now)
        return usage.bucket.take(now)
