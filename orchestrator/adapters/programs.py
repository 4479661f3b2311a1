"""Runs programs of a repository while its configuration is read; implements ``orchestrator.config.Programs``."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.config import Completed

ALLOW_COMMANDS = "PLATFORMCTL_ALLOW_COMMANDS"
"""Environment variable: "1" allows programs of the repository, as --allow-commands does."""


class RepositoryPrograms:
    """Runs them to their end, without input."""

    def run(self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Completed:
        """See the protocol."""
        done = subprocess.run(
            list(arguments),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return Completed(code=done.returncode, output=done.stdout, errors=done.stderr)
