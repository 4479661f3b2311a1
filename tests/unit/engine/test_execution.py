"""The executor over a schedule: events in order, failures, interrupts (C2, C5, C6)."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.engine import events
from orchestrator.engine.execution import POLL_SECONDS, Execution, Interrupt, Outcome
from orchestrator.engine.ports import ResourceProgress, Retrying
from orchestrator.errors import PlatformctlError
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Changes, Status

STACK = {"kms": [], "vpc": ["kms"], "s3": ["kms"], "aurora": ["vpc"], "docs": []}
DONE = Outcome(status=Status.CHANGED, changes=Changes(add=1))


def run(
    needs, work, *, parallelism=4, interrupt=None, stop_running=lambda: None, hear=None, clock=time.time, **settings
):
    """Runs it; ``hear`` is told every event in the thread that owns the schedule."""
    emitted = []

    def emit(event):
        emitted.append(event)
        if hear is not None:
            hear(event)

    with ThreadPoolExecutor(parallelism) as pool:
        outcomes = Execution(
            schedule=Schedule(needs),
            work=work,
            executor=pool,
            parallelism=parallelism,
            emit=emit,
            clock=clock,
            interrupt=Interrupt() if interrupt is None else interrupt,
            stop_running=stop_running,
            **settings,
        ).run()
    return outcomes, emitted


def statuses(outcomes):
    return {name: str(outcome.status) for name, outcome in outcomes.items()}


CANCELLED = Outcome(status=Status.CANCELLED)
TWICE = ({}, {})
URGENT = ({"urgent": True},)


def interrupting(interrupt, requests, *, until=None, ends=DONE, pause=0.0):
    """Work that requests interrupts, waits for something, and ends."""

    def work(_name, _report):
        for options in requests:
            interrupt.request(**options)
        if until is not None:
            assert until.wait(10), "what the work waits for never came"
        time.sleep(pause)
        return ends

    return work


def test_c2_no_unit_starts_before_what_it_needs_has_ended():
    ended = []

    def work(name, _report):
        assert all(need in ended for need in STACK[name])
        ended.append(name)
        return DONE

    outcomes, emitted = run(STACK, work)
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys(STACK, Status.CHANGED)
    names = [(type(event), event.unit) for event in emitted]
    for name in STACK:
        assert names.index((events.UnitStarted, name)) < names.index((events.UnitFinished, name))


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

    outcomes, emitted = run(STACK, work)
    assert outcomes["vpc"].error == "No room\nThe account has five VPCs.\nAsk for more."
    assert statuses(outcomes) == {
        "kms": "changed",
        "vpc": "failed",
        "s3": "changed",
        "aurora": "skipped",
        "docs": "changed",
    }
    (skipped,) = [
        event for event in emitted if isinstance(event, events.UnitFinished) and event.status is Status.SKIPPED
    ]
    assert (skipped.unit, skipped.cause) == ("aurora", "vpc")


def test_progress_becomes_events_in_the_order_of_the_worker():
    def work(_name, report):
        report(ResourceProgress(address="aws_vpc.this", action="create"))
        report(ResourceProgress(address="aws_vpc.this", action="create", seconds=2.0))
        return DONE

    _, emitted = run({"vpc": []}, work)
    assert [type(event) for event in emitted] == [
        events.UnitStarted,
        events.ResourceStarted,
        events.ResourceFinished,
        events.UnitFinished,
    ]
    assert emitted[2].seconds == 2.0


def test_c6_an_interrupt_starts_nothing_new_and_lets_what_runs_finish():
    interrupt, started, stopped = Interrupt(), [], []

    def work(name, _report):
        started.append(name)
        interrupt.request()
        time.sleep(0.3)
        return DONE

    outcomes, emitted = run(
        {"kms": [], "vpc": ["kms"]}, work, interrupt=interrupt, stop_running=lambda: stopped.append("stop")
    )
    assert (started, stopped) == (["kms"], [])
    assert statuses(outcomes) == {"kms": "changed", "vpc": "cancelled"}
    assert [event.waiting_for for event in emitted if isinstance(event, events.RunInterrupted)] == [("kms",)]


@pytest.mark.parametrize("requests", [TWICE, URGENT], ids=["twice", "urgently"])
def test_c6_an_urgent_interrupt_asks_running_work_to_stop(requests):
    interrupt, asked = Interrupt(), threading.Event()
    work = interrupting(interrupt, requests, until=asked, ends=CANCELLED)
    outcomes, emitted = run({"kms": [], "vpc": ["kms"]}, work, interrupt=interrupt, stop_running=asked.set)
    assert statuses(outcomes) == {"kms": "cancelled", "vpc": "cancelled"}
    assert [event.unit for event in emitted if isinstance(event, events.UnitStarted)] == ["kms"]
    assert [event.waiting_for for event in emitted if isinstance(event, events.RunInterrupted)] == [("kms",)]


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

    def stop():
        calls.append("stop")
        asked.set()

    work = interrupting(interrupt, URGENT, until=asked)
    outcomes, emitted = run({"kms": [], "vpc": ["kms"], "api": ["vpc"]}, work, interrupt=interrupt, stop_running=stop)
    assert statuses(outcomes) == {"kms": "changed", "vpc": "cancelled", "api": "cancelled"}
    assert calls == ["stop"]
    assert isinstance(emitted[-1], events.UnitFinished)
    assert emitted[-1].unit == "kms"


def test_c6_an_interrupt_before_anything_starts_runs_nothing():
    interrupt, started = Interrupt(), []
    interrupt.request()
    outcomes, emitted = run(STACK, lambda name, _report: started.append(name), interrupt=interrupt)
    assert started == []
    assert {outcome.status for outcome in outcomes.values()} == {Status.CANCELLED}
    assert isinstance(emitted[0], events.RunInterrupted)
    assert emitted[0].waiting_for == ()


def test_c5_a_unit_behind_several_failures_is_told_of_once():
    def work(name, _report):
        raise PlatformctlError(f"{name} broke")

    outcomes, emitted = run({"a": [], "b": [], "c": ["a", "b"], "d": ["c"]}, work)
    finished = [event for event in emitted if isinstance(event, events.UnitFinished)]
    assert sorted(event.unit for event in finished) == ["a", "b", "c", "d"]
    (skipped,) = {event.cause for event in finished if event.status is Status.SKIPPED}
    assert skipped in {"a", "b"}
    assert outcomes["d"].status is Status.SKIPPED


def test_seconds_are_counted_from_the_start_of_the_unit_by_the_given_clock():
    ticks = itertools.count(start=101.5, step=1.5)
    _, emitted = run({"kms": []}, lambda _name, _report: DONE, clock=lambda: next(ticks))
    assert [(event.time, getattr(event, "seconds", None)) for event in emitted] == [(101.5, None), (103.0, 1.5)]


REFUSED = Outcome(status=Status.FAILED, error="Its plan exceeds the approved one.", stops_run=True)


def test_c5_a_refused_plan_stops_the_run_and_what_runs_goes_on_to_its_end():
    """kms is refused while docs, the other one with a unit behind it, is at work; there is room for late, which must not start."""
    stopped, at_work = threading.Event(), threading.Event()
    interrupted = []

    def work(name, _report):
        if name == "kms":
            assert at_work.wait(10)
            return REFUSED
        at_work.set()
        assert stopped.wait(10), "the run was never stopped"
        return DONE

    outcomes, emitted = run(
        {"kms": [], "docs": [], "s3": ["docs"], "vpc": ["kms"], "late": []},
        work,
        parallelism=2,
        hear=lambda event: stopped.set() if isinstance(event, events.RunStopped) else None,
        stop_running=lambda: interrupted.append("stop"),
    )
    assert statuses(outcomes) == {
        "docs": "changed",
        "kms": "failed",
        "late": "cancelled",
        "s3": "cancelled",
        "vpc": "skipped",
    }
    assert interrupted == [], "nobody is cut short"
    (stop,) = [event for event in emitted if isinstance(event, events.RunStopped)]
    assert (stop.unit, stop.waiting_for) == ("kms", ("docs",))
    told = [(event.unit, str(event.status), event.cause) for event in emitted if isinstance(event, events.UnitFinished)]
    assert told == [
        ("kms", "failed", ""),
        ("vpc", "skipped", "kms"),
        ("late", "cancelled", ""),
        ("s3", "cancelled", ""),
        ("docs", "changed", ""),
    ]


def test_c5_several_refused_plans_stop_the_run_once():
    together = threading.Barrier(2, timeout=10)

    def work(_name, _report):
        together.wait()
        return REFUSED

    outcomes, emitted = run({"a": [], "b": [], "c": ["a"], "d": []}, work, parallelism=2)
    assert statuses(outcomes)["d"] == "cancelled"
    assert [type(event) for event in emitted].count(events.RunStopped) == 1


def test_c6_ctrl_c_after_a_refused_plan_cancels_nothing_twice():
    interrupt, stopped = Interrupt(), threading.Event()

    def hear(event):
        if isinstance(event, events.RunStopped):
            interrupt.request()
            stopped.set()

    def work(name, _report):
        if name == "kms":
            return REFUSED
        assert stopped.wait(10)
        return DONE

    outcomes, emitted = run({"kms": [], "docs": [], "s3": ["docs"]}, work, interrupt=interrupt, hear=hear)
    assert statuses(outcomes) == {"kms": "failed", "docs": "changed", "s3": "cancelled"}
    assert sorted(event.unit for event in emitted if isinstance(event, events.UnitFinished)) == ["docs", "kms", "s3"]


class Question:
    """Asked whether to cut running work short: answers as it is told, and notes what it was told runs.

    ``asked`` may be waited for; ``meanwhile`` is called while the question stands.
    """

    def __init__(self, *answers, meanwhile=lambda: None):
        self.answers = list(answers)
        self.told = []
        self.asked = threading.Semaphore(0)
        self.meanwhile = meanwhile

    def __call__(self, running):
        self.told.append(running)
        self.meanwhile()
        answer = self.answers.pop(0)
        self.asked.release()
        return answer


def test_c6_a_second_ctrl_c_asks_and_no_goes_on_waiting():
    interrupt, question, stopped = Interrupt(), Question(False, False), []

    def work(_name, _report):
        interrupt.request()
        interrupt.request()
        assert question.asked.acquire(timeout=10)
        # "No" holds until somebody asks again.
        assert not question.asked.acquire(timeout=5 * POLL_SECONDS)
        interrupt.request()
        assert question.asked.acquire(timeout=10)
        return DONE

    outcomes, emitted = run(
        {"kms": [], "vpc": ["kms"]},
        work,
        interrupt=interrupt,
        confirm=question,
        stop_running=lambda: stopped.append("stop"),
    )
    assert question.told == [("kms",), ("kms",)]
    assert stopped == []
    assert not interrupt.is_urgent
    assert statuses(outcomes) == {"kms": "changed", "vpc": "cancelled"}
    assert [type(event) for event in emitted].count(events.RunInterrupted) == 1


def test_c6_a_yes_cuts_short_once():
    interrupt, asked, stopped = Interrupt(), threading.Event(), []
    question = Question(True)

    def stop():
        stopped.append("stop")
        asked.set()

    def work(_name, _report):
        interrupt.request()
        interrupt.request()
        assert asked.wait(10), "yes, and the running work was never asked to stop"
        interrupt.request()
        time.sleep(3 * POLL_SECONDS)
        return CANCELLED

    outcomes, _ = run({"kms": []}, work, interrupt=interrupt, confirm=question, stop_running=stop)
    assert (question.told, stopped) == ([("kms",)], ["stop"])
    assert interrupt.is_urgent
    assert statuses(outcomes) == {"kms": "cancelled"}


def test_c6_the_first_ctrl_c_asks_nothing():
    interrupt, question = Interrupt(), Question()
    work = interrupting(interrupt, [{}], pause=3 * POLL_SECONDS)
    run({"kms": []}, work, interrupt=interrupt, confirm=question)
    assert question.told == []


def test_c6_impatience_while_the_question_stands_is_no_other_request():
    interrupt = Interrupt()
    question = Question(False, meanwhile=interrupt.request)

    def work(_name, _report):
        interrupt.request()
        interrupt.request()
        assert question.asked.acquire(timeout=10)
        time.sleep(3 * POLL_SECONDS)
        return DONE

    run({"kms": []}, work, interrupt=interrupt, confirm=question)
    assert question.told == [("kms",)]


def test_c6_sigterm_asks_nothing_and_cuts_short_at_once():
    interrupt, asked, question = Interrupt(), threading.Event(), Question()

    work = interrupting(interrupt, URGENT, until=asked, ends=CANCELLED)
    run({"kms": []}, work, interrupt=interrupt, confirm=question, stop_running=asked.set)
    assert question.told == []


def test_c6_sigterm_after_a_no_cuts_short_all_the_same():
    interrupt, asked, question = Interrupt(), threading.Event(), Question(False)

    def work(_name, _report):
        interrupt.request()
        interrupt.request()
        assert question.asked.acquire(timeout=10)
        interrupt.request(urgent=True)
        assert asked.wait(10)
        return CANCELLED

    run({"kms": []}, work, interrupt=interrupt, confirm=question, stop_running=asked.set)
    assert len(question.told) == 1


def test_c6_nobody_is_asked_about_nothing():
    """Two signals before the first unit starts: there is nothing to cut short."""
    interrupt, question = Interrupt(), Question()
    interrupt.request()
    interrupt.request()
    outcomes, _ = run(STACK, lambda _name, _report: DONE, interrupt=interrupt, confirm=question)
    assert question.told == []
    assert {outcome.status for outcome in outcomes.values()} == {Status.CANCELLED}


def test_c6_whoever_insists_where_nobody_can_be_asked_means_it():
    interrupt, asked = Interrupt(), threading.Event()
    work = interrupting(interrupt, TWICE, until=asked, ends=CANCELLED)
    run({"kms": []}, work, interrupt=interrupt, stop_running=asked.set)
    assert interrupt.is_urgent


def test_c6_how_often_it_was_asked_is_kept():
    interrupt = Interrupt()
    assert (bool(interrupt), interrupt.times, interrupt.is_urgent) == (False, 0, False)
    interrupt.request()
    assert (bool(interrupt), interrupt.times, interrupt.is_urgent) == (True, 1, False)
    interrupt.request(urgent=True)
    interrupt.request()
    assert (bool(interrupt), interrupt.times, interrupt.is_urgent) == (True, 3, True)


def test_c5_an_attempt_that_is_repeated_becomes_an_event():
    def work(_name, report):
        report(Retrying(attempt=2, seconds=4.5, reason="ThrottlingException"))
        return DONE

    _, emitted = run({"vpc": []}, work)
    (retried,) = [event for event in emitted if isinstance(event, events.UnitRetried)]
    assert (retried.unit, retried.attempt, retried.wait, retried.reason) == ("vpc", 2, 4.5, "ThrottlingException")


@pytest.mark.parametrize("signals", [0, 1, 3], ids=["refused", "ctrl-c", "ctrl-c and a refusal"])
def test_c6_running_work_is_told_once_to_begin_nothing_again(signals):
    """What failed and would be tried again in a minute is not, when the run is stopped for whatever reason."""
    interrupt, told, woken = Interrupt(), [], threading.Event()

    def wind_down():
        told.append("wind down")
        woken.set()

    def work(name, _report):
        for _ in range(signals):
            interrupt.request()
        if name == "kms" and signals != 1:
            return REFUSED
        assert woken.wait(10), "the running work was never told"
        return DONE

    run(
        {"kms": [], "docs": [], "vpc": ["kms"]},
        work,
        interrupt=interrupt,
        confirm=lambda _running: False,
        wind_down=wind_down,
    )
    assert told == ["wind down"]


def test_c6_a_run_that_goes_well_winds_nothing_down():
    told = []
    run(STACK, lambda _name, _report: DONE, wind_down=lambda: told.append("wind down"))
    assert told == []
