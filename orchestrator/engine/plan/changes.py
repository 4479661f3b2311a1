"""What a plan of the stack says: what will happen, by unit and resource, and which attributes change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.ports import UnitChange
from orchestrator.model.action import Action
from orchestrator.model.status import Changes

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

    Attributes:
        address: within its unit, as in the unit's own state.
        reason: why, in Terraform's word for it ("replace_because_tainted").
        previous_address: where the state has it now, if it moves.

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
