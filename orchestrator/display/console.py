"""Consoles that print in any surroundings: any terminal size, any pipe, any encoding, a full disk.

A failing write never breaks off a command in the middle, because Terraform may be at work: the rest of the output is
dropped, and ``finish_output`` reports it at the end.
"""

import os
import sys
from collections import ChainMap
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleDimensions

NARROWEST, WIDEST = 20, 1000
"""Widths of a terminal that are believed; others are treated as the nearest of these."""
COLOR_VARIABLE = "TG_NO_COLOR"
"""Terragrunt's variable for no colours; NO_COLOR is heeded, too."""
_UNLIMITED = 100_000
_USUAL_WIDTH, _HEIGHT = 80, 25


class GuardedStream:
    """Standard output or standard error; takes every text, and remembers why it could not be written.

    ``problem``: the first error; what is written after it is dropped.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: OSError | None = None

    @property
    def _stream(self) -> Any:
        # Looked up at each use: tests and the progress display replace it.
        return getattr(sys, self.name)

    def write(self, text: str) -> int:
        """Write a text; characters that the encoding does not have are written as escapes."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._attempt("write", text)
        except UnicodeEncodeError:
            self._attempt("write", text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        self._attempt("flush")

    def _attempt(self, method: str, *arguments: str) -> None:
        if self.problem is not None:
            return
        try:
            getattr(self._stream, method)(*arguments)
        except OSError as error:
            self.problem = error
            self._discard()

    def _discard(self) -> None:
        """Send what is still buffered nowhere; the interpreter would complain about it at its end."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class GuardedConsole(Console):
    """A console whose width follows the terminal within reason; into a pipe or a file nothing is wrapped or cut."""

    def __init__(self, stream: GuardedStream) -> None:
        # Rich believes any number in COLUMNS, 0 included.
        environ = ChainMap({"COLUMNS": "", "LINES": ""}, os.environ)
        # ARNs hold words between colons, :secret: for one, which are no emoji.
        super().__init__(file=stream, highlight=False, emoji=False, _environ=environ)  # type: ignore[arg-type]  # a proxy
        self.stream = stream

    @property
    def no_color(self) -> bool:
        """Whether there are no colours, as the environment says now: a flag of the command line may have changed it."""
        is_set = os.environ.get(COLOR_VARIABLE, "").lower() in {"1", "t", "true"}
        return is_set or bool(os.environ.get("NO_COLOR"))

    @no_color.setter
    def no_color(self, value: bool) -> None:
        """Leave it to the environment; rich sets what it finds there when the console is made."""

    @property  # type: ignore[misc]  # rich lets it be set, which nothing here does
    def size(self) -> ConsoleDimensions:
        """The width and height that lines are fitted into."""
        if not self.stream.isatty():
            return ConsoleDimensions(_UNLIMITED, _HEIGHT)
        try:
            found: os.terminal_size | None = os.get_terminal_size(self.stream.fileno())
        except (OSError, ValueError):
            found = None
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isascii() and columns.isdecimal() and len(columns) < len(str(_UNLIMITED)) else 0
        if not width:
            width = (found.columns if found else 0) or _USUAL_WIDTH
        return ConsoleDimensions(min(max(width, NARROWEST), WIDEST), (found.lines if found else 0) or _HEIGHT)


def make_console(*, stderr: bool = False) -> GuardedConsole:
    """Return the console of standard output, or of standard error."""
    return GuardedConsole(GuardedStream("stderr" if stderr else "stdout"))


def finish_output(consoles: Iterable[GuardedConsole], code: int) -> int:
    """Flush the consoles at the end of a command and return its exit code.

    A closed pipe changes nothing: its reader has read enough. Any other error is reported in one line, if that is possible,
    and turns success into failure.
    """
    for console in consoles:
        console.stream.flush()
        problem = console.stream.problem
        if problem is None or isinstance(problem, BrokenPipeError):
            continue
        code = code or 1
        name = "standard error" if console.stream.name == "stderr" else "standard output"
        GuardedStream("stderr").write(f"error: {name} could not be written: {problem.strerror or problem}\n")
    return code
