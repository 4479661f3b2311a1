"""States in any backend that Terraform has: a plain S3 bucket is read directly, a local file too, everything else by Terraform."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from orchestrator.adapters.aws.states import parse_state
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.output import quote
from orchestrator.adapters.terraform.command import Command, Invocation
from orchestrator.adapters.terraform.initialisation import Initialisation
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.config import Composition, EvaluatedUnit, configuration_files, parsed
from orchestrator.engine.ports import State, States
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import Literal, load_json

BACKEND_FILE = "platformctl_override.tf"
"""Terraform lays files of such a name over the others, so that its backend replaces whatever backend they configure."""

# With these alone the state is an object that the target's own credentials reach.
_PLAIN = frozenset({"acl", "bucket", "dynamodb_table", "encrypt", "key", "kms_key_id", "region", "use_lockfile"})


def local_state_file(unit: EvaluatedUnit, composition: Composition) -> Path | None:
    """Return the file that holds the unit's state; None if its backend is another one than ``local``.

    A relative path is one from the unit's folder, as it is for a unit without a ``source`` under Terragrunt; a workspace
    can be deleted at any time.
    """
    backend, settings = backend_of(unit, composition)
    return unit.folder / str(settings.get("path") or "terraform.tfstate") if backend == "local" else None


def backend_of(unit: EvaluatedUnit, composition: Composition) -> tuple[str, Mapping[str, object]]:
    """Return the name of the unit's backend and those of its settings that are written out; Terraform's default is "local"."""
    if unit.remote_state is not None:
        return unit.remote_state.backend, unit.remote_state.config
    files = composition.files
    for name in configuration_files(files):
        if not name.endswith(".tf"):
            continue
        for terraform in (block for block in parsed(name, files[name]).blocks if block.type == "terraform"):
            for block in terraform.body.blocks:
                if block.type == "cloud":
                    return "cloud", {}
                if block.type == "backend":
                    literals = {key: item.expression for key, item in block.body.attributes.items()}
                    return block.labels[0], {k: e.value for k, e in literals.items() if isinstance(e, Literal)}
    return "local", {}


def backend_file(state: Path) -> str:
    """Return the text of a file that keeps the state in this one."""
    return f'terraform {{\n  backend "local" {{\n    path = {json.dumps(str(state))}\n  }}\n}}\n'


@dataclass(frozen=True, kw_only=True)
class BackendStates:
    """Implements ``orchestrator.engine.ports.States``; ``direct``: reads states in S3 without Terraform."""

    direct: States
    toolchain: Toolchain
    modules: Modules
    workspaces: Workspaces
    logs: Path

    def read(self, unit: EvaluatedUnit) -> State | None:
        """See the protocol. Raises PlatformctlError: Terraform could not read the state, or it is not one of version 4."""
        state = unit.remote_state
        if state is not None and state.backend == "s3" and state.config.keys() <= _PLAIN:
            return self.direct.read(unit)
        composition = self.modules.compose(unit)
        file = local_state_file(unit, composition)
        if file is not None:
            text = file.read_text(encoding="utf-8") if file.is_file() else ""
        else:
            text = self._pull(unit, composition)
        if not text.strip():
            return None
        try:
            return parse_state(load_json(text))
        except (msgspec.ValidationError, ValueError, RecursionError):
            # The cause would quote the text, which is full of values.
            raise PlatformctlError(
                "The state cannot be read", detail=f'The state of unit "{unit.name}" is not one of format version 4.'
            ) from None

    def remove(self, unit: EvaluatedUnit) -> None:
        """Leave the empty state where it is, as Terraform does: the backend is not platformctl's own."""

    def _pull(self, unit: EvaluatedUnit, composition: Composition) -> str:
        workspace = self.workspaces.prepare(unit.name, composition)
        invocation = Invocation(
            arguments=self.toolchain.binary.arguments,
            folder=workspace.folder,
            environment=self.toolchain.environment,
            unit=unit.name,
        )
        init = Initialisation(toolchain=self.toolchain, unit=unit, composition=composition, invocation=invocation)
        self.logs.mkdir(parents=True, exist_ok=True)
        failed = init.run(log=self.logs / "states.log", report=lambda _progress: None)
        if failed is not None:
            raise PlatformctlError(
                "The state cannot be read",
                detail=f'terraform init of unit "{unit.name}": {" ".join(failed.errors)}',
                hint="Nothing was changed.",
            )
        lines: list[str] = []
        command = Command(invocation, processes=self.toolchain.processes, on_line=lines.append)
        code, _, _ = command.cmd("state pull")
        if code:
            raise PlatformctlError(
                "The state cannot be read",
                detail=f'terraform state pull of unit "{unit.name}": {quote(" ".join(lines))}',
                hint="Nothing was changed.",
            )
        return "\n".join(lines)
