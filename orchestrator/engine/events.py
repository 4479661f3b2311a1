"""What happens in a run, as a sequence of facts.

The engine emits events, everything else subscribes: the display, the log on disk and the report are folds over them.
``events.jsonl`` holds one event per line; docs/events.md describes it, and docs/events.schema.json is generated from here.

The log may belong to a run that was killed in the middle of a line, or to a newer platformctl: a truncated line and an unknown
type are skipped, unknown fields are ignored.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import or_
from typing import TypeAlias

import msgspec

from orchestrator.model.status import Changes, Status, TargetName


def _tag(name: str) -> str:
    """Return an event's ``type`` in JSON: "run_started" for RunStarted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=_tag):
    """Something that happened. ``time`` is in seconds since the epoch, UTC, from the run's clock."""

    time: float

    def to_line(self) -> bytes:
        """Return the event as a line of JSON, without line break."""
        try:
            return msgspec.json.encode(self)
        except UnicodeEncodeError:
            # A path or an error message holds bytes that are not UTF-8.
            return json.dumps(msgspec.to_builtins(self), ensure_ascii=False).encode("utf-8", "replace")


class RunStarted(Event, frozen=True, kw_only=True):
    """The first event. ``units`` are the selected ones, in dependency order."""

    run: str
    command: str
    environment: str
    suffix: str
    target: TargetName
    units: tuple[str, ...]


class StepStarted(Event, frozen=True, kw_only=True):
    """Work for the run as a whole began: starting the local cloud, the provider, creating the state bucket."""

    text: str


class StepFinished(Event, frozen=True, kw_only=True):
    """Work for the run as a whole is done; ``text`` says what exists now."""

    text: str
    seconds: float


class UnitStarted(Event, frozen=True, kw_only=True):
    """A worker started on the unit."""

    unit: str


class UnitPhase(Event, frozen=True, kw_only=True):
    """The unit entered a phase: "init", "plan", "apply", "destroy" or "outputs"."""

    unit: str
    phase: str


class UnitPlanned(Event, frozen=True, kw_only=True):
    """Terraform has compared state and configuration; ``changes`` is what it will do."""

    unit: str
    changes: Changes


class UnitRetried(Event, frozen=True, kw_only=True):
    """An attempt failed with a transient error, ``reason``; attempt number ``attempt`` follows in ``wait`` seconds."""

    unit: str
    attempt: int
    wait: float
    reason: str


class ResourceStarted(Event, frozen=True, kw_only=True):
    """Terraform started on a resource; ``action`` is create, update, delete or replace."""

    unit: str
    address: str
    action: str


class ResourceFinished(Event, frozen=True, kw_only=True):
    """Terraform finished a resource, or failed on it."""

    unit: str
    address: str
    action: str
    seconds: float
    failed: bool = False


class UnitFinished(Event, frozen=True, kw_only=True):
    """The unit has its final status.

    ``error`` is what went wrong, ``cause`` the failed unit that a skipped one waited for, ``warnings`` are Terraform's.
    """

    unit: str
    status: Status
    changes: Changes = Changes()
    seconds: float = 0.0
    error: str = ""
    cause: str = ""
    log: str = ""
    warnings: tuple[str, ...] = ()


class RunInterrupted(Event, frozen=True, kw_only=True):
    """A signal arrived: no further unit starts, and the units in ``waiting_for`` are finished first."""

    waiting_for: tuple[str, ...]


class RunStopped(Event, frozen=True, kw_only=True):
    """A unit failed and no further one starts; those in ``waiting_for`` are finished.

    Its own plan exceeds the approved one, or the run was to stop at the first failure.
    """

    unit: str
    waiting_for: tuple[str, ...]


class RunFinished(Event, frozen=True, kw_only=True):
    """The last event."""

    exit_code: int
    seconds: float
    changes: Changes


Listener: TypeAlias = Callable[[Event], None]


_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(reduce(or_, Event.__subclasses__()))


def read_events(lines: Iterable[bytes | str]) -> Iterator[Event]:
    for line in lines:
        try:
            yield _DECODER.decode(line)
        except (ValueError, RecursionError):
            continue
