"""The person at the terminal: progress, questions and signals (A4, C4, C6)."""

import os
import signal
import threading

import pytest

from orchestrator.cli.terminal import Terminal
from orchestrator.commands import Findings
from orchestrator.commands.operators import DeploymentList, PlanSummary, Question
from orchestrator.diagnostics import Diagnostic, Severity
from orchestrator.engine.events import StepFinished, StepStarted
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.cloud import FakeLock
from tests.fakes.world import plan_of, planned_change

SIGNALS = [signal.SIGINT, signal.SIGTERM]
QUESTION = Question(text="Sure?", word="pr42", detail="It has to be confirmed.", hint="Pass --yes.")


def handlers():
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize(
    ("numbers", "times", "urgent"),
    [
        ((signal.SIGINT,), 1, False),
        ((signal.SIGINT, signal.SIGINT), 2, False),
        ((signal.SIGINT, signal.SIGTERM), 2, True),
        ((signal.SIGTERM,), 1, True),
    ],
    ids=["ctrl-c", "twice", "then SIGTERM", "SIGTERM"],
)
def test_c6_signals_ask_units_to_stop_and_raise_nothing(numbers, times, urgent):
    before = handlers()
    with Terminal().interruptible() as interrupt:
        assert not interrupt
        for number in numbers:
            os.kill(os.getpid(), number)
    assert (interrupt.times, interrupt.is_urgent, handlers()) == (times, urgent, before)


@pytest.mark.parametrize("number", SIGNALS)
def test_c6_where_nothing_is_half_done_signals_break_the_command_off(number):
    before = handlers()
    with pytest.raises(KeyboardInterrupt), Terminal().activity("plan"):
        os.kill(os.getpid(), number)
    assert handlers() == before


def test_c6_handlers_and_threads_end_with_an_error_too():
    before, threads = handlers(), set(threading.enumerate())
    with pytest.raises(PlatformctlError), Terminal().activity("up"):
        raise PlatformctlError("Broken")
    assert handlers() == before
    assert set(threading.enumerate()) <= threads


def test_c4_the_result_of_a_step_is_a_line_and_lines_in_between_are_whole(capsys):
    terminal = Terminal()
    with terminal.activity("up"):
        terminal.emit(StepStarted(time=1.0, text="opening"))
        terminal.emit(StepFinished(time=1.0, text="the cloud is open", seconds=0.0))
        terminal.say("in between")
    terminal.emit(StepStarted(time=2.0, text="nobody looks"))
    terminal.say("afterwards")
    assert capsys.readouterr().err == "[ 0.0 s] the cloud is open\nin between\nafterwards\n"


@pytest.mark.parametrize(
    ("answer", "expected"), [("pr42", True), (" pr42 ", True), ("PR42", False), ("", False), ("y", False)]
)
def test_a4_only_the_expected_word_is_a_yes(person, refused, answer, expected):
    person.answers.append(answer)
    if expected:
        Terminal().approve(QUESTION)
    else:
        error = refused(Terminal().approve, QUESTION, error=UsageError)
        assert (error.summary, error.detail) == ("Not confirmed", "Nothing was run.")
    assert person.questions == ["Sure? Type [bold]pr42[/bold] to go on: "]


def test_a4_without_a_terminal_nothing_is_approved(refused):
    error = refused(Terminal().approve, QUESTION, error=UsageError)
    assert (error.summary, error.detail, error.hint) == ("Confirmation needed", QUESTION.detail, QUESTION.hint)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("interrupt", True), (" interrupt ", True), ("", False), ("y", False), ("INTERRUPT", False), (EOFError, False)],
    ids=["interrupt", "spaces", "nothing", "y", "capitals", "ctrl-d"],
)
def test_c6_whoever_insists_is_told_the_price_and_asked(person, answer, expected):
    person.answers.append(answer)
    assert Terminal().confirm_interrupting(("kms", "vpc")) is expected
    (question,) = person.questions
    assert question.startswith("kms, vpc are still at work ")
    assert "platformctl recover" in question
    assert "Type [bold]interrupt[/bold] to go on" in question


def test_c6_one_unit_is_at_work(person):
    person.answers.append("no")
    Terminal().confirm_interrupting(("kms",))
    assert person.questions[0].startswith("kms is still at work ")


def test_c6_sigterm_breaks_the_question_off(person, monkeypatch):
    def answer(*_, **__):
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("the answer was read to its end")

    monkeypatch.setattr(type(person), "__call__", answer)
    terminal = Terminal()
    with terminal.interruptible() as interrupt:
        assert terminal.confirm_interrupting(("kms",)) is False
    assert interrupt.is_urgent


def test_c6_where_there_is_no_terminal_whoever_insists_means_it():
    assert Terminal().confirm_interrupting(("kms",)) is True


def test_warnings_and_failures_in_between_go_to_standard_error(capsys):
    Terminal().warn([Diagnostic(severity=Severity.WARNING, summary="Odd", detail="Why.")])
    Terminal().report(PlatformctlError("Broken", detail="How.", hint="Mend it."))
    assert capsys.readouterr().err == "warning: Odd\nWhy.\n\nerror: Broken\nHow.\nfix: Mend it.\n"


def test_what_is_shown_is_a_result_or_stands_among_the_steps(capsys):
    terminal = Terminal()
    terminal.show(Findings(foreign=(FakeLock(name="kms", foreign=True),)))
    terminal.show(DeploymentList(environments=()))
    with terminal.activity("up"):
        terminal.show(PlanSummary(plan=plan_of(vpc=(planned_change("create"),)), order=("vpc",), orphans=()))
    printed = capsys.readouterr()
    assert printed.out.startswith('Locks whose holder may be alive: 1\n  unit "dev/kms": ada@elsewhere\nSUFFIX ')
    assert "vpc" in printed.err
