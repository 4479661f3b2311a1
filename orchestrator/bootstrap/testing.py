"""The arguments of pytest for ``python3 -m orchestrator test``."""

import os
import shlex
import sys
from pathlib import Path

QUICK = "--quick"
# The longest files begin first, so that none of them is left over for one worker at the end.
_SLOWEST_FIRST = ("e2e", "live", "scan", "modules", "cloud")
_WORKERS = 6


def pytest_arguments(arguments: list[str], tests: Path) -> list[str]:
    """Add what the user's arguments leave open, and report what will run.

    ``arguments``: of the user; with ``--quick`` among them slow tests are left out.
    """
    own = [argument for argument in arguments if argument != QUICK]
    quick = ["-m", "not slow"] if QUICK in arguments else []
    chosen = [*quick, *(own or (_quick_run() if quick else _whole_run(tests)))]
    what = "the tests that start neither Terraform nor the local cloud" if quick else "the tests"
    sys.stderr.write(f"Running {what}: pytest {shlex.join(chosen)}\n")
    return chosen


def _quick_run() -> list[str]:
    # They only compute: one worker per core, and whoever is done takes from the others.
    return ["-n", str(os.cpu_count() or 1), "--dist", "worksteal"]


def _whole_run(tests: Path) -> list[str]:
    # Slow tests mostly wait for the provider: more workers than cores. Tests of one file share what they set up.
    workers = max(_WORKERS, os.cpu_count() or 1)
    folders = sorted(path.name for path in tests.iterdir() if any(path.glob("**/test_*.py")))
    ranked = sorted(folders, key=lambda name: _SLOWEST_FIRST.index(name) if name in _SLOWEST_FIRST else len(folders))
    return [
        "-n",
        str(workers),
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        *(f"{tests.name}/{name}" for name in ranked),
    ]
