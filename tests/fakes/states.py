"""States of units in memory: the engine's ``States`` protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.config import EvaluatedUnit
from orchestrator.engine.ports import State
from orchestrator.hcl.values import Value


def _name(unit: EvaluatedUnit) -> str:
    return unit.name


@dataclass(slots=True)
class FakeStates:
    """Holds a state per unit, and remembers which units were read and removed.

    Attributes:
        key: under which a unit's state is held: its name, unless several deployments share these states.

    """

    states: dict[str, State] = field(default_factory=dict)
    read_names: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    key: Callable[[EvaluatedUnit], str] = _name

    def put(
        self, key: str, outputs: Mapping[str, Value] | None = None, *, resources: int = 1, document: Any = None
    ) -> None:
        self.states[key] = State(outputs=outputs or {}, resources=resources, document=document or {"version": 4})

    def read(self, unit: EvaluatedUnit) -> State | None:
        self.read_names.append(unit.name)
        return self.states.get(self.key(unit))

    def remove(self, unit: EvaluatedUnit) -> None:
        self.removed.append(unit.name)
        self.states.pop(self.key(unit), None)
