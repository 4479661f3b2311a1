"""Runs the plan of a whole stack in a temporary folder."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Any

import psutil

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.output import json_object, unexpected
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.terraform.messages import MessageReader
from orchestrator.adapters.terraform.mirror import FILE_NAME
from orchestrator.adapters.terraform.provider import SharedProviders, check_constraints, provider_configuration
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import write_private
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.plan import StackPlan, merge_states, read_plan, root_module
from orchestrator.errors import PlatformctlError

_PLAN = "stack.tfplan"
_FOLDER = "plan-"


@dataclass(frozen=True, kw_only=True)
class StackPlanner:
    """Plans units together, in a folder of ``home``, the project's ``.platformctl``; fields as in ``Runner``."""

    toolchain: Toolchain
    modules: Modules
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
            providers = self.write(folder, units, states)
            invocation = self._invocation(folder, units)
            self._run(invocation, "init", input=False, no_color=FLAG, lockfile="readonly")
            self._run(invocation, "plan", input=False, json=FLAG, out=_PLAN, parallelism=self.parallelism, lock=False)
            shown = "\n".join(self._run(invocation, "show", _PLAN, json=FLAG))
            try:
                return read_plan(json_object(shown), units=[unit.name for unit in units], providers=providers)
            except ValueError as error:
                command = [*invocation.arguments, "show", "-json", _PLAN]
                raise unexpected(command, shown, expected="a plan of the stack", problem=str(error)) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def write(self, folder: Path, units: Sequence[EvaluatedUnit], states: Mapping[str, Mapping[str, Any]]) -> int:
        """Write the root module, the merged state and the lock file; return the number of provider configurations."""
        locations = {unit.name: self.modules.locate(unit).folder for unit in units}
        # Terraform reads a module with a relative source in place, and copies one with an absolute source.
        sources = {name: relpath(path.resolve(), folder.resolve()) for name, path in locations.items()}
        variables = {unit.name: self.modules.interface(unit).variables for unit in units}
        outputs = {unit.name: self.modules.interface(unit).outputs for unit in units}
        root = root_module(units, sources=sources, variables=variables, outputs=outputs)
        for name, text in root.files.items():
            write_private(folder / name, text)
        if states:
            merged = merge_states(states, aliases=root.aliases, outputs=outputs)
            write_private(folder / "terraform.tfstate", json.dumps(merged))
        (folder / FILE_NAME).write_text(self.toolchain.provider.without_hashes(), encoding="utf-8")
        return root.providers

    def _invocation(self, folder: Path, units: Sequence[EvaluatedUnit]) -> Invocation:
        configurations = set()
        for unit in units:
            module = self.modules.locate(unit).folder
            check_constraints(unit, module, self.toolchain.provider)
            configurations.add(provider_configuration(unit, module))
        invocation = Invocation(
            arguments=self.toolchain.binary.arguments, folder=folder, environment=self.toolchain.environment
        )
        shared = configurations.pop() if len(configurations) == 1 else None
        if self.providers is not None and shared is not None:
            return self.providers.attach(invocation, shared)
        self.toolchain.install_provider()
        return invocation

    def _run(self, invocation: Invocation, command: str, *arguments: str, **options: object) -> list[str]:
        lines: list[str] = []
        terraform = Command(invocation, processes=self.toolchain.processes, on_line=lines.append)
        code, _, _ = terraform.cmd(command, *arguments, **options)
        if code:
            reader = MessageReader(report=lambda _progress: None)
            for line in lines:
                reader.feed(line)
            raise PlatformctlError(
                f"terraform {command} of the whole stack failed",
                detail="\n\n".join(reader.explanation()),
                hint="Nothing was changed.",
            )
        return lines


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
