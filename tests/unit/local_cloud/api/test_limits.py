"""Token buckets and quotas, without waiting."""

from datetime import UTC, datetime

import pytest

from orchestrator.local_cloud.api.limits import (
    Limiter,
    Plan,
    Quota,
    QuotaCounter,
    Throttle,
    TokenBucket,
    Verdict,
    period_begin,
)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rate", "burst", "requests", "allowed"),
    [
        # (seconds, how many) in order -> how many pass each time
        (1000, 2000, [(0, 3000)], [2000]),
        (1000, 2000, [(0, 2000), (0.5, 3000)], [2000, 500]),
        (1000, 2000, [(0, 2000), (1, 1001)], [2000, 1000]),
        (1000, 2000, [(0, 2000), (3600, 9000)], [2000, 2000]),
        (10, 1, [(0, 5), (0.05, 1), (0.1, 5)], [1, 0, 1]),
        (0, 3, [(0, 5), (1e6, 5)], [3, 0]),
        (1, 1, [(10, 1), (5, 1), (10.5, 1), (11, 1)], [1, 0, 0, 1]),
    ],
    ids=[
        "burst",
        "half a second",
        "a second",
        "never more than the burst",
        "spaced",
        "no rate",
        "a clock that jumps back",
    ],
)
def test_b6_a_bucket_lets_through_its_burst_and_then_its_rate(rate, burst, requests, allowed):
    bucket = TokenBucket(Throttle(rate=rate, burst=burst), now=0)
    assert [sum(bucket.take(now) for _ in range(count)) for now, count in requests] == allowed


@pytest.mark.parametrize(
    ("before", "used", "after", "left"),
    [(10, 4, 20, 16), (10, 4, 5, 1), (10, 9, 5, 0), (10, 0, 3, 3)],
)
def test_a_bucket_of_another_size_keeps_what_was_used(before, used, after, left):
    bucket = TokenBucket(Throttle(rate=0, burst=before), now=0)
    assert sum(bucket.take(0) for _ in range(used)) == used
    bucket.resize(Throttle(rate=0, burst=after), 1)
    assert sum(bucket.take(1) for _ in range(30)) == left


@pytest.mark.parametrize(
    ("period", "offset", "now", "begin"),
    [
        ("DAY", 0, "2026-11-22T23:59:59", "2026-11-22"),
        ("WEEK", 0, "2026-11-22T00:00:00", "2026-11-22"),
        ("WEEK", 0, "2026-11-28T12:00:00", "2026-11-22"),
        ("WEEK", 1, "2026-11-22T12:00:00", "2026-11-16"),
        ("WEEK", 6, "2026-11-28T12:00:00", "2026-11-28"),
        ("MONTH", 0, "2026-11-22T12:00:00", "2026-11-01"),
        ("MONTH", 27, "2026-11-22T12:00:00", "2026-10-28"),
        ("MONTH", 27, "2026-03-01T00:00:00", "2026-02-28"),
        ("MONTH", 4, "2026-01-02T00:00:00", "2025-12-05"),
    ],
)
def test_periods_begin_at_midnight_utc(period, offset, now, begin):
    assert period_begin(Quota(limit=1, period=period, offset=offset), utc(now)) == utc(begin)


def test_a_quota_begins_anew_with_its_period_and_counts_no_refusal():
    counter, quota = QuotaCounter(), Quota(limit=2, period="DAY")
    assert [counter.take(quota, utc("2026-11-22T10:00")) for _ in range(4)] == [True, True, False, False]
    assert counter.used == 2
    assert counter.take(Quota(limit=3, period="DAY"), utc("2026-11-22T11:00"))
    assert counter.take(quota, utc("2026-11-23T00:00"))
    assert counter.used == 1


@pytest.fixture
def clock():
    return {"now": 0.0, "today": utc("2026-11-22T10:00")}


@pytest.fixture
def limiter(clock):
    return Limiter(clock=lambda: clock["now"], today=lambda: clock["today"])


def test_b6_each_key_has_a_bucket_of_its_own_in_each_plan(limiter):
    plan, other = (Plan(id=name, throttle=Throttle(rate=1, burst=1)) for name in ("a", "b"))
    asked = [(plan, "k1"), (plan, "k1"), (plan, "k2"), (other, "k1"), (other, "k1")]
    assert [limiter.admit(*pair).name for pair in asked] == ["ALLOWED", "THROTTLED", "ALLOWED", "ALLOWED", "THROTTLED"]


def test_a_throttled_request_does_not_use_up_the_quota(limiter, clock):
    plan = Plan(id="p", throttle=Throttle(rate=1, burst=1), quota=Quota(limit=2, period="MONTH"))
    verdicts = []
    for second in (0, 0, 1, 2):
        clock["now"] = float(second)
        verdicts.append(limiter.admit(plan, "k"))
    assert verdicts == [Verdict.ALLOWED, Verdict.THROTTLED, Verdict.ALLOWED, Verdict.QUOTA_EXCEEDED]
    clock |= {"now": 9.0, "today": utc("2026-12-01T00:00")}
    assert limiter.admit(plan, "k") is Verdict.ALLOWED


def test_a_plan_that_is_changed_takes_effect_at_once(limiter):
    assert limiter.admit(Plan(id="p", throttle=Throttle(rate=0, burst=1)), "k") is Verdict.ALLOWED
    assert limiter.admit(Plan(id="p", throttle=Throttle(rate=0, burst=1)), "k") is Verdict.THROTTLED
    assert limiter.admit(Plan(id="p", throttle=Throttle(rate=0, burst=2)), "k") is Verdict.ALLOWED
    assert limiter.admit(Plan(id="p"), "k") is Verdict.ALLOWED
