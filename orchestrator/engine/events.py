"""What happens in a run, as a sequence of facts.

The engine emits events, everything else subscribes: the display, the log on disk and the report are folds over them.
Each event knows its JSON form, which is what ``events.jsonl`` holds, one per line; docs/events.md describes it.
"""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from orchestrator.model.status import Changes, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. ``time`` is in seconds since the epoch, UTC, from the run's clock."""

    type: ClassVar[str]
    time: float

    def to_json(self) -> dict[str, Any]:
        """A flat object of plain JSON values, ``type`` first."""
        return {"type": self.type, **dataclasses.asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The first event. ``units`` are those selected, in dependency order."""

    type: ClassVar[str] = "run_started"
    run: str
    command: str
    environment: str
    suffix: str
    target: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """Work for the run as a whole began: starting the local cloud, the provider, creating the state bucket."""

    type: ClassVar[str] = "step_started"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """Work for the run as a whole is done; ``text`` says what there is now."""

    type: ClassVar[str] = "step_finished"
    text: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStarted(Event):
    """A worker began with the unit."""

    type: ClassVar[str] = "unit_started"
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPhase(Event):
    """The unit's worker went over to another phase: "init", "plan", "apply", "destroy", "outputs"."""

    type: ClassVar[str] = "unit_phase"
    unit: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlanned(Event):
    """Terraform has compared state and configuration; ``changes`` is what it is about to do."""

    type: ClassVar[str] = "unit_planned"
    unit: str
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRetried(Event):
    """An attempt failed for a ``reason`` that passes by itself; attempt number ``attempt`` comes in ``wait`` seconds."""

    type: ClassVar[str] = "unit_retried"
    unit: str
    attempt: int
    wait: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStarted(Event):
    """Terraform began to work on a resource; ``action`` is create, update, delete, read or replace."""

    type: ClassVar[str] = "resource_started"
    unit: str
    address: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFinished(Event):
    """A resource is done, or failed."""

    type: ClassVar[str] = "resource_finished"
    unit: str
    address: str
    action: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFinished(Event):
    """The unit's final status. ``error`` is what went wrong, ``cause`` the failed unit that a skipped one waited for."""

    type: ClassVar[str] = "unit_finished"
    unit: str
    status: Status
    changes: Changes = field(default_factory=Changes)
    seconds: float = 0.0
    error: str = ""
    cause: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted(Event):
    """A signal arrived: nothing new starts, running Terraform processes are asked to finish."""

    type: ClassVar[str] = "run_interrupted"
    waiting_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped(Event):
    """A unit's own plan goes beyond what was approved: nothing new starts, what runs is waited for."""

    type: ClassVar[str] = "run_stopped"
    unit: str
    waiting_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The last event."""

    type: ClassVar[str] = "run_finished"
    exit_code: int
    seconds: float
    changes: Changes


Listener: TypeAlias = Callable[[Event], None]


def fan_out(listeners: Iterable[Listener]) -> Listener:
    """One listener that hands each event to all of them, in order."""
    subscribed = tuple(listeners)

    def tell_all(event: Event) -> None:
        for listener in subscribed:
            listener(event)

    return tell_all
