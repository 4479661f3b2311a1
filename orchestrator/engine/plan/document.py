"""The JSON form of a stack's plan: what ``plan --json`` prints and ``plan --out`` keeps; docs/plan.schema.json describes it.

It holds no secrets: attributes that are sensitive are named, without their values.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan
from orchestrator.errors import UsageError
from orchestrator.model.action import Action

FORMAT_VERSION = "1.0"
"""Fields may be added within a major version; those that are there keep their names and meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan was made of; a plan whose basis has changed is stale.

    Attributes:
        configuration: a fingerprint by unit name: of its inputs, generated files and module.
        states: "<lineage>/<serial>" by unit name, "" where there was no state.

    """

    configuration: Mapping[str, str]
    states: Mapping[str, str]

    def differences(self, now: "Basis") -> tuple[str, ...]:
        """What has changed since, for people; empty when nothing has."""
        here, there = set(self.configuration), set(now.configuration)
        both = here & there
        edited = {unit for unit in both if self.configuration[unit] != now.configuration[unit]}
        moved_on = {unit for unit in both if self.states.get(unit, "") != now.states.get(unit, "")}
        reasons = (
            (here - there, "is not there any more", "are not there any more"),
            (there - here, "is new", "are new"),
            (edited, "is configured differently", "are configured differently"),
            (moved_on - edited, "has been applied or changed", "have been applied or changed"),
        )
        return tuple(_said(units, one, several) for units, one, several in reasons if units)


def _said(units: Collection[str], one: str, several: str) -> str:
    return f"{'unit' if len(units) == 1 else 'units'} {', '.join(sorted(units))} {one if len(units) == 1 else several}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan with what it takes to apply it later.

    Attributes:
        created: when it was made, in ISO 8601, UTC.
        account: the account that it was made for.
        only: the selected units; empty for all.
        orphans: units that have a state and are in the live tree no more; the plan does not touch them.

    """

    suffix: str
    environment: str
    target: str
    account: str
    created: str
    only: tuple[str, ...]
    account_settings: tuple[str, ...]
    plan: StackPlan
    basis: Basis
    orphans: tuple[str, ...] = field(default=())


def to_document(kept: KeptPlan) -> dict[str, Any]:
    """The plan as plain JSON values, units in the order of the plan."""
    return {
        "format_version": FORMAT_VERSION,
        "suffix": kept.suffix,
        "environment": kept.environment,
        "target": kept.target,
        "account": kept.account,
        "created": kept.created,
        "only": list(kept.only),
        "account_settings": list(kept.account_settings),
        "summary": _counts(kept.plan, None),
        "units": [
            {
                "unit": unit,
                "changes": _counts(kept.plan, unit),
                "outputs_change": unit in kept.plan.outputs,
                "resources": [_resource(change) for change in changes],
            }
            for unit, changes in kept.plan.units.items()
        ],
        "drift": [
            {"unit": unit, "resources": [_resource(change) for change in changes]}
            for unit, changes in kept.plan.drift.items()
        ],
        "orphans": list(kept.orphans),
        "provider_configurations": kept.plan.providers,
        "basis": {"configuration": dict(kept.basis.configuration), "states": dict(kept.basis.states)},
    }


def _counts(plan: StackPlan, unit: str | None) -> dict[str, int]:
    changes = plan.changes(unit)
    return {"add": changes.add, "change": changes.change, "destroy": changes.destroy}


def _resource(change: PlannedChange) -> dict[str, Any]:
    return {
        "address": change.address,
        "action": change.action,
        "reason": change.reason or None,
        "previous_address": change.previous_address or None,
        "attributes": [
            {
                "name": attribute.name,
                "before": attribute.before,
                "after": attribute.after,
                "unknown": attribute.unknown,
                "sensitive": attribute.sensitive,
                "forces_replacement": attribute.forces_replacement,
            }
            for attribute in change.attributes
        ],
    }


def parse_document(document: object, *, name: str) -> KeptPlan:
    """Read what ``to_document`` made.

    Args:
        document: plain JSON values.
        name: of the file, for messages.

    Raises:
        UsageError: it is no plan, or of a format that this version does not know.

    """
    version = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(version, str):
        raise _unusable(name, "it is no plan that platformctl kept")
    if version.split(".")[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise _unusable(name, f"it is of format {version}, this platformctl reads {FORMAT_VERSION}")
    try:
        return KeptPlan(
            suffix=_text(document["suffix"]),
            environment=_text(document["environment"]),
            target=_text(document["target"]),
            account=_text(document["account"]),
            created=_text(document["created"]),
            only=_texts(document["only"]),
            account_settings=_texts(document["account_settings"]),
            plan=StackPlan(
                units=_changes(document["units"]),
                outputs=frozenset(_text(unit["unit"]) for unit in document["units"] if _flag(unit["outputs_change"])),
                drift=_changes(document["drift"]),
                providers=_count(document["provider_configurations"]),
            ),
            basis=Basis(
                configuration=_texts_by_name(document["basis"]["configuration"]),
                states=_texts_by_name(document["basis"]["states"]),
            ),
            orphans=_texts(document["orphans"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unusable(name, "it is damaged, or was changed by hand") from None


def _changes(units: object) -> dict[str, tuple[PlannedChange, ...]]:
    found: dict[str, tuple[PlannedChange, ...]] = {}
    for unit in _list(units):
        name = _text(unit["unit"])
        if name in found:
            raise ValueError(name)
        found[name] = tuple(_change(resource) for resource in _list(unit["resources"]))
    return found


def _change(resource: dict[str, Any]) -> PlannedChange:
    return PlannedChange(
        address=_text(resource["address"]),
        action=Action(resource["action"]),
        reason=_text(resource["reason"] or ""),
        previous_address=_text(resource["previous_address"] or ""),
        attributes=tuple(
            AttributeChange(
                name=_text(attribute["name"]),
                before=attribute["before"],
                after=attribute["after"],
                unknown=_flag(attribute["unknown"]),
                sensitive=_flag(attribute["sensitive"]),
                forces_replacement=_flag(attribute["forces_replacement"]),
            )
            for attribute in _list(resource["attributes"])
        ),
    )


# What comes from a file is of the type that it should be, or is refused here; nothing behind this looks again.
def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _texts_by_name(value: dict[str, object]) -> dict[str, str]:
    return {name: _text(item) for name, item in value.items()}


def _unusable(name: str, why: str) -> UsageError:
    return UsageError(
        "The plan cannot be used", detail=f"{name}: {why}.", hint="Make one with platformctl plan --out FILE."
    )
