"""Workspaces on disk: the folders in which Terraform runs, one per unit of a deployment.

A workspace looks like the module's folder with the generated files beside the module's own. Sources stay where they
are and are linked file by file, so nothing is copied and nothing is ever written into modules/ or live/.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import EvaluatedUnit
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import to_json_value
from orchestrator.hcl.values import Value, unmark

INPUTS_FILE = "platformctl.auto.tfvars.json"
SIGNATURE = "nIlQXj57tbuaRZEa"
_OURS = ".platformctl-links.json"
# What Terraform itself keeps beside a module; it belongs to whoever ran Terraform there, not to the unit.
_NOT_LINKED = frozenset(
    {".terraform", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup", "examples"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A prepared folder."""

    folder: Path

    def write_inputs(self, inputs: Mapping[str, Value]) -> None:
        """Write the input variables to a file that only the user can read; take it away with ``remove_inputs``."""
        text = json.dumps({name: to_json_value(unmark(value)) for name, value in inputs.items()}, indent=2)
        write_private(self.folder / INPUTS_FILE, text + "\n")

    def remove_inputs(self) -> None:
        (self.folder / INPUTS_FILE).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """Makes the workspaces of one deployment under ``root``; units work in folders of their own, so in parallel."""

    root: Path

    def prepare(self, unit: EvaluatedUnit, *, module_root: Path, subdirectory: str) -> Workspace:
        """Bring the unit's workspace up to date.

        Args:
            unit: what to generate into it.
            module_root: the folder before ``//`` in the source; linked as a whole, so that modules can use siblings.
            subdirectory: the module's folder under it.

        Raises:
            PlatformctlError: a generated file is in the way of one of the module's own, and the block says "error".

        """
        base = self.root / unit.name.replace("/", "__")
        folder = base / subdirectory if subdirectory else base
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._link_siblings(base, module_root, subdirectory)
        _link_contents(module_root / subdirectory, folder, skip=frozenset())
        for file in unit.generated:
            _generate(folder, file.path, file.contents, if_exists=file.if_exists, unit=unit.name)
        return Workspace(folder=folder)

    def _link_siblings(self, base: Path, module_root: Path, subdirectory: str) -> None:
        source, target = module_root, base
        for part in Path(subdirectory).parts:
            target.mkdir(exist_ok=True)
            _link_contents(source, target, skip=frozenset({part}))
            source, target = source / part, target / part

    def remove(self) -> None:
        """Delete the workspaces of a deployment of which nothing is left."""
        shutil.rmtree(self.root, ignore_errors=True)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: a reader sees the old text or the new one."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.replace(file)


def _link_contents(source: Path, target: Path, *, skip: frozenset[str]) -> None:
    """Make links in ``target`` to everything in ``source``, and take away links to what is no longer there."""
    if not source.is_dir():
        raise UsageError("Module not found", detail=f"There is no folder {source}.")
    wanted = {entry.name: entry for entry in source.iterdir() if entry.name not in _NOT_LINKED | skip}
    record = target / _OURS
    earlier = set(json.loads(record.read_text(encoding="utf-8"))) if record.exists() else set()
    for name in sorted(earlier - set(wanted)):
        if (target / name).is_symlink():
            (target / name).unlink()
    for name, entry in wanted.items():
        link = target / name
        if link.is_symlink() and link.readlink() == entry:
            continue
        if link.is_symlink() or link.is_file():
            link.unlink()
        link.symlink_to(entry)
    record.write_text(json.dumps(sorted(wanted)), encoding="utf-8")


def _generate(folder: Path, path: str, contents: str, *, if_exists: str, unit: str) -> None:
    file = folder / path
    theirs = file.is_symlink()
    if theirs:
        signed = SIGNATURE in file.read_text(encoding="utf-8")
        if if_exists == "skip":
            return
        if if_exists == "error" or (if_exists == "overwrite_terragrunt" and not signed):
            raise PlatformctlError(
                "A generated file is in the way of one of the module's own",
                detail=f'Unit "{unit}" generates {path}, and its module has a file of that name (if_exists = "{if_exists}").',
                hint="Give the generated file another path, or take the file out of the module.",
            )
        file.unlink()
    if not file.is_file() or file.read_text(encoding="utf-8") != contents:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, contents)
