"""Set up ``.venv``: make it, install what a lock file lists, prove that it works, and stamp it last.

Whenever this is interrupted, kill -9 included, there is no stamp, and the next run starts over. The lock beside ``.venv``
is held by pip's process, too: after a kill that pip has survived, the next run waits for its end.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from orchestrator.bootstrap import health
from orchestrator.errors import PlatformctlError

# How pip reaches an index and what it says. Everything else is dropped: PIP_TARGET, PIP_USER, PIP_PREFIX, PIP_ROOT,
# PIP_DRY_RUN, PIP_NO_DEPS, PIP_CONSTRAINT and their like change where packages go, or which ones.
_PIP_SETTINGS = frozenset(
    {
        "PIP_CACHE_DIR",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_CONFIG_FILE",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_KEYRING_PROVIDER",
        "PIP_LOG",
        "PIP_NO_CACHE_DIR",
        "PIP_NO_INDEX",
        "PIP_PROXY",
        "PIP_RETRIES",
        "PIP_TIMEOUT",
        "PIP_TRUSTED_HOST",
        "PIP_USE_FEATURE",
    }
)
# A setting in pip's configuration file can still send packages elsewhere, and pip reports no error.
_PROOF = r"""
import re, sys
from importlib.metadata import version
import orchestrator
for name, pinned in re.findall(r"(?m)^([\w.-]+)==(\S+) \\$", open(sys.argv[1], encoding="utf-8").read()):
    if version(name) != pinned:
        raise SystemExit(f"{name} {version(name)} is installed instead of {pinned}")
"""
_MIB = 1 << 20
_SPACE = 200 * _MIB


def set_up(root: Path, lock: str) -> None:
    """Bring the environment of the project in ``root`` to what a lock file lists, one process at a time.

    Raises PlatformctlError if it cannot be set up.
    """
    try:
        with _exclusively(root) as descriptor:
            # Asked again: another process may have done it meanwhile.
            _set_up(root, lock, descriptor)
    except OSError as error:
        raise PlatformctlError(
            f"{health.FOLDER} cannot be set up",
            detail=str(error),
            hint=_hint(root) or "make the folder writable, or use another",
        ) from error


def installer_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give pip's environment variables: of the user's settings those that reach an index."""
    return {
        name: value
        for name, value in environ.items()
        if name in _PIP_SETTINGS or not name.startswith(("PIP_", "PYTHON", "__PYVENV"))
    }


def _set_up(root: Path, lock: str, descriptor: int) -> None:
    fault = health.find_fault(root, lock)
    if fault is None:
        return
    action, reason = fault
    run = _Runner(root, descriptor)
    if action is health.Cure.UPDATE and not run.works("-m", "pip", "--version"):
        action, reason = health.Cure.REBUILD, "its pip is broken"
    _report(f"{action.value} {health.FOLDER}: {reason}")
    folder = root / health.FOLDER
    wanted = health.requirements(root / lock)
    locks: dict[str, str] = {}
    if action is health.Cure.UPDATE:
        locks = health.read_stamp(folder)["locks"]
        if lock in locks:
            # The versions that the others share with this one may be others now.
            locks = {}
        (folder / health.STAMP).unlink()
    else:
        _clear(folder, lock)
        venv.create(folder, symlinks=True)
        run("the environment", "-m", "ensurepip", "--upgrade", "--default-pip")
    (folder / lock).write_text(wanted, encoding="utf-8")
    pip = ("-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")
    run("the packages", *pip, "--require-hashes", "-r", str(folder / lock))
    run("platformctl", *pip, "--no-deps", "--editable", str(root))
    run("the proof that all is installed", "-c", _PROOF, str(folder / lock))
    _write_stamp(folder, health.new_stamp(root, {**locks, lock: health.digest(wanted)}))


class _Runner:
    """Runs the environment's Python, with nothing of the user's Python settings.

    ``descriptor``: of the lock, which the child keeps for as long as it runs.
    """

    def __init__(self, root: Path, descriptor: int) -> None:
        self._root = root
        self._descriptor = descriptor

    def __call__(self, purpose: str, *arguments: str) -> None:
        """Run it to its end; raises PlatformctlError if it failed."""
        code = self._run(*arguments, quiet=False)
        if code:
            raise PlatformctlError(
                f"{health.FOLDER} cannot be set up",
                detail=f"exit code {code} of python {' '.join(arguments[:2]).splitlines()[0].rstrip()}, for {purpose}",
                hint=_hint(self._root) or _HINTS.get(arguments[1], _HINTS["pip"]),
            )

    def works(self, *arguments: str) -> bool:
        """Whether it ends well; what it prints is not shown."""
        return self._run(*arguments, quiet=True) == 0

    def _run(self, *arguments: str, quiet: bool) -> int:
        return subprocess.run(
            [str(health.interpreter(self._root)), "-I", *arguments],
            check=False,
            env=installer_environment(os.environ),
            pass_fds=(self._descriptor,),
            stdout=subprocess.DEVNULL if quiet else sys.stderr,
            stderr=subprocess.DEVNULL if quiet else None,
        ).returncode


_HINTS = {
    "ensurepip": "read the message above; on Debian and Ubuntu, install the package python3-venv",
    "pip": "read pip's message above; `python3 -m pip config list` shows settings that may be the cause",
}


def _hint(root: Path) -> str:
    """What to do where the cause is a full disk, which pip reports in many ways; otherwise empty."""
    free = shutil.disk_usage(root).free
    return f"make room on the disk of {root}: {free // _MIB} MiB are free" if free < _SPACE else ""


@contextmanager
def _exclusively(root: Path) -> Iterator[int]:
    """Hold the lock beside the environment; gives its descriptor."""
    descriptor = os.open(root / f"{health.FOLDER}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            _report(f"Waiting for another set-up of {health.FOLDER}")
            flock(descriptor, LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _clear(folder: Path, lock: str) -> None:
    """Empty the folder, which may be a mount or a link; move aside what platformctl did not make."""
    if not health.is_own(folder):
        number = 1
        while os.path.lexists(kept := folder.with_name(f"{health.FOLDER}.kept-{number}")):
            number += 1
        folder.rename(kept)
        _report(f"Kept the former {health.FOLDER} as {kept.name}")
    folder.mkdir(exist_ok=True)
    # Marks the folder as platformctl's own, until the last of what it held is gone and after.
    (folder / lock).touch()
    (folder / health.STAMP).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in health.OWN_FILES:
            path.unlink()


def _write_stamp(folder: Path, text: str) -> None:
    """Write the stamp whole or not at all."""
    temporary = folder / f"{health.STAMP}.new"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / health.STAMP)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _report(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
