"""The seam to python-terraform: its argument builder, our own process.

Only ``cmd`` is replaced: python-terraform's own starts the process in the caller's session, buffers all of its output and
logs it; ours streams, inherits nothing that it is not given, and can be interrupted.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_terraform

from orchestrator.adapters.processes import Processes

FLAG = python_terraform.IsFlagged
"""The value of an option that takes none."""

# The argument builder keeps temporary files on the object, and IsFlagged is compared by identity.
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How the commands of one unit are run.

    Attributes:
        arguments: the beginning of the command line: the binary.
        folder: the working folder, a Terraform root module.
        environment: the whole environment.
        keep_open: descriptors that the process inherits.

    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    keep_open: tuple[int, ...] = ()


class Command(python_terraform.Terraform):  # type: ignore[misc]  # python_terraform has no types
    """Terraform in one folder, through python-terraform's interface; one object per command."""

    def __init__(self, invocation: Invocation, *, processes: Processes, on_line: Callable[[str], None]) -> None:
        self._invocation = invocation
        self._processes = processes
        self._on_line = on_line
        super().__init__(working_dir=str(invocation.folder), terraform_bin_path=invocation.arguments[0])

    def read_state_file(self, file_path: str | None = None) -> None:
        """Nothing: states are read where their backend keeps them."""

    def cmd(self, cmd: str, *args: str, **options: Any) -> tuple[int, None, None]:
        """Run a command to its end; returns its exit code. Output goes to ``on_line`` as it comes."""
        with _lock:
            built = self.generate_cmd_string(cmd, *args, **options)
        try:
            code = self._processes.stream(
                [*self._invocation.arguments, *built[1:]],
                folder=self._invocation.folder,
                environment=self._invocation.environment,
                on_line=self._on_line,
                keep_open=self._invocation.keep_open,
            )
        finally:
            self.temp_var_files.clean_up()
        return code, None, None
