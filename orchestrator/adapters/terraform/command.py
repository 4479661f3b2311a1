"""Combines python-terraform's argument builder with our own processes.

Only ``cmd`` is replaced: python-terraform's starts the process in the caller's session, buffers all of its output and logs
it; ours streams, inherits nothing by accident, and can be interrupted.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_terraform

from orchestrator.adapters.processes import Processes, Purpose

FLAG = python_terraform.IsFlagged
"""The value of an option that takes none."""

_SHELL_SIGNAL_BASE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How Terraform is run in one folder, a root module.

    ``arguments``: the beginning of the command line: the binary. ``keep_open``: descriptors that the process inherits.
    ``unit``: the unit that it works on; "" when it works on several.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    keep_open: tuple[int, ...] = ()
    unit: str = ""


class Command(python_terraform.Terraform):  # type: ignore[misc]  # python_terraform has no types
    """Terraform in one folder, through python-terraform's interface; one object per command.

    The process itself writes its output to ``log``; None is for a command that changes nothing, whose output goes through a
    pipe only.
    """

    def __init__(
        self, invocation: Invocation, *, processes: Processes, on_line: Callable[[str], None], log: Path | None = None
    ) -> None:
        self._invocation = invocation
        self._processes = processes
        self._on_line = on_line
        self._log = log
        super().__init__(working_dir=str(invocation.folder), terraform_bin_path=invocation.arguments[0])

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do nothing: states are read from their backend."""

    def cmd(self, cmd: str, *args: str, **options: Any) -> tuple[int, None, None]:
        """Run a command to its end; return its exit code and, as python-terraform would, a place for its output."""
        arguments = [*self._invocation.arguments, *self.generate_cmd_string(cmd, *args, **options)[1:]]
        try:
            code = self._processes.run(
                arguments,
                folder=self._invocation.folder,
                environment=self._invocation.environment,
                on_line=self._on_line,
                log=self._log,
                keep_open=self._invocation.keep_open,
                purpose=Purpose(command=cmd, unit=self._invocation.unit),
            )
        finally:
            self.temp_var_files.clean_up()
        return code, None, None


def ending_signal(code: int, *, interrupted: bool) -> str:
    """Return the name of the signal that ended a command; "" when it ended by itself or because of our interrupt.

    A wrapper script in front of Terraform reports a signal as 128 plus its number.
    """
    number = -code if code < 0 else code - _SHELL_SIGNAL_BASE
    if number <= 0 or (number == signal.SIGINT and interrupted):
        return ""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}" if code < 0 else ""
