"""Events as they come back from ``events.jsonl``.

The file may be of a run that was killed in the middle of a line, or of a newer platformctl: a line that is cut off, a type
or a field that is not known here says nothing, and does not keep the rest from being read.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.engine.events import Event
from orchestrator.model.status import Changes, Status

_VALUES: Mapping[str, Callable[[Any], Any]] = {
    "changes": lambda value: Changes(**{name: int(value[name]) for name in ("add", "change", "destroy")}),
    "status": Status,
    "units": tuple,
    "waiting_for": tuple,
}
"""How values that JSON has no form for are read back, by the name of the field."""


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a log, in its order."""
    kinds = {kind.type: kind for kind in Event.__subclasses__()}
    for line in lines:
        try:
            found = json.loads(line)
            kind = kinds[found["type"]]
            yield kind(**_fields(kind, found))
        except (KeyError, TypeError, ValueError, RecursionError):
            continue


def _fields(kind: type[Event], found: dict[str, Any]) -> dict[str, Any]:
    known = [field.name for field in dataclasses.fields(kind)]
    return {name: _VALUES.get(name, _as_it_is)(found[name]) for name in known if name in found}


def _as_it_is(value: Any) -> Any:
    return value
