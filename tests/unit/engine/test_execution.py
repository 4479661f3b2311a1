"""The executor over a schedule: events in order, failures, interrupts (C2, C5, C6)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.engine.events import ResourceFinished, ResourceStarted, RunInterrupted, UnitFinished, UnitStarted
from orchestrator.engine.execution import Execution, Interrupt, Outcome
from orchestrator.engine.ports import ResourceProgress
from orchestrator.errors import PlatformctlError
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Changes, Status

STACK = {"kms": [], "vpc": ["kms"], "s3": ["kms"], "aurora": ["vpc"], "docs": []}
DONE = Outcome(status=Status.CHANGED, changes=Changes(add=1))


def run(needs, work, *, parallelism=4, interrupt=None, stop_running=lambda: None):
    events = []
    with ThreadPoolExecutor(parallelism) as pool:
        outcomes = Execution(
            schedule=Schedule(needs),
            work=work,
            executor=pool,
            parallelism=parallelism,
            emit=events.append,
            clock=time.time,
            interrupt=Interrupt() if interrupt is None else interrupt,
            stop_running=stop_running,
        ).run()
    return outcomes, events


def test_c2_no_unit_starts_before_what_it_needs_has_ended():
    ended = []

    def work(name, _report):
        assert all(need in ended for need in STACK[name])
        ended.append(name)
        return DONE

    outcomes, events = run(STACK, work)
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(STACK, Status.CHANGED)
    names = [(type(event), event.unit) for event in events]
    for name in STACK:
        assert names.index((UnitStarted, name)) < names.index((UnitFinished, name))


def test_c2_parallelism_is_bounded_and_used():
    running, most, lock = set(), [], threading.Lock()
    both = threading.Barrier(2, timeout=10)

    def work(name, _report):
        with lock:
            running.add(name)
            most.append(len(running))
        both.wait()
        with lock:
            running.discard(name)
        return DONE

    run({name: [] for name in "abcd"}, work, parallelism=2)
    assert max(most) == 2


def test_c5_a_failure_skips_its_dependents_with_the_cause_and_the_rest_goes_on():
    def work(name, _report):
        if name == "vpc":
            raise PlatformctlError("No room", detail="The account has five VPCs.", hint="Ask for more.")
        return DONE

    outcomes, events = run(STACK, work)
    assert outcomes["vpc"].error == "No room\nThe account has five VPCs.\nAsk for more."
    assert {name: str(outcome.status) for name, outcome in outcomes.items()} == {
        "kms": "changed",
        "vpc": "failed",
        "s3": "changed",
        "aurora": "skipped",
        "docs": "changed",
    }
    (skipped,) = [event for event in events if isinstance(event, UnitFinished) and event.status is Status.SKIPPED]
    assert (skipped.unit, skipped.cause) == ("aurora", "vpc")


def test_progress_becomes_events_in_the_order_of_the_worker():
    def work(_name, report):
        report(ResourceProgress(address="aws_vpc.this", action="create"))
        report(ResourceProgress(address="aws_vpc.this", action="create", seconds=2.0))
        return DONE

    _, events = run({"vpc": []}, work)
    assert [type(event) for event in events] == [UnitStarted, ResourceStarted, ResourceFinished, UnitFinished]
    assert events[2].seconds == 2.0


def test_c6_an_interrupt_starts_nothing_new_and_lets_what_runs_finish():
    interrupt, started, stopped = Interrupt(), [], []

    def work(name, _report):
        started.append(name)
        interrupt.request()
        time.sleep(0.3)
        return DONE

    outcomes, events = run(
        {"kms": [], "vpc": ["kms"]}, work, interrupt=interrupt, stop_running=lambda: stopped.append("stop")
    )
    assert (started, stopped) == (["kms"], [])
    assert {name: str(outcome.status) for name, outcome in outcomes.items()} == {"kms": "changed", "vpc": "cancelled"}
    assert [event.waiting_for for event in events if isinstance(event, RunInterrupted)] == [("kms",)]


@pytest.mark.parametrize("requests", [[{}, {}], [{"urgent": True}]], ids=["twice", "urgently"])
def test_c6_an_urgent_interrupt_asks_running_work_to_stop(requests):
    interrupt, asked, started = Interrupt(), threading.Event(), []

    def work(name, _report):
        started.append(name)
        for options in requests:
            interrupt.request(**options)
        assert asked.wait(10), "the running work was never asked to stop"
        return Outcome(status=Status.CANCELLED)

    outcomes, events = run({"kms": [], "vpc": ["kms"]}, work, interrupt=interrupt, stop_running=asked.set)
    assert started == ["kms"]
    assert {str(outcome.status) for outcome in outcomes.values()} == {"cancelled"}
    assert [event.waiting_for for event in events if isinstance(event, RunInterrupted)] == [("kms",)]


def test_a_defect_in_a_worker_fails_its_unit_and_says_so():
    def work(_name, _report):
        raise KeyError("nope")

    outcomes, _ = run({"kms": []}, work)
    assert outcomes["kms"].status is Status.FAILED
    assert "nope" in outcomes["kms"].error


def test_what_is_not_an_exception_is_not_swallowed():
    def work(_name, _report):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run({"kms": []}, work)


def test_c6_what_ends_well_during_an_interrupt_counts_and_its_dependents_are_cancelled_not_skipped():
    interrupt, asked, calls = Interrupt(), threading.Event(), []

    def work(_name, _report):
        interrupt.request(urgent=True)
        assert asked.wait(10)
        return DONE

    def stop():
        calls.append("stop")
        asked.set()

    outcomes, events = run({"kms": [], "vpc": ["kms"], "api": ["vpc"]}, work, interrupt=interrupt, stop_running=stop)
    assert {name: str(outcome.status) for name, outcome in outcomes.items()} == {
        "kms": "changed",
        "vpc": "cancelled",
        "api": "cancelled",
    }
    assert calls == ["stop"]
    assert isinstance(events[-1], UnitFinished)
    assert events[-1].unit == "kms"


def test_c6_an_interrupt_before_anything_starts_runs_nothing():
    interrupt, started = Interrupt(), []
    interrupt.request()
    outcomes, events = run(STACK, lambda name, _report: started.append(name), interrupt=interrupt)
    assert started == []
    assert {outcome.status for outcome in outcomes.values()} == {Status.CANCELLED}
    assert isinstance(events[0], RunInterrupted)
    assert events[0].waiting_for == ()


def test_c5_a_unit_behind_several_failures_is_told_of_once():
    def work(name, _report):
        raise PlatformctlError(f"{name} broke")

    outcomes, events = run({"a": [], "b": [], "c": ["a", "b"], "d": ["c"]}, work)
    finished = [event for event in events if isinstance(event, UnitFinished)]
    assert sorted(event.unit for event in finished) == ["a", "b", "c", "d"]
    (skipped,) = {event.cause for event in finished if event.status is Status.SKIPPED}
    assert skipped in {"a", "b"}
    assert outcomes["d"].status is Status.SKIPPED


def test_seconds_are_counted_from_the_start_of_the_unit_by_the_given_clock():
    now = [100.0]

    def tick():
        now[0] += 1.5
        return now[0]

    events = []
    with ThreadPoolExecutor(1) as pool:
        Execution(
            schedule=Schedule({"kms": []}),
            work=lambda _name, _report: DONE,
            executor=pool,
            parallelism=1,
            emit=events.append,
            clock=tick,
            interrupt=Interrupt(),
            stop_running=lambda: None,
        ).run()
    assert [(event.time, getattr(event, "seconds", None)) for event in events] == [(101.5, None), (103.0, 1.5)]
