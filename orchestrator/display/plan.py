"""A stack plan as people read it: unit by unit, resource by resource."""

import json
from collections.abc import Sequence

from rich.text import Text

from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan
from orchestrator.model.action import Action

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
    Action.FORGET: "is left alone from now on, and stays in the cloud",
}
# Terraform's words for why, where they are not plain from the attributes. Source: the JSON format's action_reason.
_REASONS = {
    "replace_because_tainted": "its creation broke off",
    "replace_by_request": "asked for",
    "replace_by_triggers": "replace_triggered_by",
    "delete_because_no_resource_config": "not in the configuration any more",
    "delete_because_wrong_repetition": "count or for_each has changed",
    "delete_because_count_index": "count is smaller",
    "delete_because_each_key": "not in for_each any more",
    "delete_because_no_module": "its module is not called any more",
    "delete_because_no_move_target": "nowhere to move to",
}
_LONGEST_VALUE = 60
_MOST_DESTROYED = 10
_WITH_ATTRIBUTES = frozenset({Action.UPDATE, Action.REPLACE})


def render_plan(plan: StackPlan, *, order: Sequence[str], orphans: Sequence[str] = ()) -> Text:
    """The plan, its units in dependency order, the totals last.

    Args:
        plan: what to show.
        order: its units.
        orphans: units with a state that the live tree does not have.

    """
    text = Text()
    for unit in order:
        changes = plan.units[unit]
        text.append(unit, style="bold")
        text.append(f"  {_said_of(plan, unit)}\n")
        for change in changes:
            append_change(text, change)
    for orphan in orphans:
        text.append(orphan, style="bold")
        text.append(
            "  orphaned: it has a state and is not in the live tree; the plan leaves it as it is\n", style="yellow"
        )
    if plan.providers > 1:
        text.append(f"\nThe units have {plan.providers} different provider configurations; all are in this one plan.\n")
    text.append(f"\n{summary(plan)}")
    return text


def render_summary(plan: StackPlan, *, order: Sequence[str], orphans: Sequence[str] = ()) -> Text:
    """The plan in short: a line for each unit that is touched, the totals last. Arguments as in ``render_plan``."""
    text = Text()
    width = max((len(unit) for unit in order), default=0)
    for unit in order:
        changes = plan.units[unit]
        if plan.touches(unit):
            destroyed = [change.address for change in changes if change.action.counts.destroy]
            text.append(f"  {unit:<{width}}  {_said_of(plan, unit)}\n")
            # What is lost is what people look for.
            for address in destroyed[:_MOST_DESTROYED]:
                text.append(f"  {'':<{width}}    - {address}\n", style="red")
            if len(destroyed) > _MOST_DESTROYED:
                text.append(f"  {'':<{width}}    - and {len(destroyed) - _MOST_DESTROYED} more\n", style="red")
    for orphan in orphans:
        text.append(
            f"  {orphan:<{width}}  orphaned: has a state, is not in the live tree; left as it is\n", style="yellow"
        )
    text.append(summary(plan))
    return text


def _said_of(plan: StackPlan, unit: str) -> str:
    if plan.units[unit]:
        return str(plan.changes(unit))
    return "outputs alone change" if plan.touches(unit) else "no changes"


def summary(plan: StackPlan) -> str:
    """The totals in one line."""
    total = plan.changes()
    moved = sum(not change.action.counts for changes in plan.units.values() for change in changes)
    if not plan:
        names = [unit for unit in plan.units if plan.touches(unit)]
        of_units = f"No resources change, but the outputs of {', '.join(names)} do."
        return of_units if names else "No changes: the cloud matches the configuration."
    rest = f" {moved} to move, import or leave alone." if moved else ""
    return f"Plan: {total.add} to add, {total.change} to change, {total.destroy} to destroy.{rest}"


def append_change(text: Text, change: PlannedChange) -> None:
    """Add one resource, and below it what changes in it."""
    sign, style = _SIGNS[change.action]
    text.append(f"  {sign} {change.address}", style=style)
    words = [_WORDS.get(change.action, "")]
    words.append(f"moves from {change.previous_address}" if change.previous_address else "")
    words.append(f"({_REASONS[change.reason]})" if change.reason in _REASONS else "")
    said = "  ".join(word for word in words if word)
    text.append(f"  {said}\n" if said else "\n")
    for attribute in change.attributes if change.action in _WITH_ATTRIBUTES else ():
        append_attribute(text, attribute)


def append_attribute(text: Text, attribute: AttributeChange) -> None:
    """Add one attribute: what it is, and what it will be."""
    before = "(sensitive)" if attribute.sensitive else _short(attribute.before)
    after = "(sensitive)" if attribute.sensitive else _short(attribute.after)
    if attribute.unknown:
        after = "(known after apply)"
    text.append(f"      {attribute.name}: {before} -> {after}")
    if attribute.forces_replacement:
        text.append("  forces replacement", style="red")
    text.append("\n")


def _short(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
