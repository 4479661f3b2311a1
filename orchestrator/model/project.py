"""The project that platformctl works on: a platform with environments below ``live/``, or any folder with units."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

OVERRIDE = "PLATFORMCTL_PROJECT"
"""Environment variable: the project's folder, for callers that do not stand in it."""

WORKING_DIR = "PLATFORMCTL_WORKING_DIR"
"""Environment variable of --working-dir: the folder to work in instead of the current one."""

SUFFIX_VARIABLE = "PLATFORM_SUFFIX"
UNIT_FILES = ("terragrunt.hcl", "terragrunt.hcl.json", "terragrunt.stack.hcl")
_ROOT_FILES = ("root.hcl", "terragrunt.hcl", "terragrunt.hcl.json")
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where things are. ``home`` is the only folder that platformctl writes to.

    Attributes:
        folder: the top of the project.
        tree: the top of a tree that has no suffixes and environments of its own; None for a platform, whose environments
            are the folders of ``live``.
        current: the working directory.
        working: the environment that the working directory lies in, relative to ``live``; of a tree without environments
            the units below it are worked on. None if it lies in none.

    """

    folder: Path
    tree: Path | None = None
    working: str | None = None
    current: Path | None = None

    @property
    def live(self) -> Path:
        return self.tree or self.folder / "live"

    @property
    def has_suffixes(self) -> bool:
        """Whether the tree is deployed under suffixes, which the state bucket has a register of."""
        return self.tree is None

    @property
    def name(self) -> str:
        """The name of what is deployed from a tree without suffixes: made of its folder's, a suffix in form."""
        parts = [self.folder.name, *Path(self.working or "").parts]
        name = re.sub(r"[^a-z0-9]+", "-", "-".join(parts[1:] or parts).lower()).strip("-").lstrip("0123456789-")
        if not name:
            return "tree"
        if len(name) <= _LONGEST_NAME:
            return name
        digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:4]
        return f"{name[: _LONGEST_NAME - 5].rstrip('-')}-{digest}"

    @property
    def functions(self) -> Path:
        return self.folder / "functions"

    @property
    def home(self) -> Path:
        return self.folder / ".platformctl"

    def workspaces(self, target: str, environment: str, suffix: str) -> Path:
        """Return the folder of a deployment's workspaces."""
        return self.home / "work" / f"{target}-{environment}" / suffix

    @property
    def local_cloud(self) -> Path:
        return self.home / "local"


def find_project(environ: Mapping[str, str], *, current: Path) -> Project:
    """Find the project of a folder.

    A platform is the nearest folder upwards whose ``live/root.hcl`` reads PLATFORM_SUFFIX. Otherwise the folder itself holds
    the units to work on, at any depth, and its project is the repository, or the folder of the topmost root file.

    Raises UsageError if the folder is in no platform, and there is no unit in it.
    """
    current = Path(os.path.normpath(current / environ.get(WORKING_DIR, "")))
    if not current.is_dir():
        raise UsageError("No such folder", detail=f"--working-dir: {current} is not a folder.")
    override = environ.get(OVERRIDE, "")
    start = (current / override).resolve() if override else current
    for folder in [start] if override else [start, *start.parents]:
        if _is_platform(folder):
            return Project(folder=folder, working=_environment(folder / "live", current), current=current)
    if next(_units(start), None) is None:
        where = f"{OVERRIDE} is {start}, where" if override else f"In {start}"
        raise UsageError(
            "Not in a project",
            detail=f"{where} there is no terragrunt.hcl at any depth, and no folder above it has a live/root.hcl.",
            hint=f"Change into the project's folder, pass --working-dir, or set {OVERRIDE}.",
        )
    top = start if override else _top(start)
    return Project(folder=top, tree=top, working=start.relative_to(top).as_posix(), current=start)


def _is_platform(folder: Path) -> bool:
    root = folder / "live" / "root.hcl"
    return root.is_file() and SUFFIX_VARIABLE in root.read_text(encoding="utf-8", errors="replace")


def _environment(live: Path, current: Path) -> str | None:
    return current.relative_to(live).parts[0] if live in current.parents else None


def _units(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if not set(UNIT_FILES).isdisjoint(names):
            yield Path(path)


def _top(start: Path) -> Path:
    """Return the repository that a folder is in; without one, the topmost folder from here upwards with a root file."""
    found = start
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
        if any((folder / name).is_file() for name in _ROOT_FILES):
            found = folder
    return found
