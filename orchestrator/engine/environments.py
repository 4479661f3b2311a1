"""Deployments as a whole: their time to live, their last run, and the units that have a state.

A unit that has a state but is no longer in the live tree is destroyed without configuration: Terraform destroys what a state
holds in the order that the state itself records. It needs only the provider and the backend, not the module.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orchestrator.config import Behaviour, EvaluatedUnit, LocalSource


def orphaned(keys: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Find the states that belong to no unit.

    ``keys``: of all objects under the deployment's prefix; ``known``: the key of the state of each unit in the live
    tree, by name. Returns the keys by unit name; names stand in them as those of the known units stand in theirs.
    """
    found: dict[str, str] = {}
    for name, key in known.items():
        before, after = _around(name, key)
        if not after:
            continue
        for other in keys:
            # Empty if the two overlap, because the key holds no name.
            between = other[len(before) : -len(after)]
            if between and other.startswith(before) and other.endswith(after) and other not in known.values():
                found[between] = other
        break
    return dict(sorted(found.items()))


def _around(name: str, key: str) -> tuple[str, str]:
    """Return the parts of a key before and after the unit's name, or its last part if the key holds no more."""
    for part in (name, name.rpartition("/")[2]):
        before, middle, after = key.rpartition(f"/{part}/")
        if middle:
            return f"{before}/", f"/{after}"
    return "", ""


def stand_in(template: EvaluatedUnit, *, name: str, key: str, state_key: str, nothing: LocalSource) -> EvaluatedUnit:
    """Return a unit without module and inputs, for destroying what a state holds.

    ``template``: a unit of the same environment, which provides the provider and the backend; ``key``: of the
    template's state; ``state_key``: of the unit's state.
    """
    remote_state = template.remote_state
    if remote_state is not None:
        remote_state = replace(remote_state, config={**remote_state.config, "key": state_key})
    return replace(
        template,
        name=name,
        source=nothing,
        inputs={},
        remote_state=remote_state,
        generated=tuple(replace(file, contents=file.contents.replace(key, state_key)) for file in template.generated),
        undetermined=(),
        # The template's hooks and rules about errors are not this unit's.
        behaviour=Behaviour(arguments=template.behaviour.arguments),
    )


def order_of_destruction(
    needs: Mapping[str, Collection[str]], orphans: Collection[str], recorded: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    """Return what must be destroyed before each unit, orphans included.

    Args:
        needs: the dependents of each selected unit of the live tree, by name.
        orphans: the orphaned units to destroy as well.
        recorded: the dependencies with which units were last applied, by name, as far as they are known.

    An orphan is destroyed after the units that depended on it when they were applied, and before its own dependencies. If that
    contradicts today's live tree, or the unit is not recorded, it is destroyed as early as the other records allow.

    """
    waits = {name: set(after) for name, after in needs.items()} | {name: set[str]() for name in orphans}
    for orphan in sorted(orphans):
        standing = {name for name, below in recorded.items() if orphan in below and name in waits}
        below = set(recorded.get(orphan, needs)) & set(waits)
        against = {orphan, *(below if orphan in recorded else ())}
        if any(_reaches(waits, start, standing) for start in against):
            standing, below = set(), set(needs)
        waits[orphan] |= standing
        # What the orphan itself waits for, directly or through another orphan, cannot wait for it.
        for name in sorted(below):
            if not _reaches(waits, name, {orphan}):
                waits[name].add(orphan)
    return waits


def _reaches(waits: Mapping[str, Collection[str]], start: str, goals: Collection[str]) -> bool:
    """Tell whether a goal waits for the start, directly or not: an edge back would close a cycle."""
    for goal in goals:
        seen, stack = set[str](), [goal]
        while stack:
            name = stack.pop()
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                stack.extend(waits.get(name, ()))
    return False


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
    return expires is not None and expires <= now


def state_units(suffix: str, keys: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each unit's state, also of units that are not in the live tree.

    ``suffix``: the deployment's. ``keys``: of all objects under the suffix; those that are no states are ignored.
    ``known``: the key of the state of each unit in the live tree.
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
