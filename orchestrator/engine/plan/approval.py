"""What was approved, and whether a unit's own plan stays within it.

``up`` shows the plan of the stack and then applies unit by unit. Each unit is planned once more, with the outputs that are
known by then; what that plan says must have been in the plan that was shown, by address and action, or nothing of the unit
is applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine.plan.changes import StackPlan
from orchestrator.engine.ports import Accept, UnitChange

# What else may become of a resource by what was approved for it. Values that were unknown in the stack's plan may turn out
# to be what they were, so that less happens; a replacement that broke off in the middle has the second half left.
_CONTAINED: Mapping[str, frozenset[str]] = {"replace": frozenset({"create", "delete", "update"})}
# Of an attempt that failed. What it made is in the state now, marked as broken; making it anew loses nothing.
_CONTAINED_AGAIN: Mapping[str, frozenset[str]] = {"create": frozenset({"replace", "update"})}
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The changes that were approved.

    Attributes:
        units: by unit name, the approved changes.

    """

    units: Mapping[str, frozenset[UnitChange]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: StackPlan) -> "Approval":
        """Everything that a plan says."""
        return cls(
            units={
                unit: frozenset(item for change in changes for item in change.to_unit_changes())
                for unit, changes in plan.units.items()
            }
        )

    def beyond(self, unit: str, changes: Sequence[UnitChange], *, again: bool = False) -> tuple[UnitChange, ...]:
        """Those of the changes that were not approved, sorted.

        Args:
            unit: whose plan it is.
            changes: what the plan says.
            again: an earlier attempt of this run has begun to apply what was approved.

        """
        allowed: dict[str, set[str]] = {}
        for change in self.units.get(unit, ()):
            actions = allowed.setdefault(change.address, set())
            actions |= {change.action, *_CONTAINED.get(change.action, ())}
            if again:
                actions |= _CONTAINED_AGAIN.get(change.action, frozenset())
        return tuple(sorted(change for change in changes if change.action not in allowed.get(change.address, ())))

    def accept(self, unit: str) -> Accept:
        """Decides on the plans of one unit, one attempt after the other."""
        attempts = 0

        def accept(changes: Sequence[UnitChange]) -> str:
            nonlocal attempts
            attempts += 1
            return explain(self.beyond(unit, changes, again=attempts > 1))

        return accept


def explain(beyond: Sequence[UnitChange]) -> str:
    """Why a unit was not applied, for people; empty when there is nothing beyond what was approved."""
    if not beyond:
        return ""
    lines = [f"  {change.action} {change.address}" for change in beyond[:_SHOWN]]
    if len(beyond) > _SHOWN:
        lines.append(f"  and {len(beyond) - _SHOWN} more")
    return "\n".join(
        [
            "Its plan goes beyond the approved one, so nothing of it was applied. Not approved:",
            *lines,
            "Look at the plan as it is now (platformctl plan), and run up again.",
        ]
    )
