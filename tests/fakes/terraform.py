"""A Terraform that applies nothing: the protocols ``Terraform``, ``Planner`` and ``TerraformTools`` over fake states."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.commands.ports import TerraformSession
from orchestrator.config import EvaluatedUnit, LocalSource
from orchestrator.engine.plan import StackPlan
from orchestrator.engine.ports import Accept, Applied, Phase, Reporter, States
from orchestrator.hcl.values import Value
from orchestrator.model.status import Action, Changes


class Intended(NamedTuple):
    """A change in a unit's own plan."""

    address: str
    action: Action
    after: Mapping[str, Any] = {}


def unit_plan(*changes: Intended) -> dict[str, Any]:
    """Return a plan in Terraform's JSON format."""
    actions = {Action.REPLACE: ["delete", "create"]}
    return {
        "resource_changes": [
            {
                "address": change.address,
                "mode": "managed",
                "change": {"actions": actions.get(change.action, [str(change.action)]), "after": change.after},
            }
            for change in changes
        ]
    }


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
    plans: dict[str, tuple[Intended, ...]] = field(default_factory=dict)
    applied: list[tuple[str, bool]] = field(default_factory=list)
    inputs: dict[str, Mapping[str, Value]] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)
    interrupted: bool = False
    winding_down: bool = False

    def apply(
        self, unit: EvaluatedUnit, *, destroy: bool, log: Path, report: Reporter, accept: Accept | None = None
    ) -> Applied:
        self.applied.append((unit.name, destroy))
        self.inputs[unit.name] = dict(unit.inputs)
        self.logs[unit.name] = log
        report(Phase(name="destroy" if destroy else "apply"))
        if accept is not None and (refusal := accept(unit_plan(*self.plans.get(unit.name, ())))) is not None:
            return Applied(succeeded=False, refused=True, changes=Changes(), errors=(refusal.reason,))
        if unit.name in self.ends:
            return self.ends[unit.name]
        if destroy:
            self.states.put(self.states.key(unit), resources=self.left.get(unit.name, 0))
            return Applied(succeeded=True, changes=Changes(destroy=1))
        self.states.put(self.states.key(unit), self.outputs.get(unit.name, {}))
        return Applied(succeeded=True, changes=self.changes)

    def wind_down(self) -> None:
        self.winding_down = True

    def interrupt(self) -> None:
        self.interrupted = True


@dataclass(slots=True)
class FakePlanner:
    """Returns the plan that a test has made, else one without changes, and remembers what was planned.

    Attributes:
        planned: by call, the units and those of them that had a state.

    """

    plan_made: StackPlan | None = None
    planned: list[tuple[tuple[str, ...], list[str]]] = field(default_factory=list)

    def plan(self, units: Sequence[EvaluatedUnit], states: Mapping[str, Mapping[str, Any]]) -> StackPlan:
        names = tuple(unit.name for unit in units)
        self.planned.append((names, sorted(states)))
        return StackPlan(units=dict.fromkeys(names, ())) if self.plan_made is None else self.plan_made


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeChild:
    """A Terraform process that goes on without its platformctl."""

    unit: str
    pid: int = 4711
    command: str = "apply"


@dataclass(slots=True, kw_only=True)
class FakeTerraformTools:
    """Terraform for the deployments of a test.

    Attributes:
        folder: takes the folder without configuration.
        children: one answer of ``at_work`` after the other; the last one stays.
        types: what the module of each unit declares; None where only Terraform could tell.
        elsewhere: keys of states that some other process works on.
        workspaces_removed: how often that was done.

    """

    folder: Path
    runner: FakeTerraform
    planner: FakePlanner = field(default_factory=FakePlanner)
    children: list[tuple[FakeChild, ...]] = field(default_factory=lambda: [()])
    types: dict[str, frozenset[str] | None] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    workspaces_removed: int = 0

    def prepare(self) -> str:
        return "Terraform 1.11.4, provider 5.100.0"

    @contextmanager
    def open(self) -> Iterator[TerraformSession]:
        yield TerraformSession(planner=self.planner, runner=self.runner)

    def at_work(self) -> tuple[FakeChild, ...]:
        return self.children.pop(0) if len(self.children) > 1 else self.children[0]

    def states_at_work(self, bucket: str) -> tuple[str, ...]:
        return self.elsewhere

    def resource_types(self, unit: EvaluatedUnit) -> frozenset[str] | None:
        return self.types.get(unit.name, frozenset())

    def fingerprint(self, unit: EvaluatedUnit) -> str:
        assert isinstance(unit.source, LocalSource)
        return f"{unit.inputs} {sorted(path.name for path in unit.source.folder.iterdir())}"

    def states(self, direct: States) -> States:
        return direct

    def no_module(self) -> LocalSource:
        return LocalSource(root=self.folder)

    def remove_workspaces(self) -> None:
        self.workspaces_removed += 1
