"""Units that have a state but are no longer in the live tree: found by their states, destroyed without configuration.

Terraform destroys what a state holds in the order that the state itself records. It does not need the module, only the provider
and the backend, which a unit shares with the others of its environment.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from orchestrator.config import EvaluatedUnit, LocalSource


def orphaned(keys: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Find the states that belong to no unit.

    Args:
        keys: of all objects under the deployment's prefix.
        known: the key of the state of each unit in the live tree, by name.

    Returns:
        the keys by unit name; names stand in them as those of the known units stand in theirs.

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

    Args:
        template: a unit of the same environment, which provides the provider and the backend.
        name: of the unit.
        key: of the template's state.
        state_key: of the unit's state.
        nothing: a folder without configuration.

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
