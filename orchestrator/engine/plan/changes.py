"""What a plan of the stack says: what will happen, by unit and resource, and which attributes change.

Read from Terraform's JSON form: https://developer.hashicorp.com/terraform/internals/json-format, format version 1. ``up`` plans
each unit again, with the outputs that are known by then: every change must be in the approved plan, by address and action, else
nothing of the unit is applied.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from orchestrator.config import module_name
from orchestrator.engine.ports import Accept, Refusal, UnitChange
from orchestrator.model.status import Action, Changes

_KEYS = re.compile(r"\[(?:\d+|\"(?:[^\"\\\\]|\\\\.)*\")\]")
"""The keys of instances in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute of a resource that changes.

    Attributes:
        before: the value as JSON has it; None where there was none, and where it is a secret.
        after: the value as far as it is known; None as above.
        unknown: some of ``after`` is known only after apply.
        sensitive: the attribute is, or holds, a secret; both values are left out.

    """

    name: str
    before: object = None
    after: object = None
    unknown: bool = False
    sensitive: bool = False
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What will happen to one resource instance.

    ``address``: within its unit, as in the unit's own state; ``reason``: why, in Terraform's word for it
    ("replace_because_tainted"); ``previous_address``: where the state has it now, if it moves.
    """

    address: str
    action: Action
    reason: str | None = None
    previous_address: str | None = None
    attributes: tuple[AttributeChange, ...] = ()

    @property
    def type(self) -> str:
        """The resource type: "aws_eip" of ``module.network.aws_eip.this["a.b"]``."""
        return _KEYS.sub("", self.address).split(".")[-2]

    def after(self, name: str) -> Any:
        """Return what an attribute will be; None where it stays as it is, or is not known yet."""
        return next((one.after for one in self.attributes if one.name == name), None)

    def to_unit_changes(self) -> tuple[UnitChange, ...]:
        """Return the change as Terraform reports it in the unit's own plan; a move with an update is both."""
        actions = [Action.MOVE] if self.previous_address and self.action is not Action.MOVE else []
        return tuple(UnitChange(address=self.address, action=action) for action in [*actions, self.action])


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """The plan of a stack.

    Attributes:
        units: the planned changes by unit name; a unit without changes is there with an empty tuple.
        outputs: the units whose outputs will, or may, have other values than their states say.
        drift: what differs in the cloud from the states, by unit name; units without drift are left out.
        providers: how many provider configurations the units have.

    """

    units: Mapping[str, tuple[PlannedChange, ...]]
    outputs: frozenset[str] = frozenset()
    drift: Mapping[str, tuple[PlannedChange, ...]] = field(default_factory=dict)
    providers: int = 1

    def changes(self, unit: str | None = None) -> Changes:
        """Return the counts of one unit, or of all."""
        chosen = self.units.values() if unit is None else [self.units[unit]]
        return sum((change.action.counts for changes in chosen for change in changes), Changes())

    def touches(self, unit: str) -> bool:
        """Whether Terraform has anything to do in a unit; writing an output to the state counts."""
        return bool(self.units[unit]) or unit in self.outputs

    def __bool__(self) -> bool:
        """Whether any resource changes."""
        return any(self.units.values())


_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
}


class _Change(msgspec.Struct):
    """What becomes of a resource or an output; values and marks may be missing, null or a single boolean."""

    actions: tuple[str, ...]
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    replace_paths: list[list[Any]] | None = None
    importing: Any = None


class _ResourceChange(msgspec.Struct):
    address: str
    change: _Change
    mode: str = ""
    previous_address: str | None = None
    action_reason: str | None = None


class _TerraformPlan(msgspec.Struct):
    resource_changes: list[_ResourceChange] = []
    resource_drift: list[_ResourceChange] = []
    output_changes: dict[str, _Change] = {}


