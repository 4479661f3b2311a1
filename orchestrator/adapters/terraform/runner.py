"""Runs Terraform on units: the engine's ``Terraform`` protocol over one binary and, where it is safe, one provider."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.binaries import cache_key
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.terraform.lock import FILE_NAME
from orchestrator.adapters.terraform.messages import MessageReader
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.sharing import check_constraints, provider_configuration
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspace, Workspaces, write_private
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.ports import Applied, Phase, Progress
from orchestrator.hcl import to_json_value
from orchestrator.model.status import Changes

_STAMP = "platformctl-init.json"
_BACKEND_FILE = "backend.tfbackend"


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Implements ``orchestrator.engine.ports.Terraform``.

    Args:
        toolchain: the Terraform to run, and its environment.
        workspaces: where it runs.
        modules: finds the units' modules on this machine.
        providers: shared provider processes; None gives every command a provider of its own.
        parallelism: how many resources Terraform works on at once in one unit.

    """

    toolchain: Toolchain
    workspaces: Workspaces
    modules: Modules
    providers: SharedProviders | None
    parallelism: int

    def apply(self, unit: EvaluatedUnit, *, destroy: bool, log: Path, report: Callable[[Progress], None]) -> Applied:
        """See the protocol. Inputs lie in a file of mode 0600 while Terraform runs, and at no other time."""
        location = self.modules.locate(unit)
        interface = self.modules.interface(unit)
        workspace = self.workspaces.prepare(unit, module_root=location.root, subdirectory=location.subdirectory)
        inputs = {name: value for name, value in unit.inputs.items() if name in interface.variables}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            invocation = self._invocation(unit, workspace, location.folder)
            failed = self._init(unit, invocation, location.folder, stream, report)
            if failed is not None:
                return failed
            reader = MessageReader(report=report)
            report(Phase(name="destroy" if destroy else "apply"))
            workspace.write_inputs(inputs)
            try:
                code = self._run(
                    invocation,
                    stream,
                    reader.feed,
                    "apply",
                    destroy=FLAG if destroy else None,
                    json=FLAG,
                    auto_approve=FLAG,
                    input=False,
                    parallelism=self.parallelism,
                    lock_timeout="60s",
                )
            finally:
                workspace.remove_inputs()
        return Applied(
            succeeded=code == 0,
            interrupted=code != 0 and self.toolchain.processes.interrupted,
            changes=reader.changes,
            errors=() if code == 0 else reader.explanation() or (f"terraform apply ended with exit code {code}",),
        )

    def interrupt(self) -> None:
        """See the protocol. Also holds for processes that have not been started yet."""
        self.toolchain.processes.interrupt()

    def _invocation(self, unit: EvaluatedUnit, workspace: Workspace, module: Path) -> Invocation:
        environment = dict(self.toolchain.environment)
        keep_open: tuple[int, ...] = ()
        check_constraints(unit, module, self.toolchain.provider)
        if self.providers is not None:
            configuration = provider_configuration(unit, module)
            if configuration is not None:
                environment["TF_REATTACH_PROVIDERS"] = self.providers.reattach(configuration)
                keep_open = self.providers.holds
        return Invocation(
            arguments=self.toolchain.binary.arguments,
            folder=workspace.folder,
            environment=environment,
            keep_open=keep_open,
        )

    def _init(
        self,
        unit: EvaluatedUnit,
        invocation: Invocation,
        module: Path,
        log: TextIO,
        report: Callable[[Progress], None],
    ) -> Applied | None:
        """Initialise the workspace unless it is as the last init left it; returns what went wrong, or None."""
        if "TF_REATTACH_PROVIDERS" not in invocation.environment:
            # Every command with a provider of its own relies on this check, since its lock file has no hashes.
            _ = self.toolchain.provider_executable
        stamp = self._stamp(unit, invocation, module)
        record = invocation.folder / ".terraform" / _STAMP
        if record.is_file() and record.read_text(encoding="utf-8") == stamp:
            return None
        report(Phase(name="init"))
        (invocation.folder / FILE_NAME).write_text(self.toolchain.provider.without_hashes(), encoding="utf-8")
        lines: list[str] = []
        code = self._run(
            invocation,
            log,
            lines.append,
            "init",
            input=False,
            no_color=FLAG,
            reconfigure=FLAG,
            lockfile="readonly",
            backend_config=[_BACKEND_FILE] if self._backend_file(unit, invocation.folder) else None,
        )
        if code == 0:
            write_private(record, stamp)
            return None
        return Applied(
            succeeded=False,
            interrupted=self.toolchain.processes.interrupted,
            changes=Changes(),
            errors=("\n".join(line for line in lines if line.strip()),),
        )

    def _backend_file(self, unit: EvaluatedUnit, folder: Path) -> bool:
        """A backend that is configured without a generated file gets its settings from a file, as under Terragrunt."""
        state = unit.remote_state
        if state is None or state.generate is not None:
            return False
        settings = {name: to_json_value(value) for name, value in state.config.items()}
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in sorted(settings.items()))
        write_private(folder / _BACKEND_FILE, text)
        return True

    def _stamp(self, unit: EvaluatedUnit, invocation: Invocation, module: Path) -> str:
        """Changes whenever the workspace has to be initialised again, and now and then when it has not.

        Providers, module calls and backend are what init looks at; whether a change touched them is not worth finding out.
        """
        texts = [file.read_text(encoding="utf-8") for file in sorted(module.rglob("*.tf")) if file.is_file()]
        generated = "".join(f"{file.path}\n{file.contents}\n" for file in unit.generated)
        backend = str(sorted(unit.remote_state.config.items())) if unit.remote_state else ""
        facts: Mapping[str, str | bool] = {
            "terraform": cache_key(self.toolchain.binary),
            "provider": self.toolchain.provider.version,
            "shared": "TF_REATTACH_PROVIDERS" in invocation.environment,
            "configuration": hashlib.sha256("".join([generated, backend, *texts]).encode()).hexdigest(),
        }
        return json.dumps(facts, sort_keys=True)

    def _run(
        self,
        invocation: Invocation,
        log: TextIO,
        on_line: Callable[[str], None],
        command: str,
        **options: object,
    ) -> int:
        def keep(line: str) -> None:
            log.write(line + "\n")
            log.flush()
            on_line(line)

        log.write(f"# terraform {command} in {invocation.folder}\n")
        terraform = Command(invocation, processes=self.toolchain.processes, on_line=keep)
        code, _, _ = terraform.cmd(command, **options)
        return code
