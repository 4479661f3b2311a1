"""What a target gets of an event: all of it, a part, a constant, or a text made of parts.

Source: EventBridge User Guide, "Amazon EventBridge input transformation".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d{1,9})\]")
_PIECE = re.compile(r"""\\.|"|<([A-Za-z0-9_.-]+)>""", re.DOTALL)


def input_for(target: Mapping[str, Any], event: Mapping[str, Any], *, rule_name: str, rule_arn: str) -> str:
    """Return the text for a target with Input, InputPath, InputTransformer, or none of them."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(value_at(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    paths = transformer.get("InputPathsMap") or {}
    values: dict[str, Any] = {name: value_at(path, event) for name, path in paths.items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    return filled(transformer["InputTemplate"], values)


def value_at(path: str, event: Any) -> Any:
    """Return the value at a JSON path ("$.detail.items[0]"); None if the event has none."""
    found = event
    place = 1
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            return None
        name, place = step[1] or step[2], step.end()
        if name is not None:
            found = found.get(name) if isinstance(found, dict) else None
        else:
            number = int(step[3])
            found = found[number] if isinstance(found, list) and number < len(found) else None
    return found


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Replace the variables of a template.

    Within quotation marks a text is inserted as it is, escaped for JSON; elsewhere a value becomes JSON, quotation
    marks included. What the event lacks is empty, and unknown variables stay.
    """
    quoted = False

    def replace(match: re.Match[str]) -> str:
        nonlocal quoted
        if match[0] == '"':
            quoted = not quoted
        name = match[1]
        if name is None or name not in values:
            return match[0]
        value = "" if values[name] is None else values[name]
        if not quoted:
            return json.dumps(value)
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    return _PIECE.sub(replace, template)
