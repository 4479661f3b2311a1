"""Terraform's JSON form of the stack's plan, back to units.

Source: https://developer.hashicorp.com/terraform/internals/json-format, format version 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.config import module_name
from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan
from orchestrator.model.action import Action

_ACTIONS = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
}


def read_plan(document: Mapping[str, Any], *, units: Sequence[str], providers: int = 1) -> StackPlan:
    """Read ``terraform show -json`` of the plan, unit by unit."""
    changes = _by_unit(document.get("resource_changes", []), units)
    drift = _by_unit(document.get("resource_drift", []), units)
    return StackPlan(
        units=changes,
        outputs=_changed_outputs(document.get("output_changes", {}), units),
        drift={unit: found for unit, found in drift.items() if found},
        providers=providers,
    )


def _changed_outputs(outputs: Mapping[str, Mapping[str, Any]], units: Sequence[str]) -> frozenset[str]:
    """The units whose output in the root module changes; the values are not looked at, some of them are secrets."""
    found = {name for name, change in outputs.items() if change["actions"] != ["no-op"]}
    return frozenset(unit for unit in units if module_name(unit) in found)


def _by_unit(resources: Iterable[Mapping[str, Any]], units: Sequence[str]) -> dict[str, tuple[PlannedChange, ...]]:
    by_module = {f"module.{module_name(unit)}": unit for unit in units}
    found: dict[str, list[PlannedChange]] = {unit: [] for unit in units}
    for resource in resources:
        module, address = _split(resource["address"])
        change = _planned_change(resource, address) if resource.get("mode") == "managed" else None
        if change is not None:
            found[by_module[module]].append(change)
    return {unit: tuple(sorted(changes, key=lambda item: item.address)) for unit, changes in found.items()}


def _planned_change(resource: Mapping[str, Any], address: str) -> PlannedChange | None:
    change = resource["change"]
    action = _ACTIONS.get(tuple(change["actions"]))
    previous = _split(resource["previous_address"])[1] if resource.get("previous_address") else ""
    if action is None:
        if change.get("importing"):
            action = Action.IMPORT
        elif previous:
            action = Action.MOVE
        else:
            return None
    return PlannedChange(
        address=address,
        action=action,
        reason=resource.get("action_reason", ""),
        previous_address=previous,
        attributes=attribute_changes(change),
    )


def _split(address: str) -> tuple[str, str]:
    """The unit's module call, and the rest. The call's name holds no dot and has no index."""
    module, name, rest = address.split(".", 2)
    return f"{module}.{name}", rest


def attribute_changes(change: Mapping[str, Any]) -> tuple[AttributeChange, ...]:
    """The attributes that differ before and after; those with a secret anywhere inside come without values."""
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    hidden_before, hidden_after = change.get("before_sensitive") or {}, change.get("after_sensitive") or {}
    forcing = {str(path[0]) for path in change.get("replace_paths") or [] if path}
    found = []
    for name in sorted({*before, *after, *unknown}):
        pending = _has_mark(unknown.get(name))
        if not pending and before.get(name) == after.get(name):
            continue
        hidden = _is_hidden(hidden_before, name) or _is_hidden(hidden_after, name)
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


def _is_hidden(marks: Mapping[str, Any] | bool, name: str) -> bool:
    """Whether an attribute, or anything in it, is sensitive: Terraform marks the parts, we hide the whole."""
    return _has_mark(marks if isinstance(marks, bool) else marks.get(name))


def _has_mark(marks: object) -> bool:
    """Whether a tree of marks, in the shape of the value that it describes, marks anything."""
    if isinstance(marks, dict):
        return any(_has_mark(item) for item in marks.values())
    if isinstance(marks, list):
        return any(_has_mark(item) for item in marks)
    return marks is True
