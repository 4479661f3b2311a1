"""What units add to the plan of the stack: their hooks around it, the files that these make, and environment variables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.command import Invocation
from orchestrator.adapters.terraform.hooks import Hooks, hook_environment
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces, add_made
from orchestrator.config import Composition, EvaluatedUnit
from orchestrator.engine.ports import Applied
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.model.status import Changes

_T = TypeVar("_T")
_STEPS = ("init", "plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookedPlan:
    """Runs a plan between the hooks of init and plan of its units. ``folder``: for the workspaces that hooks run in."""

    toolchain: Toolchain
    modules: Modules
    folder: Path

    def run(self, units: Sequence[EvaluatedUnit], plan: Callable[[], _T]) -> _T:
        """Return what the plan returns; raises what it raises, and PlatformctlError: a hook failed."""
        hooked = [self._hooks(unit) for unit in units if has_hooks(unit)]
        planned: list[_T] = []
        failures: list[PlatformctlError] = []

        def work() -> Applied:
            try:
                planned.append(plan())
            except PlatformctlError as error:
                failures.append(error)
                return Applied(succeeded=False, changes=Changes(), errors=(error.detail,))
            return Applied(succeeded=True, changes=Changes())

        within: Callable[[], Applied] = work
        for hooks in reversed(hooked):
            within = partial(hooks.around, "plan", within)
        ended = next((failed for hooks in hooked if not (failed := hooks.around("init", _nothing)).succeeded), None)
        ended = ended or within()
        if failures:
            raise failures[0]
        if not ended.succeeded:
            raise PlatformctlError(
                "A hook failed",
                detail="\n\n".join(ended.errors),
                hint=f"Nothing was changed. Its output is in {self._log}.",
            )
        return planned[0]

    def add_made(self, unit: EvaluatedUnit, composition: Composition) -> None:
        """Add to the files of a unit what its hooks have made."""
        if has_hooks(unit):
            add_made(Workspaces(root=self.folder).folder(unit.name), composition.tree)

    @property
    def _log(self) -> Path:
        return self.toolchain.folder / "plan-hooks.log"

    def _hooks(self, unit: EvaluatedUnit) -> Hooks:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        workspace = Workspaces(root=self.folder).prepare(unit.name, self.modules.compose(unit))
        arguments = self.toolchain.binary.arguments
        invocation = Invocation(arguments=arguments, folder=workspace.folder, environment=self.toolchain.environment)
        return Hooks(
            unit=unit.name,
            behaviour=unit.behaviour,
            processes=self.toolchain.processes,
            folder=workspace.folder,
            environment=hook_environment(self.toolchain.with_unit(invocation, unit.behaviour, "plan"), unit),
            terraform=" ".join(arguments),
            log=self._log,
        )


def has_hooks(unit: EvaluatedUnit) -> bool:
    """Whether anything runs around the plan of a unit."""
    return any(hook.commands & set(_STEPS) for hook in unit.behaviour.hooks)


def common_environment(toolchain: Toolchain, units: Sequence[EvaluatedUnit]) -> dict[str, str]:
    """Return the environment variables that units add to their plan.

    Raises UsageError: two units give one of them different values, and one process plans them both.
    """
    found: dict[str, str] = {}
    owner: dict[str, str] = {}
    for unit in units:
        for step in _STEPS:
            for name, value in toolchain.unit_environment(unit.behaviour, step).items():
                if found.setdefault(name, value) != value:
                    raise UsageError(
                        "Units need different environments",
                        detail=f'env_vars of "{owner[name]}" and "{unit.name}" give {name} different values.',
                        hint="Plan them one by one, with --only.",
                    )
                owner.setdefault(name, unit.name)
    return found


def _nothing() -> Applied:
    return Applied(succeeded=True, changes=Changes())
