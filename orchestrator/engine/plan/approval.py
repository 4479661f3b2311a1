"""Decides whether a unit's own plan stays within what was approved.

``up`` shows the plan of the stack and then applies unit by unit. Each unit is planned again, with the outputs that are
known by then. Every change in that plan must be in the approved one: the same object, the same action, and every attribute
that was known has the value that was shown. What was unknown may become anything. Else nothing of the unit is applied.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan
from orchestrator.engine.plan.reading import read_unit_plan
from orchestrator.engine.plan.values import Secrets, agrees
from orchestrator.engine.ports import Accept, Refusal
from orchestrator.model.status import Action

# What an approved action includes. Unknown values may turn out to be unchanged, so that less happens; a replacement that
# was interrupted has its second half left.
_CONTAINED: Mapping[Action, frozenset[Action]] = {
    Action.REPLACE: frozenset({Action.CREATE, Action.DELETE, Action.UPDATE})
}
# What it also includes after a failed attempt: what that created is in the state, tainted; replacing it loses nothing.
_CONTAINED_AGAIN: Mapping[Action, frozenset[Action]] = {Action.CREATE: frozenset({Action.REPLACE, Action.UPDATE})}
_WITH_VALUES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.IMPORT})
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The changes that were approved. ``salt``: of the digests in them."""

    units: Mapping[str, Sequence[PlannedChange]] = field(default_factory=dict)
    salt: str = ""

    @classmethod
    def of(cls, plan: StackPlan) -> "Approval":
        return cls(units=plan.units, salt=plan.salt)

    def beyond(self, unit: str, changes: Sequence[PlannedChange], *, again: bool = False) -> tuple[str, ...]:
        """Return what a unit's plan does that was not approved, for people.

        ``again`` says that an earlier attempt of this run has started to apply the approved changes.
        """
        approved = {(change.address, change.deposed): change for change in self.units.get(unit, ())}
        secrets = Secrets(self.salt)
        return tuple(
            difference
            for change in changes
            for difference in _beyond(change, approved.get((change.address, change.deposed)), secrets, again=again)
        )

    def accept(self, unit: str) -> Accept:
        """Return the judge of one unit's plans; each call is another attempt on the unit."""
        attempts = 0

        def accept(document: object) -> Refusal | None:
            nonlocal attempts
            attempts += 1
            beyond = self.beyond(unit, read_unit_plan(document), again=attempts > 1)
            return Refusal(reason=_explain(beyond)) if beyond else None

        return accept


def _beyond(change: PlannedChange, approved: PlannedChange | None, secrets: Secrets, *, again: bool) -> Iterator[str]:
    if approved is None:
        yield f"{change.action} {change.subject}"
        return
    allowed = {approved.action} | _CONTAINED.get(approved.action, frozenset())
    if again:
        allowed |= _CONTAINED_AGAIN.get(approved.action, frozenset())
    if change.action not in allowed:
        yield f"{change.action} {change.subject} (approved: {approved.action})"
    elif change.previous_address not in (None, approved.previous_address):
        yield f"move {change.previous_address} to {change.subject}"
    elif change.action in _WITH_VALUES:
        for attribute in change.attributes:
            problem = _other_value(attribute, change, approved, secrets)
            if problem:
                yield f"{change.action} {change.subject}: {attribute.name} {problem}"


def _other_value(attribute: AttributeChange, change: PlannedChange, approved: PlannedChange, secrets: Secrets) -> str:
    """Say how an attribute differs from what was approved; "" if it does not."""
    shown = next((item for item in approved.attributes if item.name == attribute.name), None)
    if shown is None:
        # Of a replacement only the attributes that change are shown; its second half alone sets all of them.
        half = approved.action is Action.REPLACE and change.action is Action.CREATE
        created = approved.action is Action.CREATE and attribute.after is None and attribute.unknown is False
        return "" if half or created else "was not to change"
    if shown.unknown is True:
        return ""
    if attribute.unknown is not False and shown.unknown is False:
        return "was known, and is not any longer"
    if shown.sensitive:
        same = not shown.digest or secrets.digest(attribute.after, shown.unknown) == shown.digest
        return "" if same else "has another value (sensitive)"
    return "" if agrees(attribute.after, shown.after, shown.unknown) else "has another value"


def _explain(beyond: Sequence[str]) -> str:
    """Say why a unit was not applied."""
    lines = [f"  {difference}" for difference in beyond[:_SHOWN]]
    if len(beyond) > _SHOWN:
        lines.append(f"  and {len(beyond) - _SHOWN} more")
    return "\n".join(
        [
            "Its plan exceeds the approved one, so nothing of it was applied. Not approved:",
            *lines,
            "Look at the plan as it is now (platformctl plan), and run up again.",
        ]
    )
