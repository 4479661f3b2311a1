"""Decides whether a unit's own plan stays within what was approved.

``up`` shows the plan of the stack and then applies unit by unit. Each unit is planned again, with the outputs that are
known by then. Every change in that plan must be in the approved one, by address and action; else nothing of the unit is
applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine.plan.changes import StackPlan
from orchestrator.engine.ports import Accept, Refusal, UnitChange
from orchestrator.model.action import Action

# What an approved action includes. Unknown values may turn out to be unchanged, so that less happens; a replacement that
# was interrupted has its second half left.
_CONTAINED: Mapping[str, frozenset[str]] = {
    Action.REPLACE: frozenset({Action.CREATE, Action.DELETE, Action.UPDATE}),
}
# What it also includes after a failed attempt: what that created is in the state, tainted; replacing it loses nothing.
_CONTAINED_AGAIN: Mapping[str, frozenset[str]] = {Action.CREATE: frozenset({Action.REPLACE, Action.UPDATE})}
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
        """Approve everything in a plan."""
        return cls(
            units={
                unit: frozenset(item for change in changes for item in change.to_unit_changes())
                for unit, changes in plan.units.items()
            }
        )

    def beyond(self, unit: str, changes: Sequence[UnitChange], *, again: bool = False) -> tuple[UnitChange, ...]:
        """Return the changes of a unit's plan that were not approved, sorted.

        ``again`` says that an earlier attempt of this run has started to apply the approved ones.
        """
        allowed: dict[str, set[str]] = {}
        for change in self.units.get(unit, ()):
            actions = allowed.setdefault(change.address, set())
            actions |= {change.action, *_CONTAINED.get(change.action, ())}
            if again:
                actions |= _CONTAINED_AGAIN.get(change.action, frozenset())
        return tuple(sorted(change for change in changes if change.action not in allowed.get(change.address, ())))

    def accept(self, unit: str) -> Accept:
        """Return the judge of one unit's plans; each call is another attempt on the unit."""
        attempts = 0

        def accept(changes: Sequence[UnitChange]) -> Refusal | None:
            nonlocal attempts
            attempts += 1
            beyond = self.beyond(unit, changes, again=attempts > 1)
            return Refusal(reason=_explain(beyond)) if beyond else None

        return accept


def _explain(beyond: Sequence[UnitChange]) -> str:
    """Say why a unit was not applied."""
    lines = [f"  {change.action} {change.address}" for change in beyond[:_SHOWN]]
    if len(beyond) > _SHOWN:
        lines.append(f"  and {len(beyond) - _SHOWN} more")
    return "\n".join(
        [
            "Its plan exceeds the approved one, so nothing of it was applied. Not approved:",
            *lines,
            "Look at the plan as it is now (platformctl plan), and run up again.",
        ]
    )
