"""Work that the workers of a test session share: whoever comes first does it, the others read the result."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class Once:
    """Runs each named piece of work once per test session, whatever the number of workers.

    Args:
        folder: shared by all workers of the session.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._results: dict[str, Any] = {}

    @classmethod
    def of_session(cls, factory: pytest.TempPathFactory) -> "Once":
        """Find the folder that the workers of pytest-xdist share; without workers it is that of the session."""
        base = factory.getbasetemp()
        folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once"
        folder.mkdir(exist_ok=True)
        return cls(folder)

    def result(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what ``make`` returned, as JSON keeps it."""
        if name not in self._results:
            file = self._folder / f"{name}.json"
            with (self._folder / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not file.exists():
                    file.write_text(json.dumps(make()))
            self._results[name] = json.loads(file.read_text())
        return self._results[name]
