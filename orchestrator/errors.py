"""The exception at the root of everything that platformctl raises on purpose.

The class of an error gives the process's exit code; the command-line boundary catches ``PlatformctlError`` once and
prints its message without a traceback. Anything else that escapes is a defect and keeps its traceback.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command, as documented in docs/cli.md."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    DIFFERENT = 3
    INTERRUPTED = 130


CHANGES_PLANNED = 2
"""With --detailed-exitcode, as in Terraform: there are changes. Errors of any kind have exit code 1 then."""


class PlannedChangesExit(Exception):  # noqa: N818 - no error: it carries an exit code past the parser, which uses 2 itself
    """Ends a command that was asked to tell by its exit code whether anything would change."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class PlatformctlError(Exception):
    """Something went wrong while work was under way.

    Args:
        summary: one constant sentence, without a full stop.
        detail: what is wrong here, and why.
        hint: what to do about it.

    """

    exit_code = ExitCode.FAILED

    def __init__(self, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.hint = hint


class UsageError(PlatformctlError):
    """The input is at fault; nothing was run."""

    exit_code = ExitCode.BAD_INPUT


class InterruptedRunError(PlatformctlError):
    """A signal ended the run, after running Terraform processes had written their state."""

    exit_code = ExitCode.INTERRUPTED
