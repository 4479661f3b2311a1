"""Runs the plan of a whole stack in a temporary folder."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.output import json_object, unexpected
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.terraform.hooked_plan import HookedPlan, common_environment
from orchestrator.adapters.terraform.lock import FILE_NAME
from orchestrator.adapters.terraform.messages import Locate, MessageReader
from orchestrator.adapters.terraform.places import located_in_stack
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.sharing import check_constraints, needs_more, provider_configuration
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces, bring_to, write_private
from orchestrator.config import EvaluatedUnit, declared_inputs, module_name
from orchestrator.engine.plan import Rendering, RootModule, StackPlan, Warned, merge_states, read_plan, root_module
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import dump_json

_PLAN = "stack.tfplan"
_FOLDER = "plan-"
_UNITS = "units"
_HOOKED = "hooked"


@dataclass(frozen=True, kw_only=True)
class StackPlanner:
    """Plans units together, in a folder of ``home``, the project's ``.platformctl``; fields as in ``Runner``."""

    toolchain: Toolchain
    modules: Modules
    workspaces: Workspaces
    providers: SharedProviders | None
    home: Path
    parallelism: int

    def plan(self, units: Sequence[EvaluatedUnit], states: Mapping[str, Mapping[str, Any]]) -> StackPlan:
        """Plan the units against their states.

        ``units``: evaluated with unknown outputs of the units that are planned with them; ``states``: by unit name, the
        state document of each unit that has one. Raises UsageError if the units cannot be planned together;
        PlatformctlError: Terraform failed, its errors are the detail.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(self.home)
        # The merged state may hold secrets: the folder is private and is deleted in any case. Its name says which process
        # made it, in case that one is killed.
        folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=self.home))
        try:
            hooked = HookedPlan(toolchain=self.toolchain, modules=self.modules, folder=folder / _HOOKED)
            return hooked.run(units, lambda: self._planned(folder, units, states, hooked))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _planned(
        self,
        folder: Path,
        units: Sequence[EvaluatedUnit],
        states: Mapping[str, Mapping[str, Any]],
        hooked: HookedPlan,
    ) -> StackPlan:
        renderings = {unit.name: self.render(unit, hooked) for unit in units}
        root = self.write(folder, units, states, renderings)
        invocation = self._invocation(folder, units, renderings)
        locked = self.toolchain.locked_for(unit.folder for unit in units)
        more = needs_more((rendering.composition for rendering in renderings.values()), locked)
        places = partial(located_in_stack, root, renderings.values())
        run = partial(self._run, invocation, places)
        run("init", input=False, no_color=FLAG, lockfile=None if more else "readonly")
        planned = run("plan", input=False, json=FLAG, out=_PLAN, parallelism=self.parallelism, lock=False)
        shown = "\n".join(run("show", _PLAN, json=FLAG).lines)
        try:
            return read_plan(
                json_object(shown),
                units=[unit.name for unit in units],
                outputs=root.outputs,
                handed=root.handed,
                providers=root.providers,
                warnings=planned.warnings,
            )
        except ValueError as error:
            command = [*invocation.arguments, "show", "-json", _PLAN]
            raise unexpected(command, shown, expected="a plan of the stack", problem=str(error)) from None

    def write(
        self,
        folder: Path,
        units: Sequence[EvaluatedUnit],
        states: Mapping[str, Mapping[str, Any]],
        renderings: Mapping[str, Rendering],
    ) -> RootModule:
        """Write the root module, the units' modules, the merged state and the lock file."""
        inputs = {unit.name: declared_inputs(unit, renderings[unit.name].composition.interface) for unit in units}
        recorded = {name: document.get("outputs", {}) for name, document in states.items()}
        root = root_module(units, renderings, inputs=inputs, recorded=recorded)
        for name, text in root.files.items():
            write_private(folder / name, text)
        for rendering in renderings.values():
            bring_to(folder / _UNITS / module_name(rendering.unit), rendering.tree())
        if states:
            merged = merge_states(
                states, outputs=root.outputs, aliases=root.aliases, keeping=root.keeping, handed=root.handed
            )
            write_private(folder / "terraform.tfstate", dump_json(merged))
        text = self.toolchain.lock_text(unit.folder for unit in units)
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
        return root

    def render(self, unit: EvaluatedUnit, hooked: HookedPlan | None = None) -> Rendering:
        """Compose a unit, with what its hooks have made, and render it for the plan.

        Raises UsageError: one of its generated files depends on outputs that do not exist yet.
        """
        if unit.undetermined:
            raise UsageError(
                "A generated file is not known before the plan",
                detail=f'Unit "{unit.name}" generates {", ".join(unit.undetermined)} from outputs that do not exist yet.',
                hint="Apply the units that it depends on first: platformctl up --only NAME.",
            )
        composition = self.modules.compose(unit)
        if hooked is not None:
            hooked.add_made(unit, composition)
        return Rendering(
            unit=unit.name,
            composition=composition,
            workspace=(self.workspaces.folder(unit.name) / composition.subdirectory).resolve(),
            at=(Path(_UNITS) / module_name(unit.name) / composition.subdirectory).as_posix(),
        )

    def _invocation(
        self, folder: Path, units: Sequence[EvaluatedUnit], renderings: Mapping[str, Rendering]
    ) -> Invocation:
        configurations = set()
        for unit in units:
            composition = renderings[unit.name].composition
            check_constraints(unit.name, composition, self.toolchain.locked_for([unit.folder]))
            configurations.add(provider_configuration(composition))
        own = common_environment(self.toolchain, units)
        invocation = Invocation(
            arguments=self.toolchain.binary.arguments,
            folder=folder,
            environment={**self.toolchain.environment, **own},
        )
        shared = configurations.pop() if len(configurations) == 1 else None
        if self.providers is not None and shared is not None and not own:
            return self.providers.attach(invocation, shared)
        self.toolchain.install_provider()
        return invocation

    def _run(
        self, invocation: Invocation, places: Locate, command: str, *arguments: str, **options: object
    ) -> "_Output":
        lines: list[str] = []
        terraform = Command(invocation, processes=self.toolchain.processes, on_line=lines.append)
        code, _, _ = terraform.cmd(command, *arguments, **options)
        reader = MessageReader(report=lambda _progress: None, locate=places)
        for line in lines if code or command == "plan" else ():
            reader.feed(line)
        if code:
            raise PlatformctlError(
                f"terraform {command} of the whole stack failed",
                detail="\n\n".join(reader.explanation()),
                hint="Nothing was changed.",
            )
        return _Output(lines=lines, warnings=tuple(dict.fromkeys(reader.warnings)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    lines: list[str]
    warnings: tuple[Warned, ...]


def _remove_abandoned(home: Path) -> None:
    """Remove the folders of plans whose process was killed: they hold states, and states hold secrets."""
    for folder in home.glob(f"{_FOLDER}*-*"):
        pid = folder.name.removeprefix(_FOLDER).split("-")[0]
        with suppress(FileNotFoundError):
            if pid.isdecimal() and not _has_made(int(pid), folder):
                shutil.rmtree(folder, ignore_errors=True)


def _has_made(pid: int, folder: Path) -> bool:
    """Whether the process still runs, and is not a later one with the same number."""
    try:
        return bool(psutil.Process(pid).create_time() <= folder.stat().st_ctime + 1)
    except psutil.Error:
        return False
