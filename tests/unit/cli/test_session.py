"""A command at work: its steps, its events, its signals and its exit code (C4, C5, C6)."""

import os
import signal
import threading

import pytest

from orchestrator.cli import console
from orchestrator.cli.deployment import Request
from orchestrator.cli.options import Target
from orchestrator.cli.project import Project
from orchestrator.cli.session import finish, interruptible, session
from orchestrator.engine.events import RunFinished, StepFinished, StepStarted
from orchestrator.engine.execution import Interrupt, Outcome
from orchestrator.errors import PlatformctlError
from orchestrator.model.status import Changes, Status


@pytest.fixture
def asked(tmp_path):
    return Request(project=Project(folder=tmp_path), suffix="pr42", target=Target.LOCAL)


def outcomes(*statuses):
    return {f"u{number}": Outcome(status=status, changes=Changes(add=1)) for number, status in enumerate(statuses)}


@pytest.mark.parametrize(
    ("statuses", "interrupted", "code"),
    [
        ((), False, 0),
        ((Status.CHANGED, Status.UNCHANGED), False, 0),
        ((Status.CHANGED, Status.FAILED), False, 1),
        ((Status.SKIPPED,), False, 1),
        ((Status.CHANGED, Status.CANCELLED), True, 130),
        ((Status.FAILED,), True, 130),
        # The signal came when everything had ended well: the user still wanted it to stop.
        ((Status.CHANGED,), True, 130),
    ],
)
def test_c5_the_exit_code_says_how_the_run_ended(asked, statuses, interrupted, code):
    heard = []
    with session("up", asked) as opened:
        opened.subscribe(heard.append)
        if interrupted:
            opened.interrupt.request()
        assert int(finish(opened, outcomes(*statuses))) == code
    (end,) = [event for event in heard if isinstance(event, RunFinished)]
    assert (end.exit_code, end.changes) == (code, Changes(add=len(statuses)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_c6_signals_ask_units_to_stop_and_raise_nothing(number):
    before, interrupt = signal.getsignal(number), Interrupt()
    with interruptible(interrupt):
        assert not interrupt
        os.kill(os.getpid(), number)
        assert interrupt
        assert interrupt.is_urgent is (number == signal.SIGTERM)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_c6_where_nothing_is_half_done_signals_break_the_command_off(asked, number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), session("plan", asked):
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_c6_handlers_come_back_after_an_error(asked):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(PlatformctlError), session("up", asked):
        raise PlatformctlError("Broken")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_c4_a_step_says_what_is_done_and_what_came_of_it(asked, capsys):
    heard = []
    with session("up", asked) as opened:
        opened.subscribe(heard.append)
        with opened.step("opening") as said:
            said.append("the cloud")
            said.append("is open")
        with opened.step("looking"):
            pass
    assert [type(event) for event in heard] == [StepStarted, StepFinished] * 2
    assert [event.text for event in heard] == ["opening", "the cloud is open", "looking", ""]
    assert capsys.readouterr().err == "[ 0.0 s] the cloud is open\n"


def test_c4_a_step_that_fails_has_an_end_too(asked):
    heard = []

    def run():
        with session("up", asked) as opened:
            opened.subscribe(heard.append)
            with opened.step("opening"):
                raise PlatformctlError("Broken")

    with pytest.raises(PlatformctlError):
        run()
    assert isinstance(heard[-1], StepFinished)


def test_nothing_of_a_session_is_left_when_it_ends(asked):
    before = set(threading.enumerate())
    with session("up", asked):
        pass
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(("answer", "expected"), [("pr42", True), (" pr42 ", True), ("PR42", False), ("", False)])
def test_a4_only_the_expected_word_is_a_yes(monkeypatch, answer, expected):
    asked = []

    def ask(question, **_):
        asked.append(question)
        return answer

    monkeypatch.setattr(console.err, "input", ask)
    assert console.ask("Sure?", expected="pr42") is expected
    assert asked == ["Sure? Type [bold]pr42[/bold] to go on: "]
