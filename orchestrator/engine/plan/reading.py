"""Reads Terraform's JSON form of the stack's plan back to units.

Source: https://developer.hashicorp.com/terraform/internals/json-format, format version 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from orchestrator.config import module_name
from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan
from orchestrator.model.action import Action

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

    Raises:
        ValueError: the document is not a plan of these units.

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
