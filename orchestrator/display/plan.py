"""Renders a stack plan, and drift: unit by unit, resource by resource."""

from collections.abc import Sequence

from rich.text import Text

from orchestrator.engine.drift import Difference, Drift, Kind
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan
from orchestrator.hcl import dump_json
from orchestrator.model.status import Action

_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.REPLACE: ("±", "magenta"),
    Action.MOVE: (">", "cyan"),
    Action.IMPORT: ("<", "cyan"),
    Action.FORGET: (".", "cyan"),
}
_WORDS = {
    Action.REPLACE: "must be replaced",
    Action.IMPORT: "is imported",
    Action.FORGET: "is forgotten, and stays in the cloud",
}
# Terraform's reasons where the attributes do not show them. Source: the JSON format's action_reason.
_REASONS = {
    "replace_because_tainted": "its creation failed half-way",
    "replace_by_request": "requested",
    "replace_by_triggers": "replace_triggered_by",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each has changed",
    "delete_because_count_index": "count is smaller",
    "delete_because_each_key": "no longer in for_each",
    "delete_because_no_module": "its module is no longer called",
    "delete_because_no_move_target": "nowhere to move to",
}
_LONGEST_VALUE = 60
_MOST_DESTROYED = 10
_WITH_ATTRIBUTES = frozenset({Action.UPDATE, Action.REPLACE})


def render_plan(plan: StackPlan, *, order: Sequence[str], orphans: Sequence[str] = ()) -> Text:
    """Render the plan, its units in ``order``, then the orphans, then the totals."""
    text = Text()
    for unit in order:
        changes = plan.units[unit]
        text.append(unit, style="bold")
        text.append(f"  {_changes_of(plan, unit)}\n")
        for change in changes:
            append_change(text, change)
    for orphan in orphans:
        text.append(orphan, style="bold")
        text.append(
            "  orphaned: it has a state but is not in the live tree; the plan does not touch it\n", style="yellow"
        )
    append_warnings(text, plan)
    if plan.providers > 1:
        text.append(f"\nThe units have {plan.providers} different provider configurations; all are in this one plan.\n")
    text.append(f"\n{summary(plan)}")
    return text


def render_summary(plan: StackPlan, *, order: Sequence[str], orphans: Sequence[str] = ()) -> Text:
    """Render the plan in short: a line for each unit with changes, the orphans, the totals."""
    text = Text()
    width = max((len(unit) for unit in order), default=0)
    for unit in order:
        changes = plan.units[unit]
        if plan.touches(unit):
            destroyed = [change.subject for change in changes if change.action.counts.destroy]
            text.append(f"  {unit:<{width}}  {_changes_of(plan, unit)}\n")
            # What is destroyed matters most.
            for address in destroyed[:_MOST_DESTROYED]:
                text.append(f"  {'':<{width}}    - {address}\n", style="red")
            if len(destroyed) > _MOST_DESTROYED:
                text.append(f"  {'':<{width}}    - and {len(destroyed) - _MOST_DESTROYED} more\n", style="red")
    for orphan in orphans:
        text.append(
            f"  {orphan:<{width}}  orphaned: has a state but is not in the live tree; not touched\n", style="yellow"
        )
    append_warnings(text, plan)
    text.append(summary(plan))
    return text


def append_warnings(text: Text, plan: StackPlan) -> None:
    """Append what Terraform warned of, checks that failed included."""
    for warned in plan.warnings:
        text.append(f"\nWarning{f' of {warned.unit}' if warned.unit else ''}: ", style="yellow")
        text.append(warned.text.replace("\n", "\n  ") + "\n")


def _changes_of(plan: StackPlan, unit: str) -> str:
    if plan.units[unit]:
        return str(plan.changes(unit))
    return "only outputs change" if plan.touches(unit) else "no changes"


def summary(plan: StackPlan) -> str:
    total = plan.changes()
    moved = sum(not change.action.counts for changes in plan.units.values() for change in changes)
    if not plan:
        names = [unit for unit in plan.units if plan.touches(unit)]
        of_units = f"No resources change, but the outputs of {', '.join(names)} do."
        return of_units if names else "No changes: the cloud matches the configuration."
    rest = f" {moved} to move, import or forget." if moved else ""
    return f"Plan: {total.add} to add, {total.change} to change, {total.destroy} to destroy.{rest}"


def append_change(text: Text, change: PlannedChange) -> None:
    """Append one resource, and below it its changed attributes."""
    sign, style = _SIGNS[change.action]
    text.append(f"  {sign} {change.subject}", style=style)
    words = [_WORDS.get(change.action, "")]
    words.append(f"moves from {change.previous_address}" if change.previous_address else "")
    words.append(f"({_REASONS[change.reason]})" if change.reason in _REASONS else "")
    explanation = "  ".join(word for word in words if word)
    text.append(f"  {explanation}\n" if explanation else "\n")
    for attribute in change.attributes if change.action in _WITH_ATTRIBUTES else ():
        append_attribute(text, attribute)


def append_attribute(text: Text, attribute: AttributeChange) -> None:
    """Append one attribute: its value now and afterwards."""
    before = "(sensitive)" if attribute.sensitive else _short(attribute.before)
    after = "(sensitive)" if attribute.sensitive else _short(attribute.after)
    if attribute.unknown:
        after = "(known after apply)"
    text.append(f"      {attribute.name}: {before} -> {after}")
    if attribute.forces_replacement:
        text.append("  forces replacement", style="red")
    text.append("\n")


def _short(value: object) -> str:
    text = dump_json(value, indent=0, sort_keys=True)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


_KINDS = {
    Kind.DELETED: ("-", "red", "is gone from the cloud"),
    Kind.CHANGED: ("~", "yellow", "was changed in the cloud"),
    Kind.FOLLOWS: (">", "cyan", "follows from another one"),
    Kind.NOT_APPLIED: ("+", "cyan", "differs from the configuration, which is newer than the last up"),
}
_REPAIRS = {
    Action.CREATE: "creates it",
    Action.UPDATE: "changes it back",
    Action.REPLACE: "replaces it",
    Action.DELETE: "deletes it",
}


def render_drift(drift: Drift, *, order: Sequence[str]) -> Text:
    """Render what differs, units in dependency order; of what ``up`` would leave as it is, only the number."""
    text = Text()
    outside = 0
    for unit in order:
        found = drift.units.get(unit, ())
        outside += sum(item.kind is Kind.OUTSIDE for item in found)
        shown = [item for item in found if item.kind is not Kind.OUTSIDE]
        if shown:
            text.append(f"{unit}\n", style="bold")
        for item in shown:
            _append(text, item)
    if drift:
        count = sum(item.kind is not Kind.OUTSIDE for found in drift.units.values() for item in found)
        text.append(f"\nDrift: {count} resource{'s differ' if count != 1 else ' differs'}.")
    else:
        text.append("No drift: the cloud is as it was deployed.")
    if outside:
        resources = "resource has" if outside == 1 else "resources have"
        text.append(
            f"\n{outside} more {resources} other values in attributes that the configuration leaves open; --json names them."
        )
    return text


def _append(text: Text, item: Difference) -> None:
    sign, style, words = _KINDS[item.kind]
    text.append(f"  {sign} {item.address}", style=style)
    repair = _REPAIRS.get(item.repair.action, "") if item.repair else ""
    text.append(f"  {words}{f'; up {repair}' if repair else ''}\n")
    if item.kind is Kind.CHANGED and item.repair is not None:
        # From the cloud's value to the configured one: that is what up will do.
        for attribute in item.repair.attributes:
            append_attribute(text, attribute)
