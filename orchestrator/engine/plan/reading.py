"""Reads Terraform's JSON form of the stack's plan back to units.

Source: https://developer.hashicorp.com/terraform/internals/json-format, format version 1.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from orchestrator.config import module_name
from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan, Warned
from orchestrator.engine.plan.values import Secrets, pruned
from orchestrator.model.status import Action

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("forget",): Action.FORGET,
    # A replacement whose old object stays in the cloud.
    ("create", "forget"): Action.REPLACE,
}
_NO_CHANGES = frozenset({("no-op",), ("read",)})


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
    deposed: str | None = None


class _TerraformPlan(msgspec.Struct):
    resource_changes: list[_ResourceChange] = []
    resource_drift: list[_ResourceChange] = []
    output_changes: dict[str, _Change] = {}


def read_plan(
    document: object,
    *,
    units: Sequence[str],
    outputs: Mapping[str, tuple[str, str]],
    handed: Collection[str] = (),
    providers: int = 1,
    warnings: Sequence[Warned] = (),
) -> StackPlan:
    """Read ``terraform show -json`` of the plan, unit by unit.

    ``document``: what Terraform printed; ``units``: their names; ``outputs``: of the root module, as ``RootModule`` has
    them; ``handed``: units that get a secret in a variable that is not declared sensitive, as ``RootModule`` has them: what
    the plan takes for secret there is none in the unit's own apply; ``providers``: the number of provider configurations;
    ``warnings``: what Terraform warned of. Raises ValueError if the document is not a plan of these units.
    """
    found = msgspec.convert(document, _TerraformPlan)
    salt = secrets.token_hex(16)
    drift = _by_unit(found.resource_drift, units, salt)
    return StackPlan(
        units={
            unit: tuple(change for change in changes if unit not in handed or not change.is_mark_alone)
            for unit, changes in _by_unit(found.resource_changes, units, salt).items()
        },
        outputs=frozenset(outputs[name][0] for name, change in found.output_changes.items() if _differs(change)),
        drift={unit: changes for unit, changes in drift.items() if changes},
        providers=providers,
        warnings=tuple(warnings),
        salt=salt,
    )


def read_unit_plan(document: object) -> tuple[PlannedChange, ...]:
    """Read ``terraform show -json`` of a unit's own plan. The changes hold secrets as plain text.

    Raises ValueError: the document is not a plan.
    """
    found = msgspec.convert(document, _TerraformPlan)
    changes = (
        _planned_change(resource, resource.address, resource.previous_address, None)
        for resource in found.resource_changes
        if resource.mode == "managed"
    )
    return tuple(sorted((change for change in changes if change), key=_order))


def _differs(output: _Change) -> bool:
    """Whether an output changes; Terraform keeps none that is null, and calls it deleted each time."""
    absent = output.actions == ("delete",) and output.before is None
    return output.actions != ("no-op",) and not absent


def _by_unit(
    resources: Iterable[_ResourceChange], units: Sequence[str], salt: str
) -> dict[str, tuple[PlannedChange, ...]]:
    by_module = {f"module.{module_name(unit)}": unit for unit in units}
    found: dict[str, list[PlannedChange]] = {unit: [] for unit in units}
    secret = Secrets(salt)
    for resource in resources:
        module, address = _split(resource.address)
        previous = _split(resource.previous_address)[1] if resource.previous_address else None
        change = _planned_change(resource, address, previous, secret) if resource.mode == "managed" else None
        if change is None:
            continue
        if module not in by_module:
            raise ValueError(f"{resource.address} belongs to no unit")
        found[by_module[module]].append(change)
    return {unit: tuple(sorted(changes, key=_order)) for unit, changes in found.items()}


def _order(change: PlannedChange) -> tuple[str, str]:
    return change.address, change.deposed or ""


def _planned_change(
    resource: _ResourceChange, address: str, previous: str | None, secret: Secrets | None
) -> PlannedChange | None:
    change = resource.change
    action = _ACTIONS.get(change.actions)
    if action is None:
        if change.actions not in _NO_CHANGES:
            raise ValueError(f"{'/'.join(change.actions)} of {address} is an action that this version does not know")
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
        attributes=_attributes(change, secret),
        deposed=resource.deposed,
    )


def _split(address: str) -> tuple[str, str]:
    """Split an address into the unit's module call, whose name holds no dot and has no index, and the rest."""
    parts = address.split(".", 2)
    if len(parts) < 3:  # noqa: PLR2004 - "module", its name, the rest
        raise ValueError(f"{address} is not in a module")
    return f"{parts[0]}.{parts[1]}", parts[2]


def _attributes(change: _Change, secret: Secrets | None) -> tuple[AttributeChange, ...]:
    """Return the attributes that differ before and after; those with a secret anywhere inside come without values.

    With ``secret`` None they have them.
    """
    before, after, unknown = change.before or {}, change.after or {}, change.after_unknown or {}
    forcing = {str(path[0]) for path in change.replace_paths or [] if path}
    found = []
    for name in sorted({*before, *after, *unknown}):
        pending = pruned(unknown.get(name))
        if not pending and before.get(name) == after.get(name):
            continue
        hidden = _is_hidden(change.before_sensitive, name) or _is_hidden(change.after_sensitive, name)
        found.append(
            AttributeChange(
                name=name,
                before=None if hidden and secret else before.get(name),
                after=None if hidden and secret else after.get(name),
                unknown=pending,
                sensitive=hidden,
                forces_replacement=name in forcing,
                digest=secret.digest(after.get(name), pending) if hidden and secret else "",
            )
        )
    return tuple(found)


def _is_hidden(marks: object, name: str) -> bool:
    """Whether an attribute, or anything in it, is sensitive: Terraform marks the parts, we hide the whole."""
    return bool(pruned(marks.get(name) if isinstance(marks, dict) else marks))
