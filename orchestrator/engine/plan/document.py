"""The JSON form of a stack's plan: what ``plan --json`` prints and ``plan --out`` keeps.

It holds no secrets: sensitive attributes are named without their values. docs/plan.schema.json is generated from
``PlanDocument``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from orchestrator.engine.plan.changes import PlannedChange, StackPlan, Warned
from orchestrator.errors import UsageError
from orchestrator.model.status import Action, Changes, Name, TargetName

FORMAT_VERSION = "1.1"
"""Fields may be added within a major version; existing ones keep their names and meaning."""

_SHARED = ("suffix", "environment", "target", "account", "created", "only", "account_settings")
"""Fields that a kept plan and its document have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the plan was made of. When any of it has changed, up --plan refuses the plan as stale.

    Attributes:
        configuration: By unit, a hash over its inputs, generated files and module.
        states: By unit, its state's lineage and serial with a slash between; empty where there was no state.

    """

    configuration: Mapping[str, str]
    states: Mapping[str, str]

    def differences(self, now: "Basis") -> tuple[str, ...]:
        """Return what has changed since, for people; empty when nothing has."""
        here, there = set(self.configuration), set(now.configuration)
        both = here & there
        edited = {unit for unit in both if self.configuration[unit] != now.configuration[unit]}
        moved_on = {unit for unit in both if self.states.get(unit, "") != now.states.get(unit, "")}
        reasons = (
            (here - there, "no longer exists", "no longer exist"),
            (there - here, "is new", "are new"),
            (edited, "is configured differently", "are configured differently"),
            (moved_on - edited, "has been applied or changed", "have been applied or changed"),
        )
        return tuple(_sentence(units, one, several) for units, one, several in reasons if units)


def _sentence(units: Collection[str], one: str, several: str) -> str:
    return f"{'unit' if len(units) == 1 else 'units'} {', '.join(sorted(units))} {one if len(units) == 1 else several}"


def state_version(document: Mapping[str, object] | None) -> str:
    """Spell a state document's lineage and serial; Terraform counts the serial up with every change."""
    return "" if document is None else f"{document.get('lineage')}/{document.get('serial')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan with what it takes to apply it later; the fields are those of ``PlanDocument``."""

    suffix: str
    environment: str
    target: str
    account: str
    created: str
    only: tuple[str, ...]
    account_settings: tuple[str, ...]
    plan: StackPlan
    basis: Basis
    orphans: tuple[str, ...] = ()


class AttributeEntry(msgspec.Struct, kw_only=True):
    """One attribute that changes.

    Attributes:
        name: Of the attribute, at the top level of the resource.
        before: The value now, of any type; null where there is none, and where it is sensitive.
        after: The value afterwards as far as it is known, of any type; null as above.
        unknown: What of the value is known only after apply: true for all of it, false for nothing, else marks in the shape of
            the value.
        sensitive: Whether the attribute is, or holds, a secret. Both values are left out then.
        forces_replacement: Whether this attribute is the reason why the resource is replaced.
        digest: Of a secret, a salted hash of what is known of it, which up compares; empty where there is none.

    """

    name: Name
    before: Any
    after: Any
    unknown: bool | list[Any] | dict[str, Any]
    sensitive: bool
    forces_replacement: bool
    digest: str = ""


class ResourceEntry(msgspec.Struct, kw_only=True):
    """One resource instance.

    Attributes:
        address: Within its unit, as in the unit's own state.
        action: What happens to it.
        reason: Why, in Terraform's word for it (the JSON format's action_reason), for example replace_because_tainted;
            null where Terraform gives none.
        previous_address: Where the state has it now, if it moves; else null.
        attributes: The attributes that change, by name.
        deposed: The key of an object that a replacement left behind, if the change is about that one; else null.

    """

    address: Name
    action: Action
    reason: str | None
    previous_address: str | None
    attributes: list[AttributeEntry]
    deposed: str | None = None


class DriftEntry(msgspec.Struct, kw_only=True):
    """One unit in which the cloud differs from the state.

    Attributes:
        unit: Its name.
        resources: The resource instances that differ, by address.

    """

    unit: Name
    resources: list[ResourceEntry]


class UnitEntry(msgspec.Struct, kw_only=True):
    """One unit of the plan.

    Attributes:
        unit: Its name: its folder below the environment's.
        changes: The counts of this unit.
        outputs_change: Whether its outputs will, or may, have other values than its state says. up applies a unit of which
            this is true, also when none of its resources change.
        resources: The resource instances that change, by address.

    """

    unit: Name
    changes: Changes
    outputs_change: bool
    resources: list[ResourceEntry]


class WarningEntry(msgspec.Struct, kw_only=True):
    """A warning of Terraform, for example a check that failed.

    Attributes:
        unit: Whose it is; empty for the stack's.
        text: With its place.

    """

    unit: str
    text: str


