"""Deployments as a whole: their time to live, their last run, and the units that have a state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestrator.engine.orphans import orphaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a deployment may live from now on; without a ``span`` it never expires."""

    span: timedelta | None

    def end(self, now: datetime) -> str | None:
        """Return when it expires, in ISO 8601; None for never."""
        return None if self.span is None else (now + self.span).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run that has ended on a deployment; ``finished`` is in ISO 8601, UTC."""

    id: str
    command: str
    finished: str
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A deployment as ``platformctl list`` shows it.

    Attributes:
        environment: the one that it was made of; None if it is not registered, because its states were made without platformctl.
        created: when it was first registered; None if it is not.
        expires: when it may be destroyed; None for never.
        resources: the number of resources in each state, by unit.
        orphans: the units with a state that are not in the live tree.

    """

    suffix: str
    environment: str | None
    target: str
    created: datetime | None
    expires: datetime | None
    last_run: LastRun | None
    resources: Mapping[str, int]
    orphans: tuple[str, ...]

    def has_expired(self, now: datetime) -> bool:
        return has_expired(self.expires, now)

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return plain JSON values, as docs/environments.md describes them."""
        return {
            "suffix": self.suffix,
            "environment": self.environment,
            "target": self.target,
            "created": _iso(self.created),
            "expires": _iso(self.expires),
            "expired": self.has_expired(now),
            "resources": sum(self.resources.values()),
            "units": dict(sorted(self.resources.items())),
            "orphans": list(self.orphans),
            "last_run": self.last_run
            and {
                "id": self.last_run.id,
                "command": self.last_run.command,
                "finished": self.last_run.finished,
                "exit_code": self.last_run.exit_code,
            },
        }


def has_expired(expires: datetime | None, now: datetime) -> bool:
    """Tell whether the time to live is over."""
    return expires is not None and expires <= now


def state_units(suffix: str, keys: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each unit's state, also of units that are not in the live tree.

    Args:
        suffix: the deployment's.
        keys: of all objects under the suffix; those that are no states are ignored.
        known: the key of the state of each unit in the live tree.

    """
    states = sorted(key for key in keys if key.endswith(".tfstate"))
    found = {name: key for name, key in known.items() if key in states} | orphaned(states, known)
    named = set(found.values())
    # If no unit of the live tree shows how keys are built from names, the key itself serves as the name.
    rest = {
        key.removeprefix(f"{suffix}/").removesuffix("/terraform.tfstate"): key for key in states if key not in named
    }
    return dict(sorted({**rest, **found}.items()))


def merged_units(
    registered: Mapping[str, tuple[str, ...]], applied: Mapping[str, tuple[str, ...]], states: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return the units of a deployment and their dependencies after an ``up``.

    Units of the run have the dependencies of the live tree. Every other unit keeps those with which it was last applied for as
    long as it has a state, because it has to be destroyed in that order.
    """
    standing = set(states)
    kept = {name: needs for name, needs in registered.items() if name in standing}
    return dict(sorted({**kept, **applied}.items()))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
