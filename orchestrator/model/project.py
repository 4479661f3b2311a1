"""The project that platformctl works on: a folder with a live tree in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

OVERRIDE = "PLATFORMCTL_PROJECT"
"""Environment variable: the project's folder, for callers that do not stand in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where things are. ``home`` is the only folder that platformctl writes to."""

    folder: Path

    @property
    def live(self) -> Path:
        return self.folder / "live"

    @property
    def functions(self) -> Path:
        return self.folder / "functions"

    @property
    def home(self) -> Path:
        return self.folder / ".platformctl"

    @property
    def local_cloud(self) -> Path:
        return self.home / "local"


def find_project(environ: Mapping[str, str], *, current: Path) -> Project:
    """Find the project of a folder: the nearest folder upwards that holds ``live/root.hcl``.

    Raises UsageError if there is none.
    """
    override = environ.get(OVERRIDE, "")
    start = (current / override).resolve() if override else current
    for folder in [start] if override else [start, *start.parents]:
        if (folder / "live" / "root.hcl").is_file():
            return Project(folder=folder)
    where = f"{OVERRIDE} is {start}, where" if override else f"Neither {start} nor a folder above it is one:"
    raise UsageError(
        "Not in a project",
        detail=f"{where} there is no live/root.hcl." if override else f"{where} a project holds live/root.hcl.",
        hint=f"Change into the project's folder, or set {OVERRIDE}.",
    )
