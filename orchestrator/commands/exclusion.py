"""Which units a run works on: those that are asked for, but the ones that their own configuration leaves out."""

from collections.abc import Collection, Sequence

from orchestrator.commands.operators import Operator
from orchestrator.config import Stack
from orchestrator.errors import UsageError


def units_of_run(
    stack: Stack, asked: Sequence[str], only: Collection[str], action: str, operator: Operator
) -> tuple[str, ...]:
    """Return those of the units that no exclude block leaves out; the operator hears which ones are.

    ``only``: the units that the caller names. ``action``: what exclude blocks call the run. Raises ConfigurationError: an
    exclude block is wrong.
    """
    left_out: set[str] = set()
    for name in asked:
        unit = stack.units[name]
        exclusion = unit.behaviour().exclusion if unit.declares("exclude", "skip") else None
        if exclusion is None or not exclusion.covers(action) or (name in only and not exclusion.no_run):
            continue
        left_out.add(name)
        if exclusion.dependencies:
            left_out |= set(stack.graph.dependencies[name])
    found = tuple(name for name in asked if name not in left_out)
    if len(found) < len(asked):
        operator.say(f"Left out by exclude blocks: {', '.join(sorted(left_out & set(asked)))}")
    return found


def require_unprotected(stack: Stack, names: Collection[str]) -> None:
    """Check that no unit is protected; raises UsageError if one is, before anything is destroyed."""
    protected = [
        name
        for name in names
        if name in stack.units
        and stack.units[name].declares("prevent_destroy")
        and stack.units[name].behaviour().prevent_destroy
    ]
    if protected:
        raise UsageError(
            "A unit is protected",
            detail=f"prevent_destroy is true in {', '.join(sorted(protected))}.",
            hint="Name the others with --only, or remove prevent_destroy.",
        )
