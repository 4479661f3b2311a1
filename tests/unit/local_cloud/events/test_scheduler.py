"""Schedules under a clock that the test sets."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from orchestrator.local_cloud.events.cron import ScheduleError
from orchestrator.local_cloud.events.schedule import parse_schedule
from orchestrator.local_cloud.events.scheduler import Scheduled, Scheduler

START = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(2 days)", 172800)],
)
def test_a_rate_counts_from_the_last_time(expression, seconds):
    assert parse_schedule(expression).next_after(START) == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "rate(-1 hours)",
        "every 5 minutes",
        "",
        "rate(9999999999 days)",
        "rate(\u0665 minutes)",
        f"cron({'* ' * 300})",
    ],
)
def test_invalid_schedules_are_refused(expression):
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


class World:
    def __init__(self):
        self.now = START
        self.rules = []
        self.fired = []
        self.broken = set()
        self.scheduler = Scheduler(lambda: self.rules, self.fire, clock=lambda: self.now)

    def fire(self, arn, time):
        if arn in self.broken:
            raise RuntimeError("no target")
        self.fired.append((arn, (time - START).total_seconds()))

    def run(self, *seconds):
        for second in seconds:
            self.now = START + timedelta(seconds=second)
            self.scheduler.look()


@pytest.fixture
def world():
    return World()


def test_rules_fire_when_they_are_due_and_once(world):
    world.rules = [Scheduled("rate", "rate(1 minute)"), Scheduled("cron", "cron(* * * * ? *)")]
    world.run(0, 29, 30, 31, 59, 60, 61, 90)
    assert world.fired == [("cron", 30), ("rate", 60), ("cron", 90)]


def test_missed_times_fire_once_and_the_rhythm_stays(world):
    world.rules = [Scheduled("rate", "rate(1 minute)")]
    world.run(0, 200, 239, 240)
    assert world.fired == [("rate", 60), ("rate", 240)]


def test_a_rule_that_was_disabled_counts_anew(world):
    world.rules = rules = [Scheduled("rate", "rate(1 minute)")]
    world.run(0, 59)
    world.rules = []
    world.run(60)
    world.rules = rules
    world.run(61, 120)
    assert world.fired == []
    world.run(121)
    assert world.fired == [("rate", 121)]


def test_a_schedule_that_is_changed_counts_anew(world):
    world.rules = [Scheduled("rule", "rate(1 minute)")]
    world.run(0, 50)
    world.rules = [Scheduled("rule", "rate(1 hour)")]
    world.run(60, 3000)
    assert world.fired == []


def test_a_rule_that_fails_or_is_invalid_does_not_stop_others(world, caplog):
    world.rules = [Scheduled(name, "rate(1 minute)") for name in ("bad", "good")] + [Scheduled("odd", "rate(x)")]
    world.broken = {"bad"}
    world.run(0, 60)
    assert world.fired == [("good", 60)]
    assert "bad could not be fired" in caplog.text
    assert "odd never fires" in caplog.text


def test_a_rate_beyond_the_calendar_never_fires(world):
    world.rules = [Scheduled("rare", "rate(999999999 days)")]
    world.run(0, 60)
    assert world.fired == []


def test_the_last_time_is_the_last(world):
    world.rules = [Scheduled("once", "cron(1 10 22 11 ? 2026)")]
    world.run(0, 30, 60, 90)
    assert world.fired == [("once", 30)]


def test_the_thread_looks_by_itself(world):
    looked = Event()

    def rules():
        looked.set()
        return []

    scheduler = Scheduler(rules, world.fire, pause=0.01)
    scheduler.start()
    scheduler.start()
    assert looked.wait(20)
    scheduler.stop()
