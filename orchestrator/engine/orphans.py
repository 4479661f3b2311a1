"""Units that have a state but are not in the live tree any more: found by their states, destroyed without configuration.

Terraform destroys what a state holds in the order that the state itself has recorded; it needs the module for none of it,
only the provider and the place of the state, and these a unit shares with the others of its environment.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from orchestrator.config import EvaluatedUnit, LocalSource


def orphaned(keys: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """The states that belong to no unit.

    Args:
        keys: of all objects under the deployment's prefix.
        known: by name of each unit in the live tree, the key of its state.

    Returns:
        by unit name, read out of the key in the same way as the keys of the known units hold their names, the key.

    """
    found: dict[str, str] = {}
    for name, key in known.items():
        before, after = _around(name, key)
        if not after:
            continue
        for other in keys:
            # Empty where the two overlap, in a key that holds no name.
            between = other[len(before) : -len(after)]
            if between and other.startswith(before) and other.endswith(after) and other not in known.values():
                found[between] = other
        break
    return dict(sorted(found.items()))


def _around(name: str, key: str) -> tuple[str, str]:
    """What stands before and after the unit's name in a key, or after its last part, where the key holds no more."""
    for part in (name, name.rpartition("/")[2]):
        before, middle, after = key.rpartition(f"/{part}/")
        if middle:
            return f"{before}/", f"/{after}"
    return "", ""


def stand_in(template: EvaluatedUnit, *, name: str, key: str, state_key: str, nothing: LocalSource) -> EvaluatedUnit:
    """A unit without module or inputs, whose only use is to destroy what a state holds.

    Args:
        template: a unit of the same environment: its provider and its backend are taken over.
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
    """What must be gone before each unit goes, orphans included.

    Args:
        needs: by name of each selected unit of the live tree, the units that depend on it.
        orphans: the orphaned units that go, too.
        recorded: by unit name, the dependencies that it had when it was last applied, as far as they are known.

    An orphan goes after those units that stood on it when they were applied, and before those that it stood on. Where that
    contradicts the live tree of today, or the unit is not recorded, it goes as early as what else is recorded allows.

    """
    waits = {name: set(after) for name, after in needs.items()} | {name: set[str]() for name in orphans}
    for orphan in sorted(orphans):
        standing = {name for name, below in recorded.items() if orphan in below and name in waits}
        below = set(recorded.get(orphan, needs)) & set(waits)
        against = {orphan, *(below if orphan in recorded else ())}
        if any(_reaches(waits, start, standing) for start in against):
            standing, below = set(), set(needs)
        waits[orphan] |= standing
        # What the orphan itself waits for, be it for the sake of another orphan, cannot wait for it.
        for name in sorted(below):
            if not _reaches(waits, name, {orphan}):
                waits[name].add(orphan)
    return waits


def _reaches(waits: Mapping[str, Collection[str]], start: str, goals: Collection[str]) -> bool:
    """Whether one of the goals waits, over any number of steps, for the start: an edge back would close a cycle."""
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
