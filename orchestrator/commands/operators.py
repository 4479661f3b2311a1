"""The operator for programs, which asks nobody and prints nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.commands.ports import DeploymentList, Findings, PlanSummary, Question
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.events import Event
from orchestrator.engine.execution import Interrupt
from orchestrator.errors import PlatformctlError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """Implements ``commands.ports.Operator`` for programs: what is not confirmed in the request is refused.

    Attributes:
        on_event: is called with every event of a run, in the thread that called the command.
        on_line: is called with the lines that a person would see between the events.
        interrupt: call its ``request`` from any thread to stop a run in an orderly way; None if that is not needed.

    """

    on_event: Callable[[Event], None] = lambda _event: None
    on_line: Callable[[str], None] = lambda _line: None
    interrupt: Interrupt | None = None

    @contextmanager
    def activity(self, command: str) -> Iterator[None]:
        del command
        yield

    def emit(self, event: Event) -> None:
        self.on_event(event)

    def say(self, line: str) -> None:
        self.on_line(line)

    def warn(self, findings: Sequence[Diagnostic]) -> None:
        for finding in findings:
            self.on_line(f"{finding.summary}. {finding.detail}")

    def report(self, error: PlatformctlError) -> None:
        self.on_line(f"{error.summary}. {error.detail}")

    def show(self, subject: PlanSummary | Findings | DeploymentList) -> None:
        del subject

    def approve(self, question: Question) -> None:
        """Refuse: a program confirms in its request."""
        raise UsageError("Confirmation needed", detail=question.text, hint="Set confirmed=True in the request.")

    @contextmanager
    def interruptible(self) -> Iterator[Interrupt]:
        yield self.interrupt or Interrupt()

    def confirm_interrupting(self, running: tuple[str, ...]) -> bool:
        del running
        return True
