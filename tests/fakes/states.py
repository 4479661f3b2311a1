"""States of units in memory: the engine's ``States`` protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.config import EvaluatedUnit
from orchestrator.engine.ports import State
from orchestrator.hcl.values import Value


@dataclass(slots=True)
class FakeStates:
    """Holds a state per unit name, and remembers what was asked of it."""

    states: dict[str, State] = field(default_factory=dict)
    read_names: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def put(
        self, name: str, outputs: Mapping[str, Value] | None = None, *, resources: int = 1, document: Any = None
    ) -> None:
        self.states[name] = State(outputs=outputs or {}, resources=resources, document=document or {"version": 4})

    def read(self, unit: EvaluatedUnit) -> State | None:
        self.read_names.append(unit.name)
        return self.states.get(unit.name)

    def remove(self, unit: EvaluatedUnit) -> None:
        self.removed.append(unit.name)
        self.states.pop(unit.name, None)
