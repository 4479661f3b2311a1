"""Bounds on what one expression may compute, so that a typing error does not exhaust the machine."""

import errno
import stat
from collections.abc import Iterable
from pathlib import Path

from orchestrator.hcl.function import FunctionError

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


class Work:
    """Counts the iterations of one expression."""

    def __init__(self) -> None:
        self._iterations = 0

    def is_too_much(self) -> bool:
        """Count one more, and tell whether the bound is passed."""
        self._iterations += 1
        return self._iterations > ITERATIONS


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


def read_file(path: Path, *, largest: int | None = FILE_BYTES) -> bytes:
    """Read a regular file.

    Raises:
        OSError: it cannot be read, is a device or a pipe, which may never end, or is larger than ``largest`` bytes.

    """
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(errno.EINVAL, "it is not a regular file")
    if largest is not None and status.st_size > largest:
        raise OSError(errno.EFBIG, f"it has {status.st_size:,} bytes; the most are {largest:,}")
    return path.read_bytes()
