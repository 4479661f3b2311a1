"""A stack plan as people read it: unit by unit, resource by resource."""

from rich.text import Text

from orchestrator.engine.stack_plan import PlannedChange, StackPlan

_SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red"), "replace": ("±", "magenta")}
_LONGEST_VALUE = 60


def render_plan(plan: StackPlan, *, order: tuple[str, ...]) -> Text:
    """The plan, its units in dependency order, the totals last."""
    text = Text()
    for unit in order:
        changes = plan.units[unit]
        counts = plan.changes(unit)
        text.append(unit, style="bold")
        text.append(f"  {counts or 'no changes'}\n")
        for change in changes:
            _append_change(text, change)
    total = plan.changes()
    if not total:
        text.append("\nNo changes: the cloud matches the configuration.")
    else:
        text.append(f"\nPlan: {total.add} to add, {total.change} to change, {total.destroy} to destroy.")
    return text


def _append_change(text: Text, change: PlannedChange) -> None:
    sign, style = _SIGNS[change.action]
    text.append(f"  {sign} {change.address}", style=style)
    if change.action == "replace":
        text.append("  must be replaced")
    text.append("\n")
    for attribute in change.attributes:
        text.append(f"      {attribute.name}: {_short(attribute.before)} -> {_short(attribute.after)}")
        if attribute.forces_replacement:
            text.append("  forces replacement", style="red")
        text.append("\n")


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
