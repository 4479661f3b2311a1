"""A command at work: its steps, its events, its interrupts and its exit code (C4, C5, C6)."""

import threading
import time

import pytest

from orchestrator.commands import DeploymentRequest, Unattended, UpRequest, up
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Question
from orchestrator.commands.running import activity
from orchestrator.diagnostics import Diagnostic, Severity
from orchestrator.engine.events import RunFinished, RunStarted, StepFinished, StepStarted
from orchestrator.engine.execution import Interrupt, Outcome
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.model.status import Changes, Status


def outcomes(*statuses):
    return {f"u{number}": Outcome(status=status, changes=Changes(add=1)) for number, status in enumerate(statuses)}


@pytest.mark.parametrize(
    ("statuses", "failed", "code"),
    [
        ((), False, 0),
        ((Status.CHANGED, Status.UNCHANGED), False, 0),
        ((Status.CHANGED, Status.FAILED), False, 1),
        ((Status.SKIPPED,), False, 1),
        ((Status.CHANGED,), True, 1),
    ],
)
def test_c5_the_exit_code_says_how_the_run_ended(world, statuses, failed, code):
    with activity("up", world.ports, world.operator) as work:
        assert int(work.finish(outcomes(*statuses), failed=failed)) == code
    (end,) = world.operator.events
    assert (end.exit_code, end.changes) == (code, Changes(add=len(statuses)))
    assert world.operator.lines == [], "no run, no report"


def test_c4_a_step_says_what_is_done_and_what_came_of_it(world):
    with activity("up", world.ports, world.operator) as work:
        with work.step("opening") as results:
            results.extend(["the cloud", "is open"])
        with work.step("looking"):
            pass
    assert [type(event) for event in world.operator.events] == [StepStarted, StepFinished] * 2
    assert [event.text for event in world.operator.events] == ["opening", "the cloud is open", "looking", ""]


def test_c4_a_step_that_fails_has_an_end_too(world, refused):
    def run():
        with activity("up", world.ports, world.operator) as work, work.step("opening"):
            raise PlatformctlError("Broken")

    assert refused(run).summary == "Broken"
    assert isinstance(world.operator.events[-1], StepFinished)


class Insisting:
    """Work during which the operator asks to stop as often as told; it goes on until it is cut short, or for a second."""

    def __init__(self, operator, requests):
        self.operator = operator
        self.requests = requests
        self.cut_short = threading.Event()

    def interrupt(self):
        self.cut_short.set()

    def wind_down(self):
        pass

    def __call__(self, _name, _report):
        for urgent in self.requests:
            self.operator.interrupt.request(urgent=urgent)
        # Whether a repeated request means it is asked in between.
        deadline = time.monotonic() + 5
        while len(self.requests) > 1 and not self.operator.running and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.cut_short.wait(0.5 if any(self.requests) or self.operator.insists else 0):
            return Outcome(status=Status.CANCELLED)
        return Outcome(status=Status.CHANGED, changes=Changes(add=1))


@pytest.fixture
def work_on(world):
    """Works on units as told; returns how each ended, and the exit code."""

    def call(work, terraform, needs):
        request = DeploymentRequest(suffix="pr42")
        deployment = open_deployment(request, world.ports, world.operator, start=False)
        session = type("Session", (), {"runner": terraform})
        with activity("up", world.ports, world.operator) as running:
            found = running.work_on_units(deployment, session, work=lambda _logs: work, needs=needs, parallelism=1)
            code = running.finish(found)
        return {name: str(outcome.status) for name, outcome in found.items()}, int(code)

    return call


@pytest.mark.parametrize(
    ("requests", "insists", "expected", "questions"),
    [
        ((False,), False, {"kms": "changed", "vpc": "cancelled"}, 0),
        ((False, False), False, {"kms": "changed", "vpc": "cancelled"}, 1),
        ((False, False), True, {"kms": "cancelled", "vpc": "cancelled"}, 1),
        ((True,), False, {"kms": "cancelled", "vpc": "cancelled"}, 0),
    ],
    ids=["once", "twice, no", "twice, yes", "urgent"],
)
def test_c6_from_the_interrupt_to_the_exit_code(world, work_on, requests, insists, expected, questions):
    world.operator.insists = insists
    work = Insisting(world.operator, requests)
    assert work_on(work, work, {"kms": (), "vpc": ("kms",)}) == (expected, 130)
    assert world.operator.running == [("kms",)] * questions
    assert world.operator.lines == ["report: /runs/1/report.json"]


@pytest.mark.parametrize("status", [Status.CHANGED, Status.FAILED])
def test_c6_an_interrupt_counts_however_the_units_ended(world, work_on, status):
    def work(_name, _report):
        world.operator.interrupt.request()
        return Outcome(status=status)

    assert work_on(work, world.terraform, {"kms": ()})[1] == 130


def test_c5_a_run_that_was_stopped_has_failed(world, work_on):
    """What was cancelled because of somebody else's plan makes it no interrupt."""
    refused = Outcome(status=Status.FAILED, error="Its plan exceeds the approved one.", stops_run=True)
    assert work_on(lambda _name, _report: refused, world.terraform, {"docs": (), "kms": (), "vpc": ("kms",)}) == (
        {"docs": "cancelled", "kms": "failed", "vpc": "skipped"},
        1,
    )
    assert world.terraform.winding_down


def test_c4_events_go_to_the_operator_and_from_the_start_of_the_run_to_its_folder(world):
    up(UpRequest(suffix="pr42"), world.ports, world.operator)
    (run,) = world.journal.runs
    assert isinstance(run.events[0], RunStarted)
    assert isinstance(run.events[-1], RunFinished)
    assert run.events == world.operator.events[-len(run.events) :]
    assert len(run.events) < len(world.operator.events)
    assert (run.events[0].run, run.events[0].command, run.events[0].suffix) == ("r1-pr42", "up", "pr42")


def test_nothing_of_an_activity_is_left_when_it_ends(world):
    before = set(threading.enumerate())
    up(UpRequest(suffix="pr42"), world.ports, world.operator)
    assert set(threading.enumerate()) <= before


def test_an_unattended_operator_passes_events_and_lines_and_answers_nothing(world, refused):
    events, lines = [], []
    operator = Unattended(on_event=events.append, on_line=lines.append)
    up(UpRequest(suffix="pr42"), world.ports, operator)
    assert [type(event) for event in (events[0], events[-1])] == [StepStarted, RunFinished]
    operator.say("a line")
    operator.warn([Diagnostic(severity=Severity.WARNING, summary="Odd", detail="Why.")])
    operator.report(PlatformctlError("Broken", detail="How."))
    operator.show(None)
    assert lines == ["a line", "Odd. Why.", "Broken. How."]
    question = Question(text="This destroys it.", word="pr42", detail="No terminal.")
    error = refused(operator.approve, question, error=UsageError)
    assert (error.summary, error.detail) == ("Confirmation needed", "This destroys it.")
    assert error.hint == "Set confirmed=True in the request."


def test_a_program_stops_a_run_with_the_interrupt_that_it_gave(world):
    interrupt = Interrupt()
    interrupt.request()
    with Unattended(interrupt=interrupt).interruptible() as given, Unattended().interruptible() as other:
        assert given is interrupt
        assert not other
    assert up(UpRequest(suffix="pr42"), world.ports, Unattended(interrupt=interrupt)).code == 130
    assert world.worked_on == []
    assert Unattended().confirm_interrupting(("kms",)) is True
