"""Renders drift."""

from collections.abc import Sequence

from rich.text import Text

from orchestrator.display.plan import append_attribute
from orchestrator.engine.drift import Difference, Drift, Kind
from orchestrator.model.action import Action

_WORDS = {
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
    sign, style, words = _WORDS[item.kind]
    text.append(f"  {sign} {item.address}", style=style)
    repair = _REPAIRS.get(item.repair.action, "") if item.repair else ""
    text.append(f"  {words}{f'; up {repair}' if repair else ''}\n")
    if item.kind is Kind.CHANGED and item.repair is not None:
        # From the cloud's value to the configured one: that is what up will do.
        for attribute in item.repair.attributes:
            append_attribute(text, attribute)
