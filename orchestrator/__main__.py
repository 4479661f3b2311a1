"""``python3 -m orchestrator``: platformctl on a machine that has nothing but Python and a package index.

Where platformctl is installed this is platformctl. Elsewhere it sets up ``.venv`` in the project from the lock file and goes
on there. ``python3 -m orchestrator test`` does so with the development tools and runs the tests. Python 3.7 can read this
file, so that an old Python gets a message instead of a syntax error.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = (3, 11)
INTERRUPTED = 130


def main() -> int:
    """Set up what is missing, then run platformctl, or the tests, with the arguments of this process."""
    if sys.version_info < MINIMUM:
        return _fail(
            f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed", f"this is {platform.python_version()}", code=2
        )
    arguments = sys.argv[1:]
    testing = arguments[:1] == ["test"]
    if not testing and _is_installed_elsewhere():
        return _run(arguments)

    from orchestrator.bootstrap import health  # noqa: PLC0415 - not for an old Python
    from orchestrator.errors import PlatformctlError  # noqa: PLC0415 - as above

    lock = health.DEVELOPMENT_LOCK if testing else health.RUNTIME_LOCK
    try:
        if health.find_fault(ROOT, lock) is not None:
            from orchestrator.bootstrap.install import set_up  # noqa: PLC0415 - slow to load, and seldom needed

            set_up(ROOT, lock)
    except PlatformctlError as error:
        return _fail(error.summary, error.detail, error.hint)
    except OSError as error:
        return _fail(f"{health.FOLDER} cannot be read", str(error))
    except KeyboardInterrupt:
        return _fail("interrupted", f"the next run rebuilds {health.FOLDER}", code=INTERRUPTED)
    if testing:
        from orchestrator.bootstrap.testing import pytest_arguments  # noqa: PLC0415 - only for tests

        os.chdir(ROOT)
        # Every worker would compile every test anew.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        return _become(["-m", "pytest", *pytest_arguments(arguments[1:], ROOT / "tests")])
    if _is_inside():
        return _run(arguments)
    # -P: what is in the folder where the user stands is not imported.
    return _become(["-P", "-m", "orchestrator", *arguments])


def _run(arguments: list[str]) -> int:
    """Run platformctl in this process."""
    try:
        from orchestrator.cli.main import run  # noqa: PLC0415 - its dependencies are there only now
    except ModuleNotFoundError as error:
        if (error.name or "orchestrator").partition(".")[0] == "orchestrator":
            raise
        return _fail(
            f"the Python package {error.name} is missing",
            f"{sys.prefix} has platformctl without all that it needs",
            f"{sys.executable} -m pip install -r {ROOT / 'requirements.lock'}",
        )
    return run(arguments)


def _become(command: list[str]) -> int:
    """Replace this process by the environment's Python, so that signals and the exit code are those of the command."""
    from orchestrator.bootstrap.health import command_environment, interpreter  # noqa: PLC0415 - not for an old Python

    python = str(interpreter(ROOT))
    sys.stdout.flush()
    os.execve(python, [python, *command], command_environment(os.environ))  # noqa: S606 - a list, and no shell


def _is_inside() -> bool:
    """Whether this interpreter is the one in ``.venv``."""
    return os.path.realpath(sys.prefix) == os.path.realpath(ROOT / ".venv")


def _is_installed_elsewhere() -> bool:
    """Whether this interpreter has platformctl, in an environment of the user's."""
    if _is_inside():
        return False
    return any(
        name.startswith("platformctl-") and name.endswith(".dist-info")
        for folder in sys.path
        if os.path.isdir(folder)  # noqa: PTH112 - before every command, so nothing slow
        for name in os.listdir(folder)  # noqa: PTH208 - as above
    )


def _fail(summary: str, detail: str, hint: str = "", *, code: int = 1) -> int:
    sys.stderr.write(f"error: {summary}: {detail}\n" + (f"fix: {hint}\n" if hint else ""))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
