"""What a plan of the stack says: what will happen, by unit and resource, and which attributes change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from orchestrator.model.status import Action, Changes

_KEYS = re.compile(r"\[(?:\d+|\"(?:[^\"\\\\]|\\\\.)*\")\]")
"""The keys of instances in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute of a resource that changes.

    Attributes:
        before: the value as JSON has it; None where there was none, and where it is a secret.
        after: the value as far as it is known; None as above.
        unknown: what of ``after`` is known only after apply: all (True), nothing (False), or marks in its own shape.
        sensitive: the attribute is, or holds, a secret; both values are left out.
        digest: of a secret, a salted hash of what is known of ``after``; "" where there is none.

    """

    name: str
    before: object = None
    after: object = None
    unknown: "Marks" = False
    sensitive: bool = False
    forces_replacement: bool = False
    digest: str = ""


Marks: TypeAlias = "bool | list[Any] | dict[str, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What will happen to one resource instance.

    Attributes:
        address: within its unit, as in the unit's own state.
        reason: why, in Terraform's word for it ("replace_because_tainted").
        previous_address: where the state has it now, if it moves.
        deposed: the key of an object that a replacement left behind, if the change is about that one.

    """

    address: str
    action: Action
    reason: str | None = None
    previous_address: str | None = None
    attributes: tuple[AttributeChange, ...] = ()
    deposed: str | None = None

    @property
    def subject(self) -> str:
        """What changes, for people."""
        return f"{self.address} (deposed object {self.deposed})" if self.deposed else self.address

    @property
    def is_mark_alone(self) -> bool:
        """Whether no value changes, but only which values are secret."""
        return self.action is Action.UPDATE and not self.attributes and self.previous_address is None

    @property
    def type(self) -> str:
        """The resource type: "aws_eip" of ``module.network.aws_eip.this["a.b"]``."""
        return _KEYS.sub("", self.address).split(".")[-2]

    def after(self, name: str) -> Any:
        """Return what an attribute will be; None where it stays as it is, or is not known yet."""
        return next((one.after for one in self.attributes if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning of Terraform, for example a check that failed.

    ``unit``: whose it is; "" for the stack's. ``text``: for people, with its place.
    """

    unit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """The plan of a stack.

    Attributes:
        units: the planned changes by unit name; a unit without changes is there with an empty tuple.
        outputs: the units whose outputs will, or may, have other values than their states say.
        drift: what differs in the cloud from the states, by unit name; units without drift are left out.
        providers: how many provider configurations the units have.
        warnings: what Terraform warned of.
        salt: of the digests of secrets.

    """

    units: Mapping[str, tuple[PlannedChange, ...]]
    outputs: frozenset[str] = frozenset()
    drift: Mapping[str, tuple[PlannedChange, ...]] = field(default_factory=dict)
    providers: int = 1
    warnings: tuple[Warned, ...] = ()
    salt: str = ""

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
