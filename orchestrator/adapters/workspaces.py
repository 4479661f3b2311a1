"""Prepares workspaces: the folders in which Terraform runs, one per unit of a deployment.

A workspace looks like the module's folder with the generated files beside the module's own. Sources are linked file by
file, so nothing is copied and nothing is ever written into modules/ or live/.
"""

import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from orchestrator.config import EvaluatedUnit
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import to_json_value
from orchestrator.hcl.values import Value, unmark

INPUTS_FILE = "platformctl.auto.tfvars.json"
SIGNATURE = "nIlQXj57tbuaRZEa"
# What Terraform keeps beside a module; it belongs to whoever ran Terraform there, not to the unit.
_NOT_LINKED = frozenset(
    {".terraform", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup", "examples"}
)

_Tree: TypeAlias = "dict[str, Path | str | _Tree]"
"""What a folder is to hold, by name: a link to a path, a file with a text, or a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A prepared folder."""

    folder: Path

    def write_inputs(self, inputs: Mapping[str, Value]) -> None:
        """Write the input variables to a file that only the user can read; ``remove_inputs`` removes it."""
        text = json.dumps({name: to_json_value(unmark(value)) for name, value in inputs.items()}, indent=2)
        write_private(self.folder / INPUTS_FILE, text + "\n")

    def remove_inputs(self) -> None:
        (self.folder / INPUTS_FILE).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """The workspaces of one deployment under ``root``; each unit has its own, so units can run in parallel."""

    root: Path

    def prepare(self, unit: EvaluatedUnit, *, module_root: Path, subdirectory: str) -> Workspace:
        """Bring the unit's workspace up to date: it holds what it should, and nothing else but Terraform's own files.

        The folder before ``//`` in the source is linked as a whole, so that modules can use siblings. Raises
        UsageError: the module does not exist, or a generated file lies outside of it; PlatformctlError: a generated
        file collides with one of the module's own, and its block says "error".
        """
        base = self.root / unit.name.replace("/", "__")
        tree = _links(module_root)
        module, source = tree, module_root
        for part in Path(subdirectory).parts:
            source /= part
            module[part] = module = _links(source)
        for file in unit.generated:
            _place(module, file.path, file.contents, if_exists=file.if_exists, unit=unit.name)
        _bring_to(base, tree)
        return Workspace(folder=base / subdirectory)

    def remove(self) -> None:
        """Delete the workspaces of a deployment."""
        shutil.rmtree(self.root, ignore_errors=True)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: a reader sees the old text or the new one."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.replace(file)


def _links(folder: Path) -> _Tree:
    if not folder.is_dir():
        raise UsageError("Module not found", detail=f"There is no folder {folder}.")
    return {entry.name: entry for entry in sorted(folder.iterdir()) if entry.name not in _NOT_LINKED}


def _place(module: _Tree, path: str, contents: str, *, if_exists: str, unit: str) -> None:
    """Put a generated file into the tree of a module."""
    *folders, name = Path(path).parts
    if Path(path).is_absolute() or ".." in folders or not name:
        raise UsageError(
            "A generated file lies outside of the module",
            detail=f'Unit "{unit}" generates {path}.',
            hint="Give it a path relative to the module, without ...",
        )
    tree = module
    for part in folders:
        found = tree.get(part)
        if isinstance(found, Path):
            # The folder is the module's own: it becomes a folder of links to its entries, beside the new file.
            found = _links(found)
        elif not isinstance(found, dict):
            found = {}
        tree[part] = tree = found
    theirs = tree.get(name)
    if isinstance(theirs, Path):
        if if_exists == "skip":
            return
        signed = theirs.is_file() and SIGNATURE in theirs.read_text(encoding="utf-8", errors="replace")
        if if_exists == "error" or (if_exists == "overwrite_terragrunt" and not signed):
            raise PlatformctlError(
                "A generated file collides with one of the module's own",
                detail=f'Unit "{unit}" generates {path}, and its module has a file of that name '
                f'(if_exists = "{if_exists}").',
                hint="Give the generated file another path, or take the file out of the module.",
            )
    tree[name] = contents


def _bring_to(folder: Path, tree: _Tree) -> None:
    """Make a folder hold what the tree says; keep Terraform's own files, which begin with a dot, and a local state."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for entry in folder.iterdir():
        if entry.name not in tree and not entry.name.startswith((".", "terraform.tfstate")):
            _remove(entry)
    for name, wanted in tree.items():
        path = folder / name
        if isinstance(wanted, dict):
            _bring_to(path, wanted)
        elif isinstance(wanted, Path):
            if not (path.is_symlink() and path.readlink() == wanted):
                _remove(path)
                path.symlink_to(wanted)
        elif path.is_symlink() or not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            _remove(path)
            write_private(path, wanted)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