class PlanDocument(msgspec.Struct, kw_only=True):
    """The plan of a whole stack: what `platformctl plan --json` prints and `platformctl plan --out` keeps.

    It holds no secrets: sensitive attributes are named without their values. Fields may be added; the major number of
    format_version increases when one changes its meaning or is removed.

    Attributes:
        format_version: Of this document. Another major number is not read.
        suffix: The deployment.
        environment: The environment's folder in live/.
        target: Where the deployment lives.
        account: The AWS account that the plan was made for; the local cloud has one, too.
        created: When the plan was made: ISO 8601, UTC.
        only: The units that --only selected; empty when all were planned.
        account_settings: What the deployment owns of the things that AWS has once per account and region.
        summary: The counts of all units together.
        units: Every planned unit in dependency order, those without changes, too.
        drift: What differs in the cloud from the states: from what the state says to what was found. Units without drift
            are left out.
        orphans: Units that have a state and are no longer in the live tree. The plan leaves them as they are.
        provider_configurations: How many different provider configurations the units have; all are in this one plan.
        warnings: What Terraform warned of, failed checks included.
        salt: Of the digests of secrets.
        basis: What the plan was made of. When any of it has changed, up --plan refuses the plan as stale.

    """

    format_version: Annotated[str, msgspec.Meta(pattern=r"^1\.[0-9]+$")]
    suffix: Name
    environment: str
    target: TargetName
    account: str
    created: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    only: tuple[str, ...]
    account_settings: tuple[str, ...]
    summary: Changes
    units: list[UnitEntry]
    drift: list[DriftEntry]
    orphans: tuple[str, ...]
    provider_configurations: Annotated[int, msgspec.Meta(ge=1)]
    basis: Basis
    warnings: list[WarningEntry] = []
    salt: str = ""


def to_document(kept: KeptPlan) -> dict[str, Any]:
    """Return the plan as plain JSON values, units in the order of the plan."""
    plan = kept.plan
    return {
        "format_version": FORMAT_VERSION,
        **{name: getattr(kept, name) for name in _SHARED},
        "summary": msgspec.to_builtins(plan.changes()),
        "units": [
            {
                "unit": unit,
                "changes": msgspec.to_builtins(plan.changes(unit)),
                "outputs_change": unit in plan.outputs,
                "resources": _plain(changes),
            }
            for unit, changes in plan.units.items()
        ],
        "drift": [{"unit": unit, "resources": _plain(changes)} for unit, changes in plan.drift.items()],
        "orphans": kept.orphans,
        "provider_configurations": plan.providers,
        "warnings": msgspec.to_builtins(list(plan.warnings)),
        "salt": plan.salt,
        "basis": msgspec.to_builtins(kept.basis),
    }


def parse_document(document: object, *, name: str) -> KeptPlan:
    """Read what ``to_document`` made.

    ``name``: of the file, for messages. Raises UsageError if it is no plan, or of a format that this version does not
    know.
    """
    version = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise _unusable(name, "it is not a plan that platformctl kept")
    if version.split(".")[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise _unusable(name, f"its format is {version}, and this platformctl reads {FORMAT_VERSION}")
    try:
        found = msgspec.convert(document, PlanDocument)
    except msgspec.ValidationError as error:
        raise _unusable(name, f"it is damaged, or was edited by hand: {error}") from None
    units, drift = _changes(found.units), _changes(found.drift)
    if len(units) < len(found.units) or len(drift) < len(found.drift):
        raise _unusable(name, "it is damaged, or was edited by hand: a unit is listed twice")
    return KeptPlan(
        **{name: getattr(found, name) for name in _SHARED},
        plan=StackPlan(
            units=units,
            outputs=frozenset(entry.unit for entry in found.units if entry.outputs_change),
            drift=drift,
            providers=found.provider_configurations,
            warnings=tuple(Warned(unit=entry.unit, text=entry.text) for entry in found.warnings),
            salt=found.salt,
        ),
        basis=found.basis,
        orphans=found.orphans,
    )


def _plain(changes: tuple[PlannedChange, ...]) -> list[dict[str, Any]]:
    """Return changes as plain values; numbers keep their digits."""
    found: list[dict[str, Any]] = msgspec.to_builtins(list(changes), builtin_types=(Decimal,))
    return found


def _changes(entries: Collection[UnitEntry | DriftEntry]) -> dict[str, tuple[PlannedChange, ...]]:
    return {
        entry.unit: msgspec.convert(entry.resources, tuple[PlannedChange, ...], from_attributes=True)
        for entry in entries
    }


def _unusable(name: str, why: str) -> UsageError:
    return UsageError(
        "The plan cannot be used", detail=f"{name}: {why}.", hint="Make one with platformctl plan --out FILE."
    )
