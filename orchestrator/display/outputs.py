"""The outputs of a deployment, as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from orchestrator.hcl import dump_json


def render_outputs(units: Mapping[str, Mapping[str, Any]]) -> Text:
    """Render outputs by unit; what is no text is JSON."""
    lines: list[Text] = []
    for unit, values in units.items():
        lines.append(Text(unit, style="bold"))
        for name, value in values.items():
            shown = value if isinstance(value, str) else dump_json(value, indent=0, sort_keys=True)
            lines.append(Text(f"  {name} = {shown}"))
    return Text("\n").join(lines)


def render_highlights(rows: Sequence[tuple[str, str]]) -> Text:
    """Render labels beside texts."""
    width = max((len(label) for label, _ in rows), default=0)
    return Text("\n").join(Text.assemble((f"{label:<{width}}  ", "bold"), text) for label, text in rows)
