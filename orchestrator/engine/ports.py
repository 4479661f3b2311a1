"""What the engine needs from outside, as protocols; adapters implement them, tests have fakes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from orchestrator.config import EvaluatedUnit
from orchestrator.hcl.values import Value
from orchestrator.model.status import Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Terraform entered a new phase of its work on a unit."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Terraform has planned what it is about to do."""

    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceProgress:
    """A resource started (``seconds`` is None), ended, or failed."""

    address: str
    action: str
    seconds: float | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The last attempt failed with a transient error; the next one starts in ``seconds``.

    ``attempt``: the number of the next attempt; a unit's first is 1. ``reason``: the transient error, in one line.
    """

    attempt: int
    seconds: float
    reason: str


Progress: TypeAlias = Phase | Planned | ResourceProgress | Retrying
Reporter: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a unit's own plan is not applied, for people."""

    reason: str


Accept: TypeAlias = Callable[[object], Refusal | None]
"""Judges a unit's own plan before it is applied: None accepts it.

The plan is in Terraform's JSON format; raises ValueError when it is not.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How a Terraform run on one unit ended.

    Attributes:
        succeeded: whether Terraform ended with exit code 0.
        interrupted: whether it ended on request.
        refused: whether its plan was not accepted; nothing was applied then, and ``errors`` holds the reason.
        died: whether a Terraform process was ended by a signal that was not ours: its lock may be left, and resources that
            its state does not know.
        changes: what it did, in all attempts.
        errors: Terraform's own error messages, secrets redacted by Terraform, one text each.
        warnings: likewise.

    """

    succeeded: bool
    interrupted: bool = False
    refused: bool = False
    died: bool = False
    changes: Changes
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Terraform(Protocol):
    """Runs Terraform on one unit. Called from worker threads, several units at once."""

    def apply(
        self, unit: EvaluatedUnit, *, destroy: bool, log: Path, report: Reporter, accept: Accept | None = None
    ) -> Applied:
        """Bring the unit to its configuration, or destroy all of it.

        With ``accept`` the unit is planned first, the plan is put to it, and that very plan is applied if it is
        accepted. Raises PlatformctlError if Terraform could not be run at all.
        """

    def wind_down(self) -> None:
        """Start no further attempts; those that are running complete."""

    def interrupt(self) -> None:
        """Ask every running Terraform process to finish its current step, write its state and release its lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A unit's Terraform state, read without Terraform.

    Attributes:
        outputs: output values; the sensitive ones are marked.
        resources: how many managed resource instances it holds.
        document: the parsed state file, version 4; holds secrets as plain text, so it is not in the repr.

    """

    outputs: Mapping[str, Value]
    resources: int
    document: Mapping[str, Any] = field(repr=False)


class States(Protocol):
    """Reads and removes the states of units in their backend. Called from worker threads."""

    def read(self, unit: EvaluatedUnit) -> State | None:
        """Read the state; None if the unit was never applied."""

    def remove(self, unit: EvaluatedUnit) -> None:
        """Delete the state of a unit that has no resources left."""
