"""What an expression may use: names and functions, and how much of the machine."""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.hcl.values import Value


class FunctionError(Exception):
    """A function refuses its arguments.

    ``message``: a whole sentence that says what is wrong, without the function's name. ``argument``: the index of the
    argument at fault, from 0; None for the call as a whole.
    """

    def __init__(self, message: str, *, argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that configuration may call.

    ``call`` receives values that are wholly known and unmarked: the evaluator itself yields an unknown value when an
    argument is not wholly known, and marks the result when an argument was sensitive.

    Attributes:
        call: takes the arguments by position; raises FunctionError.
        maximum: how many it takes at most; None for any number.
        portable: whether Terraform knows the function too, so that a call with unknown arguments can be left to it.
        takes_unknown: whether ``call`` wants its arguments even when they are not wholly known (still unmarked); it may
            then return a value with unknown parts, or ``NotImplemented`` to have the call left unknown.
        compares: whether the result depends on what the elements are, so that one secret element makes it a secret.
        cost: how many steps of ``WORK`` each part of the arguments takes, a hundred characters being one part.

    """

    name: str
    call: Callable[..., Value]
    minimum: int
    maximum: int | None
    portable: bool = True
    takes_unknown: bool = False
    compares: bool = False
    cost: int = 1


ITERATIONS = 50_000
"""Iterations of all loops of one expression."""

ELEMENTS = 200_000
"""Elements of a collection that a function makes, nested ones included."""

CHARACTERS = 16 * 1024 * 1024
"""Characters of a string."""

FILE_BYTES = 64 * 1024 * 1024
"""Size of a file that is read."""

NESTING = 200
"""Levels of a decoded document."""


WORK = 200_000
"""Steps of one expression: nodes that are evaluated, values that functions and operators handle, hundreds of characters."""


class Work:
    """Counts what the evaluation of one expression does; numbers rather than seconds, so that every machine decides alike."""

    def __init__(self) -> None:
        self._iterations = 0
        self._steps = 0

    def is_too_much(self) -> bool:
        """Count one more iteration, and tell whether the bound is passed."""
        self._iterations += 1
        return self._iterations > ITERATIONS

    def exceeds(self, steps: int) -> bool:
        """Count more steps, and tell whether the bound is passed."""
        self._steps += steps
        return self._steps > WORK


def check_length(characters: int) -> None:
    """Refuse a string that would be too long; raises FunctionError."""
    if characters > CHARACTERS:
        raise FunctionError(f"The string would have {characters:,} characters; the most are {CHARACTERS:,}.")


def joined(parts: Iterable[str], separator: str = "") -> str:
    """Concatenate strings, unless the result would be too long; raises FunctionError."""
    texts = list(parts)
    check_length(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def check_elements(count: int) -> None:
    """Refuse a collection that would be too large; raises FunctionError."""
    if count > ELEMENTS:
        raise FunctionError(f"The result would have {count:,} elements; the most are {ELEMENTS:,}.")


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that the file system refuses, for it is too long, is no file's."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder, as ``is_file`` does."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises


def read_file(path: Path, *, largest: int | None = FILE_BYTES) -> bytes:
    """Read a regular file.

    Raises OSError: it cannot be read, is a device or a pipe, which may never end, or is larger than ``largest`` bytes.
    """
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(errno.EINVAL, "it is not a regular file")
    if largest is not None and status.st_size > largest:
        raise OSError(errno.EFBIG, f"it has {status.st_size:,} bytes; the most are {largest:,}")
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables and functions by name.

    ``functions``: callable functions; the special forms (``try``, ``can``, ``sensitive``, ``templatefile``, ...) belong to
    the language and are always there. ``folder``: what a relative path of ``templatefile`` is relative to; None means the
    current folder. ``templates``: receives the files that ``templatefile`` was asked for.
    """

    variables: Mapping[str, Value]
    functions: Mapping[str, Function]
    folder: Path | None = None
    work: Work = field(default_factory=Work, compare=False, repr=False)
    templates: set[Path] = field(default_factory=set, compare=False, repr=False)

    def child(self, /, **variables: Value) -> "Scope":
        """Return the scope with more variables; a new one hides an old one of the same name."""
        return Scope({**self.variables, **variables}, self.functions, self.folder, self.work, self.templates)
