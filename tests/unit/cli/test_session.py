"""A command at work: its steps, its events, its signals and its exit code (C4, C5, C6)."""

import os
import signal
import threading
import time

import pytest
from orchestrator.cli.deployment import Request
from orchestrator.cli.project import Project
from orchestrator.cli.session import finish, interruptible, run_units, session

from orchestrator.cli import console
from orchestrator.cli.options import Target
from orchestrator.engine.events import RunFinished, StepFinished, StepStarted
from orchestrator.engine.execution import Interrupt, Outcome
from orchestrator.errors import PlatformctlError
from orchestrator.model.status import Changes, Status
from tests.fakes.deployment import FakeDeployment


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


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which somebody answers; returns the answers, to be filled, and the questions."""
    answers, questions = [], []

    def ask(question, **_):
        questions.append(str(question))
        answer = answers.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer

    monkeypatch.setattr(type(console.err), "is_terminal", property(lambda _self: True))
    monkeypatch.setattr(console.err, "input", ask)
    return answers, questions


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("interrupt", True), (" interrupt ", True), ("", False), ("y", False), ("INTERRUPT", False), (EOFError, False)],
    ids=["interrupt", "spaces", "nothing", "y", "capitals", "ctrl-d"],
)
def test_c6_whoever_insists_is_told_the_price_and_asked(asked, terminal, answer, expected):
    answers, questions = terminal
    answers.append(answer)
    with session("up", asked) as opened:
        assert opened.confirm_cutting_short(("kms", "vpc")) is expected
    (question,) = questions
    assert question.startswith("kms, vpc are still at work ")
    assert "platformctl recover" in question
    assert "Type [bold]interrupt[/bold] to go on" in question


def test_c6_one_unit_is_at_work(asked, terminal):
    answers, questions = terminal
    answers.append("no")
    with session("up", asked) as opened:
        opened.confirm_cutting_short(("kms",))
    assert questions[0].startswith("kms is still at work ")


def test_c6_where_there_is_no_terminal_whoever_insists_means_it(asked):
    with session("up", asked) as opened:
        assert opened.confirm_cutting_short(("kms",)) is True


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
def test_c6_a_repeated_ctrl_c_is_counted_and_sigterm_is_urgent(numbers, times, urgent):
    interrupt = Interrupt()
    with interruptible(interrupt):
        for number in numbers:
            os.kill(os.getpid(), number)
    assert (interrupt.times, interrupt.is_urgent) == (times, urgent)


class Insisting:
    """Work during which somebody presses Ctrl-C as often as told, and which goes on until it is let go."""

    def __init__(self, deployment, signals):
        self.deployment = deployment
        self.signals = signals
        self.cut_short = threading.Event()

    def interrupt(self):
        self.cut_short.set()

    def wind_down(self):
        pass

    def work(self, _logs):
        def work(name, _report):
            for number, arrived in zip(self.signals, (1, 2), strict=False):
                os.kill(os.getpid(), number)
                # Two that are under way at once are one.
                while self.session.interrupt.times < arrived:
                    time.sleep(0.01)
            if self.cut_short.wait(1):
                return Outcome(status=Status.CANCELLED)
            return Outcome(status=Status.CHANGED, changes=Changes(add=1))

        return work

    def run(self, asked):
        with session("up", asked) as self.session:
            opened = self.session
            needs = {"kms": (), "vpc": ("kms",)}
            found = run_units(opened, self.deployment, self, work=self.work, needs=needs, parallelism=1)
            code = finish(opened, found)
        return {name: str(outcome.status) for name, outcome in found.items()}, int(code)


@pytest.mark.parametrize(
    ("signals", "given", "expected", "asked_times"),
    [
        ((signal.SIGINT,), [], {"kms": "changed", "vpc": "cancelled"}, 0),
        ((signal.SIGINT, signal.SIGINT), ["no"], {"kms": "changed", "vpc": "cancelled"}, 1),
        ((signal.SIGINT, signal.SIGINT), ["interrupt"], {"kms": "cancelled", "vpc": "cancelled"}, 1),
        ((signal.SIGTERM,), [], {"kms": "cancelled", "vpc": "cancelled"}, 0),
    ],
    ids=["once", "twice, no", "twice, yes", "SIGTERM"],
)
def test_c6_from_the_signal_to_the_exit_code(platformctl, terminal, signals, given, expected, asked_times):
    answers, questions = terminal
    answers.extend(given)
    request = Request(project=Project(folder=platformctl.tree.root), suffix="pr42", target=Target.LOCAL)
    assert Insisting(FakeDeployment(request), signals).run(request) == (expected, 130)
    assert len(questions) == asked_times


def test_c5_a_run_that_was_stopped_has_failed(platformctl):
    """What was cancelled because of somebody else's plan makes it no interrupt."""
    request = Request(project=Project(folder=platformctl.tree.root), suffix="pr42", target=Target.LOCAL)
    deployment = FakeDeployment(request)
    refused = Outcome(status=Status.FAILED, error="Its plan exceeds the approved one.", stops_run=True)
    with session("up", request) as opened:
        found = run_units(
            opened,
            deployment,
            deployment.terraform,
            work=lambda _logs: lambda _name, _report: refused,
            needs={"docs": (), "kms": (), "vpc": ("kms",)},
            parallelism=1,
        )
        code = finish(opened, found)
    assert {name: str(outcome.status) for name, outcome in found.items()} == {
        "docs": "cancelled",
        "kms": "failed",
        "vpc": "skipped",
    }
    assert int(code) == 1
