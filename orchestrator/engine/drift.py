"""Drift: what differs in the cloud from the states, and from what the configuration says.

One plan of the stack shows both. Terraform refreshes the resources in the states ("resource_drift"), and plans how to bring them
to the configuration. The first shows what somebody changed, the second whether it matters: attributes that the configuration
does not set, and that AWS itself may change, need no repair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.engine.plan import PlannedChange, StackPlan
from orchestrator.model.status import Action

FORMAT_VERSION = "1.0"


class Kind(StrEnum):
    """In what way a resource differs.

    DELETED and CHANGED happened in the cloud, without Terraform. FOLLOWS is unchanged, and would be changed only because of
    one of those: its new values are known once that one has been repaired. NOT_APPLIED differs from the configuration only,
    which is newer than the last ``up``. OUTSIDE was changed in the cloud in attributes that the configuration leaves open;
    ``up`` would not touch it.
    """

    DELETED = "deleted"
    CHANGED = "changed"
    FOLLOWS = "follows"
    NOT_APPLIED = "not applied"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One resource that differs.

    ``cloud``: the change from the state to the cloud; None if they agree. ``repair``: the change from the cloud to the
    configuration, which ``up`` would make; None for no change.
    """

    kind: Kind
    address: str
    cloud: PlannedChange | None
    repair: PlannedChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What differs, by unit name; units without differences are left out."""

    units: Mapping[str, tuple[Difference, ...]]

    def __bool__(self) -> bool:
        """Tell whether anything differs that ``up`` would change."""
        return any(item.kind is not Kind.OUTSIDE for found in self.units.values() for item in found)


def drift_of(plan: StackPlan) -> Drift:
    """Compare what Terraform found in the cloud with what it would do."""
    units: dict[str, tuple[Difference, ...]] = {}
    for unit, changes in plan.units.items():
        # Both name a resource that moves by its new address.
        repairs = {change.address: change for change in changes}
        found = {change.address: change for change in plan.drift.get(unit, ())}
        differences = [_difference(address, found.get(address), repairs.get(address)) for address in {*found, *repairs}]
        if differences:
            units[unit] = tuple(sorted(differences, key=lambda item: item.address))
    return Drift(units=units)


def _difference(address: str, cloud: PlannedChange | None, repair: PlannedChange | None) -> Difference:
    return Difference(kind=_kind(cloud, repair), address=address, cloud=cloud, repair=repair)


def _kind(cloud: PlannedChange | None, repair: PlannedChange | None) -> Kind:
    if cloud is not None and cloud.action is Action.DELETE:
        return Kind.DELETED
    if repair is None:
        return Kind.OUTSIDE
    changed = {attribute.name for attribute in (cloud.attributes if cloud is not None else ())}
    if any(attribute.name in changed for attribute in repair.attributes):
        return Kind.CHANGED
    if repair.attributes and all(attribute.unknown for attribute in repair.attributes) and _may_follow(repair):
        return Kind.FOLLOWS
    return Kind.NOT_APPLIED


def _may_follow(repair: PlannedChange) -> bool:
    """Tell whether a change may follow from another one; what is missing or tainted has its own cause."""
    return repair.action is not Action.CREATE and repair.reason != "replace_because_tainted"


def to_document(drift: Drift, *, suffix: str, environment: str) -> dict[str, Any]:
    """Return what ``drift --json`` prints: the differences by unit, without the values of secrets."""
    return {
        "format_version": FORMAT_VERSION,
        "suffix": suffix,
        "environment": environment,
        "drifted": bool(drift),
        "units": [
            {
                "unit": unit,
                "resources": [
                    {
                        "address": item.address,
                        "kind": str(item.kind),
                        "repair": item.repair.action if item.repair else None,
                        "attributes": [
                            {
                                "name": attribute.name,
                                "state": attribute.before,
                                "cloud": attribute.after,
                                "sensitive": attribute.sensitive,
                            }
                            for attribute in (item.cloud.attributes if item.cloud else ())
                            if item.kind is not Kind.DELETED
                        ],
                    }
                    for item in found
                ],
            }
            for unit, found in drift.units.items()
        ],
    }
