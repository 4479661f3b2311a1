"""The work on one unit: bring it to its configuration, or destroy it.

Outputs are passed through ``Outputs``: read once from each unit's state, after its apply or, for a unit outside the run, before.
Nothing is passed on the command line, and nothing is guessed: a unit whose inputs are not wholly known is not applied.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.config import EvaluatedUnit, LocalSource, Stack
from orchestrator.engine.execution import Outcome
from orchestrator.engine.plan import Approval
from orchestrator.engine.ports import Accept, Applied, Phase, Reporter, State, States, Terraform
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl.values import Value, is_wholly_known
from orchestrator.model.status import Changes, Status


@dataclass(slots=True)
class Outputs:
    """The outputs of the applied units. Shared by the workers; guarded by a lock.

    ``orphans``: units that have a state and are not in the stack, by name.
    """

    stack: Stack
    states: States
    orphans: Mapping[str, EvaluatedUnit] = field(default_factory=dict)
    _known: dict[str, State | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _evaluation: threading.Lock = field(default_factory=threading.Lock)

    def state(self, name: str) -> State | None:
        """Return the unit's state, which is read once until it is forgotten."""
        with self._lock:
            if name in self._known:
                return self._known[name]
        state = self.states.read(self._evaluate(name, {}))
        with self._lock:
            return self._known.setdefault(name, state)

    def forget(self, name: str) -> None:
        """Forget the unit's state, because it has changed."""
        with self._lock:
            self._known.pop(name, None)

    def remove(self, name: str) -> None:
        self.states.remove(self._evaluate(name, {}))
        self.forget(name)

    def of_dependencies(self, name: str) -> Mapping[str, Mapping[str, Value]]:
        """Return the outputs of the unit's applied dependencies, by unit name."""
        found: dict[str, Mapping[str, Value]] = {}
        for target in self.stack.graph.dependencies.get(name, ()):
            state = self.state(target)
            if state is not None and is_applied(state):
                found[target] = state.outputs
        return found

    def evaluate(self, name: str) -> EvaluatedUnit:
        """Evaluate the unit with the outputs of its dependencies that are known now."""
        return self._evaluate(name, self.of_dependencies(name))

    def _evaluate(self, name: str, outputs: Mapping[str, Mapping[str, Value]]) -> EvaluatedUnit:
        if name in self.orphans:
            return self.orphans[name]
        # Units that were loaded together share caches, which are not safe for threads.
        with self._evaluation:
            return self.stack.units[name].evaluate(outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWork:
    """Does the work on single units, in worker threads.

    Attributes:
        approval: the changes that are allowed in each unit; None allows all that its configuration implies.
        idle: units that need no change; nothing is run for them.
        nothing: a folder without configuration, for destroying units whose own no longer works.

    """

    outputs: Outputs
    terraform: Terraform
    logs: Path
    approval: Approval | None = None
    idle: frozenset[str] = frozenset()
    nothing: LocalSource | None = None

    def up(self, name: str, report: Reporter) -> Outcome:
        """Apply the unit; a failure of Terraform is an outcome, not an exception."""
        if name in self.idle:
            return Outcome(status=Status.UNCHANGED)
        unit = self._known(name)
        accept = self.approval.accept(name) if self.approval is not None else None
        applied = self._run(unit, report, destroy=False, accept=accept)
        if applied.succeeded:
            # Read here, by the worker, so that dependents find the outputs ready when they start.
            report(Phase(name="outputs"))
            self.outputs.state(name)
        return self._outcome(name, applied)

    def destroy(self, name: str, report: Reporter) -> Outcome:
        """Destroy everything in the unit's state, then remove the state."""
        state = self.outputs.state(name)
        if state is None:
            return Outcome(status=Status.UNCHANGED)
        applied = None
        if is_applied(state):
            applied = self._run(self._without_unknowns(name), report, destroy=True)
            if not applied.succeeded:
                return self._outcome(name, applied)
            left = self.outputs.state(name)
            if left is not None and left.resources:
                return Outcome(
                    status=Status.FAILED,
                    changes=applied.changes,
                    error=f"{left.resources} resources are still in the state after destroy.",
                    log=str(self._log(name)),
                )
        self.outputs.remove(name)
        return self._outcome(name, applied) if applied else Outcome(status=Status.UNCHANGED)

    def _without_unknowns(self, name: str) -> EvaluatedUnit:
        """Return the unit with its inputs; without inputs and module if they are no longer known.

        Terraform destroys what is in the state. Of the configuration it needs the provider's, which a unit generates.
        """
        unit = self.outputs.evaluate(name)
        if self.nothing is None or unit.needs_module or all(is_wholly_known(value) for value in unit.inputs.values()):
            return self._known(name)
        return replace(unit, folder=self.nothing.root, source=self.nothing, inputs={})

    def _known(self, name: str) -> EvaluatedUnit:
        """Evaluate the unit completely.

        Raises PlatformctlError if a unit that it reads outputs of has not been applied.
        """
        unit = self.outputs.evaluate(name)
        unknown = sorted(key for key, value in unit.inputs.items() if not is_wholly_known(value))
        if unknown:
            raise PlatformctlError(
                "Inputs are not known",
                detail=f'Unit "{name}" needs {_quoted(unknown)} from units that have not been applied.',
                hint="Apply the units it depends on first; without --only, up does that by itself.",
            )
        return unit

    def _run(self, unit: EvaluatedUnit, report: Reporter, *, destroy: bool, accept: Accept | None = None) -> Applied:
        log = self._log(unit.name)
        try:
            return self.terraform.apply(unit, destroy=destroy, log=log, report=report, accept=accept)
        finally:
            self.outputs.forget(unit.name)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace('/', '__')}.log"

    def _outcome(self, name: str, applied: Applied) -> Outcome:
        if applied.succeeded:
            status = Status.CHANGED if applied.changes else Status.UNCHANGED
        else:
            status = Status.CANCELLED if applied.interrupted else Status.FAILED
        return Outcome(
            status=status,
            changes=applied.changes,
            error="\n\n".join(applied.errors),
            log=str(self._log(name)),
            stops_run=applied.refused,
            warnings=applied.warnings,
        )


