"""A Terraform that applies nothing: the engine's ``Terraform`` protocol over fake states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.config import EvaluatedUnit
from orchestrator.engine.ports import Accept, Applied, Phase, Progress, UnitChange
from orchestrator.hcl.values import Value
from orchestrator.model.status import Changes


@dataclass(slots=True, kw_only=True)
class FakeTerraform:
    """Writes the outputs that a unit is given here into its state, or empties it.

    Attributes:
        states: a ``FakeStates``.
        outputs: what each unit puts out once it is applied.
        ends: how the command on a unit ends, where it is no success.
        left: how many resources a destroy leaves in the state of a unit.
        plans: what a unit's own plan says, where that is asked for.
        applied: the commands that ran: unit, and whether it was a destroy.
        inputs: what each unit was applied with.
        logs: the log that each unit was told to write.

    """

    states: Any
    outputs: dict[str, dict[str, Value]] = field(default_factory=dict)
    ends: dict[str, Applied] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    changes: Changes = field(default_factory=lambda: Changes(add=1))
    plans: dict[str, tuple[UnitChange, ...]] = field(default_factory=dict)
    applied: list[tuple[str, bool]] = field(default_factory=list)
    inputs: dict[str, Mapping[str, Value]] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)
    interrupted: bool = False
    winding_down: bool = False

    def apply(
        self,
        unit: EvaluatedUnit,
        *,
        destroy: bool,
        log: Path,
        report: Callable[[Progress], None],
        accept: Accept | None = None,
    ) -> Applied:
        self.applied.append((unit.name, destroy))
        self.inputs[unit.name] = dict(unit.inputs)
        self.logs[unit.name] = log
        report(Phase(name="destroy" if destroy else "apply"))
        if accept is not None and (refusal := accept(self.plans.get(unit.name, ()))) is not None:
            return Applied(succeeded=False, refused=True, changes=Changes(), errors=(refusal.reason,))
        if unit.name in self.ends:
            return self.ends[unit.name]
        if destroy:
            self.states.put(unit.name, resources=self.left.get(unit.name, 0))
            return Applied(succeeded=True, changes=Changes(destroy=1))
        self.states.put(unit.name, self.outputs.get(unit.name, {}))
        return Applied(succeeded=True, changes=self.changes)

    def wind_down(self) -> None:
        self.winding_down = True

    def interrupt(self) -> None:
        self.interrupted = True
