"""Prepares workspaces: the folders in which Terraform runs, one per unit of a deployment.

A workspace looks like the module's folder with the generated files beside the module's own. Sources are linked file by
file, so nothing is copied and nothing is ever written into modules/ or live/.
"""

import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import Composition, Tree
from orchestrator.hcl import dump_json, to_json_value
from orchestrator.hcl.values import Value, unmark

INPUTS_FILE = "platformctl.auto.tfvars.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A prepared folder."""

    folder: Path

    def write_inputs(self, inputs: Mapping[str, Value]) -> None:
        """Write the input variables to a file that only the user can read; ``remove_inputs`` removes it."""
        text = dump_json({name: to_json_value(unmark(value)) for name, value in inputs.items()}, indent=2)
        write_private(self.folder / INPUTS_FILE, text + "\n")

    def remove_inputs(self) -> None:
        (self.folder / INPUTS_FILE).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """The workspaces of one deployment under ``root``; each unit has its own, so units can run in parallel."""

    root: Path

    def folder(self, unit: str) -> Path:
        """Return the folder of a unit's module root."""
        return self.root / unit.replace("/", "__")

    def prepare(self, unit: str, composition: Composition, *, keep: bool = False) -> Workspace:
        """Bring a unit's workspace up to date: it holds the composition, and nothing else but Terraform's own files.

        ``keep``: also what hooks have made there.
        """
        base = self.folder(unit)
        bring_to(base, composition.tree, keep=keep)
        return Workspace(folder=base / composition.subdirectory)

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


def bring_to(folder: Path, tree: Tree, *, keep: bool = False) -> None:
    """Make a folder hold what the tree says; keep Terraform's own files, which begin with a dot, and a local state.

    ``keep``: keep every file that the tree does not have.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for entry in folder.iterdir():
        if not keep and entry.name not in tree and not entry.name.startswith((".", "terraform.tfstate")):
            _remove(entry)
    for name, wanted in tree.items():
        path = folder / name
        if isinstance(wanted, dict):
            bring_to(path, wanted, keep=keep)
        elif isinstance(wanted, Path):
            if not (path.is_symlink() and path.readlink() == wanted):
                _remove(path)
                path.symlink_to(wanted)
        elif path.is_symlink() or not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            _remove(path)
            write_private(path, wanted)


def add_made(folder: Path, tree: Tree) -> None:
    """Add to a tree what a program has made or replaced in the folder that was brought to it."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "terraform.tfstate")):
            continue
        wanted = tree.get(entry.name)
        if isinstance(wanted, dict):
            add_made(entry, wanted)
        elif wanted is None or (entry.is_file() and not entry.is_symlink()):
            tree[entry.name] = entry


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