def select(stack: Stack, only: Collection[str]) -> tuple[str, ...]:
    """Return the units to work on, in dependency order: all that are not external, or those named.

    Raises UsageError: a name is not a unit of the environment.
    """
    unknown = sorted(set(only) - set(stack.units))
    if unknown:
        raise UsageError(
            "No such unit",
            detail=f"{_quoted(unknown)} is not in environment {stack.environment}.",
            hint=f"Units of this environment: {', '.join(sorted(stack.units))}.",
        )
    return tuple(name for name in stack.graph.order() if (name in only if only else name not in stack.external))


def require_applied(outputs: Outputs, selected: Collection[str]) -> None:
    """Check that all outputs exist that the selected units read from others.

    Raises UsageError if a unit outside the selection has not been applied, so its outputs do not exist.
    """
    missing: dict[str, list[str]] = {}
    for name in selected:
        for edge in outputs.stack.units[name].unit.dependencies:
            if edge.reads_outputs and edge.target not in selected and not is_applied(outputs.state(edge.target)):
                missing.setdefault(edge.target, []).append(name)
    if missing:
        target, names = min(missing.items())
        raise UsageError(
            "A dependency has not been applied",
            detail=f"{_quoted(names)} reads outputs of {_quoted([target])}, which has no state yet.",
            hint=f"Apply it first: add --only {target}, or leave --only out to apply everything in order.",
        )


def dependents_of(outputs: Outputs, selected: Collection[str]) -> tuple[str, ...]:
    """Return the applied units outside the selection that depend on a selected one, directly or not, by name."""
    graph = outputs.stack.graph
    found = []
    for name in sorted(graph.downstream(set(selected) & set(graph.units)) - set(selected)):
        state = outputs.state(name)
        if state is not None and state.resources:
            found.append(name)
    return tuple(found)


def require_no_dependents(outputs: Outputs, selected: Collection[str]) -> None:
    """Check that nothing outside the selection depends on what is about to be destroyed.

    Raises UsageError: an applied unit outside the selection depends on a selected one.
    """
    standing = dependents_of(outputs, selected)
    if standing:
        raise UsageError(
            "Other units depend on what would be destroyed",
            detail=f"{_quoted(standing)} is still applied and depends on {_quoted(selected)}.",
            hint="Destroy them together: add --with-dependents, or name them: "
            + " ".join(f"--only {name}" for name in [*standing, *sorted(selected)]),
        )


def total(outcomes: Mapping[str, Outcome]) -> Changes:
    return sum((outcome.changes for outcome in outcomes.values()), Changes())


def is_applied(state: State | None) -> bool:
    """Tell whether a state holds anything; an interrupted destroy may leave an empty one."""
    return state is not None and bool(state.resources or state.outputs)


def _quoted(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
