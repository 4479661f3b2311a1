"""The operator at a terminal: progress, questions and signals."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from types import FrameType

from orchestrator.cli import console
from orchestrator.commands.operators import DeploymentList, Findings, PlanSummary, Question
from orchestrator.diagnostics import Diagnostic
from orchestrator.display.diagnostics import print_diagnostics, print_error
from orchestrator.display.live import ProgressLines
from orchestrator.display.plan import render_summary
from orchestrator.display.tables import describe_findings, render_environments
from orchestrator.engine.events import Event
from orchestrator.engine.execution import Interrupt
from orchestrator.errors import PlatformctlError, UsageError


class _UrgedError(Exception):
    """Stops waiting for an answer that no longer matters."""


class Terminal:
    """Implements ``commands.operators.Operator`` on this process's terminal, or in a CI log."""

    def __init__(self) -> None:
        self._display: ProgressLines | None = None
        self._interrupt = Interrupt()
        self._is_asking = False

    @contextmanager
    def activity(self, command: str) -> Iterator[None]:
        """Show progress; SIGTERM ends a command that is not working on units, as Ctrl-C does."""
        del command
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._display = ProgressLines(console=console.err, clock=time.time)
        try:
            with self._display.ticking():
                yield
        finally:
            self._display = None
            signal.signal(signal.SIGTERM, before)

    def emit(self, event: Event) -> None:
        if self._display is not None:
            self._display(event)

    def say(self, line: str) -> None:
        if self._display is not None:
            self._display.say(line)
        else:
            console.say(line)

    def warn(self, findings: Sequence[Diagnostic]) -> None:
        print_diagnostics(console.err, findings, base=console.base())
        console.err.print()

    def report(self, error: PlatformctlError) -> None:
        print_error(console.err, error, base=console.base())

    def show(self, subject: PlanSummary | Findings | DeploymentList) -> None:
        match subject:
            case PlanSummary(plan=plan, order=order, orphans=orphans):
                summary = render_summary(plan, order=order, orphans=orphans)
                if self._display is not None:
                    self._display.say(summary)
            case Findings():
                for line in describe_findings(subject):
                    console.result(line)
            case DeploymentList(environments=environments):
                console.result(render_environments(environments, datetime.now(UTC)))

    def approve(self, question: Question) -> None:
        if not console.err.is_terminal:
            raise UsageError("Confirmation needed", detail=question.detail, hint=question.hint)
        if not self._ask(question.text, question.word):
            raise UsageError("Not confirmed", detail=question.refused)

    @contextmanager
    def interruptible(self) -> Iterator[Interrupt]:
        """Let running units finish at the first SIGINT.

        A second one asks whether to interrupt them. SIGTERM interrupts them at once: CI systems send it when they will not wait.
        """
        self._interrupt = interrupt = Interrupt()

        def request(number: int, _frame: FrameType | None) -> None:
            urgent = number == signal.SIGTERM
            interrupt.request(urgent=urgent)
            if urgent and self._is_asking:
                # Reading from the terminal would continue after this handler.
                raise _UrgedError

        before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield interrupt
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def confirm_interrupting(self, running: tuple[str, ...]) -> bool:
        """Ask whether to interrupt Terraform; without a terminal the answer is yes."""
        if not console.err.is_terminal:
            return True
        question = (
            f"{', '.join(running)} {'is' if len(running) == 1 else 'are'} still at work and will end in order. Interrupt "
            "Terraform instead? That is faster, but an interrupted call to the cloud may leave a resource that is in no state "
            "(platformctl recover finds it)."
        )
        self._is_asking = True
        try:
            return self._ask(question, "interrupt", otherwise="; anything else waits")
        except (EOFError, _UrgedError):
            # The interrupt itself records whether it is urgent.
            return False
        finally:
            self._is_asking = False

    def _ask(self, question: str, word: str, *, otherwise: str = "") -> bool:
        """Ask while the display is paused; only the word counts as a yes."""
        with self._display.paused() if self._display is not None else nullcontext():
            answer = console.err.input(f"{question} Type [bold]{word}[/bold] to go on{otherwise}: ")
        return answer.strip() == word