def read_plan(document: object, *, units: Sequence[str], providers: int = 1) -> StackPlan:
    """Read ``terraform show -json`` of the plan, unit by unit.

    Raises ValueError: the document is not a plan of these units.
    """
    found = msgspec.convert(document, _TerraformPlan)
    changed = {name for name, change in found.output_changes.items() if change.actions != ("no-op",)}
    drift = _by_unit(found.resource_drift, units)
    return StackPlan(
        units=_by_unit(found.resource_changes, units),
        outputs=frozenset(unit for unit in units if module_name(unit) in changed),
        drift={unit: changes for unit, changes in drift.items() if changes},
        providers=providers,
    )


def _by_unit(resources: Iterable[_ResourceChange], units: Sequence[str]) -> dict[str, tuple[PlannedChange, ...]]:
    by_module = {f"module.{module_name(unit)}": unit for unit in units}
    found: dict[str, list[PlannedChange]] = {unit: [] for unit in units}
    for resource in resources:
        module, address = _split(resource.address)
        change = _planned_change(resource, address) if resource.mode == "managed" else None
        if change is None:
            continue
        if module not in by_module:
            raise ValueError(f"{resource.address} belongs to no unit")
        found[by_module[module]].append(change)
    return {unit: tuple(sorted(changes, key=lambda item: item.address)) for unit, changes in found.items()}


def _planned_change(resource: _ResourceChange, address: str) -> PlannedChange | None:
    change = resource.change
    action = _ACTIONS.get(change.actions)
    previous = _split(resource.previous_address)[1] if resource.previous_address else None
    if action is None:
        if change.importing:
            action = Action.IMPORT
        elif previous:
            action = Action.MOVE
        else:
            return None
    return PlannedChange(
        address=address,
        action=action,
        reason=resource.action_reason,
        previous_address=previous,
        attributes=_attributes(change),
    )


def _split(address: str) -> tuple[str, str]:
    """Split an address into the unit's module call, whose name holds no dot and has no index, and the rest."""
    parts = address.split(".", 2)
    if len(parts) < 3:  # noqa: PLR2004 - "module", its name, the rest
        raise ValueError(f"{address} is not in a module")
    return f"{parts[0]}.{parts[1]}", parts[2]


def _attributes(change: _Change) -> tuple[AttributeChange, ...]:
    """Return the attributes that differ before and after; those with a secret anywhere inside come without values."""
    before, after, unknown = change.before or {}, change.after or {}, change.after_unknown or {}
    forcing = {str(path[0]) for path in change.replace_paths or [] if path}
    found = []
    for name in sorted({*before, *after, *unknown}):
        pending = _has_mark(unknown.get(name))
        if not pending and before.get(name) == after.get(name):
            continue
        hidden = _is_hidden(change.before_sensitive, name) or _is_hidden(change.after_sensitive, name)
        found.append(
            AttributeChange(
                name=name,
                before=None if hidden else before.get(name),
                after=None if hidden else after.get(name),
                unknown=pending,
                sensitive=hidden,
                forces_replacement=name in forcing,
            )
        )
    return tuple(found)


def _is_hidden(marks: object, name: str) -> bool:
    """Whether an attribute, or anything in it, is sensitive: Terraform marks the parts, we hide the whole."""
    return _has_mark(marks.get(name) if isinstance(marks, dict) else marks)


def _has_mark(marks: object) -> bool:
    """Whether a tree of marks, in the shape of the value that it describes, marks anything."""
    if isinstance(marks, dict):
        return any(_has_mark(item) for item in marks.values())
    if isinstance(marks, list):
        return any(_has_mark(item) for item in marks)
    return marks is True


# What an approved action includes. Unknown values may turn out to be unchanged, so that less happens; a replacement that
# was interrupted has its second half left.
_CONTAINED: Mapping[str, frozenset[str]] = {Action.REPLACE: frozenset({Action.CREATE, Action.DELETE, Action.UPDATE})}
# What it also includes after a failed attempt: what that created is in the state, tainted; replacing it loses nothing.
_CONTAINED_AGAIN: Mapping[str, frozenset[str]] = {Action.CREATE: frozenset({Action.REPLACE, Action.UPDATE})}
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The changes that were approved."""

    units: Mapping[str, frozenset[UnitChange]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: StackPlan) -> "Approval":
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
