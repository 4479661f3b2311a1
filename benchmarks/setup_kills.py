"""Kill the set-up of .venv at random moments, and let the next run heal it.

    python3 benchmarks/setup_kills.py --runs 30 --seed 1

Every run begins in a copy of the project without .venv, with an empty home folder and pip's cache. ``kill -9`` hits the
set-up alone or its whole process group, by turns; then ``python3 -m orchestrator --version`` must succeed, `pip check`
must find nothing, and a third start must install nothing. Prints a line per run; exit code 1 when a run did not heal.
``--small`` makes a cycle three times as fast. Standard library only.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = "requirements.lock"
SMALL = {"markdown-it-py", "mdurl", "packaging", "psutil", "pygments", "pyyaml", "rich"}
STUB = "import rich, yaml, psutil, packaging\n\n\ndef run(arguments):\n    print('platformctl', *arguments)\n    return 0\n"


def main() -> int:
    """Exit code 0 when every run healed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--small", action="store_true", help="with a lock file of three packages, and a stub of platformctl"
    )
    options = parser.parse_args()
    moments = random.Random(options.seed)
    healed = 0
    with tempfile.TemporaryDirectory(prefix="platformctl-setup-") as temporary:
        project = _Project(Path(temporary), small=options.small)
        began = time.monotonic()
        project.start()
        whole = time.monotonic() - began
        print(f"a set-up that nothing disturbs: {whole:.1f} s", flush=True)
        for number in range(1, options.runs + 1):
            while (ended := project.kill(after=moments.uniform(0, whole), whole_group=number % 2 == 0)) is not None:
                # It was faster than the first one: not a moment of the set-up.
                whole = min(whole, ended)
            healed += project.heal(number)
    print(f"healed: {healed} of {options.runs}")
    return 0 if healed == options.runs else 1


class _Project:
    """A copy of the project, with a home of its own."""

    def __init__(self, folder: Path, *, small: bool) -> None:
        self.root = folder / "project"
        self.small = small
        self.last = ""
        self.environ = {**os.environ, "HOME": str(folder / "home"), "PIP_CACHE_DIR": str(_cache())}
        (folder / "home").mkdir()
        self.root.mkdir()
        for name in ("LICENSE", "README.md", "pyproject.toml", LOCK):
            shutil.copy(ROOT / name, self.root)
        ignore = shutil.ignore_patterns("__pycache__", *(("adapters", "local_cloud", "main.py") if small else ()))
        shutil.copytree(ROOT / "orchestrator", self.root / "orchestrator", ignore=ignore)
        if small:
            text = (ROOT / LOCK).read_text(encoding="utf-8")
            blocks = re.findall(r"(?m)^[\w.-]+==.*\n(?:    .*\n)*", text)
            (self.root / LOCK).write_text("".join(block for block in blocks if block.split("==")[0] in SMALL))
            (self.root / "orchestrator" / "cli" / "main.py").write_text(STUB)

    def start(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(), cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
        )

    def kill(self, *, after: float, whole_group: bool) -> float | None:
        """Begin anew and kill it; gives its duration if it ended before."""
        shutil.rmtree(self.root / ".venv", ignore_errors=True)
        began = time.monotonic()
        with subprocess.Popen(
            self._command(),
            cwd=self.root,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as victim:
            try:
                victim.wait(timeout=after)
            except subprocess.TimeoutExpired:
                (os.killpg if whole_group else os.kill)(victim.pid, signal.SIGKILL)
                who = "with its children" if whole_group else "alone"
                self.last = f"killed {who} after {after:.1f} s"
                return None
        return time.monotonic() - began

    def heal(self, number: int) -> bool:
        """Start once more; prints what happened."""
        began = time.monotonic()
        done = self.start()
        seconds = time.monotonic() - began
        # What pip prints stands between the lines of the set-up.
        lines = [line for line in done.stderr.splitlines() if ".venv" in line and not line.startswith(" ")]
        report = " / ".join(line for line in lines if re.match(r"(Setting|Rebuilding|Updating|Waiting|Kept)", line))
        check = subprocess.run(
            [self.root / ".venv/bin/python", "-m", "pip", "check"], capture_output=True, text=True, check=False
        )
        again = self.start()
        fine = (
            done.returncode == 0
            and done.stdout.startswith("platformctl ")
            and (check.returncode == 0 or self.small)
            and (again.returncode, again.stderr) == (0, "")
        )
        print(
            f"{number:>3}  {self.last:<38}  {'healed' if fine else 'NOT HEALED'} in {seconds:5.1f} s  {report}",
            flush=True,
        )
        if not fine:
            print(done.stderr[-2000:], check.stdout, again.stderr[-2000:])
        return fine

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "orchestrator", "--version"]


def _cache() -> Path:
    """The cache of the pip that the user has: an empty home would download everything every time."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pip"
    return Path(os.environ.get("PIP_CACHE_DIR", default))


if __name__ == "__main__":
    raise SystemExit(main())
