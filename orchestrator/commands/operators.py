"""Whoever runs a command: what they are shown and asked, and the operator of programs, who is neither."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from orchestrator.commands.ports import Leftover, Lock, TerraformProcess
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.environments import Environment
from orchestrator.engine.events import Event
from orchestrator.engine.execution import Interrupt
from orchestrator.engine.plan import StackPlan
from orchestrator.errors import PlatformctlError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that an operator has to confirm.

    Attributes:
        text: what happens after a yes.
        word: the only answer that counts as a yes.
        detail: the reason for the question, for an operator who cannot answer.
        hint: what to do instead.
        refused: the message after a no.

    """

    text: str
    word: str
    detail: str
    hint: str = "Pass --yes."
    refused: str = "Nothing was run."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan about to be applied."""

    plan: StackPlan
    order: tuple[str, ...]
    orphans: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a killed run left behind.

    Attributes:
        working: Terraform processes that are still running although their platformctl has ended.
        left_behind: locks whose holder is certainly dead.
        foreign: locks whose holder may be alive.
        unrecorded: resources that are in no state; empty while Terraform processes are working.

    """

    working: Sequence[TerraformProcess] = ()
    left_behind: Sequence[Lock] = ()
    foreign: Sequence[Lock] = ()
    unrecorded: Sequence[Leftover] = ()

    def __bool__(self) -> bool:
        return bool(self.working or self.left_behind or self.foreign or self.unrecorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentList:
    """Deployments to show as a list."""

    environments: tuple[Environment, ...]


class Operator(Protocol):
    """Whoever runs a command: sees what happens, and confirms dangerous changes."""

    def activity(self, command: str) -> AbstractContextManager[None]:
        """Show the events of one command until the block ends."""

    def emit(self, event: Event) -> None: ...
    def say(self, line: str) -> None: ...
    def warn(self, findings: Sequence[Diagnostic]) -> None: ...
    def report(self, error: PlatformctlError) -> None:
        """Report a failure after which the command goes on."""

    def show(self, subject: PlanSummary | Findings | DeploymentList) -> None: ...
    def approve(self, question: Question) -> None:
        """Ask; raises UsageError if the answer is no, or nobody can answer."""

    def interruptible(self) -> AbstractContextManager[Interrupt]:
        """Turn signals into requests to stop, until the block ends."""

    def confirm_interrupting(self, running: tuple[str, ...]) -> bool:
        """Ask whether to interrupt Terraform in these units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """The operator of programs: what is not confirmed in the request is refused.

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
