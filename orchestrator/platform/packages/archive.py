"""Writes the zip file of a function: the same files give the same bytes, at any time and on any machine.

Files are stored, not compressed: compressors differ between machines (zlib, zlib-ng), and so would the hash by which
Terraform detects that a function changed.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

MIB = 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UPLOAD = 50 * MIB
MAX_UNPACKED = 250 * MIB
# The oldest date that the format can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16


@dataclass(slots=True)
class ZipContents:
    """The files of a zip, and where each came from."""

    function: str
    files: dict[str, bytes]
    origins: dict[str, str]

    @classmethod
    def of(cls, function: str) -> "ZipContents":
        return cls(function=function, files={}, origins={})

    @property
    def size(self) -> int:
        return sum(len(contents) for contents in self.files.values())

    def add(self, files: Mapping[str, bytes], *, origin: str) -> None:
        """Add files of one origin. The same file from two origins is allowed: namespace packages share an ``__init__.py``.

        Raises:
            UsageError: a path is taken by another file, or all together are more than Lambda unpacks.

        """
        for path, contents in files.items():
            if self.files.setdefault(path, contents) != contents:
                raise UsageError(
                    "Two files want the same place in a package",
                    detail=f"{path} of {self.function} comes from {self.origins[path]} and from {origin}.",
                    hint="Rename the function's file, or leave one of the libraries out.",
                )
            self.origins.setdefault(path, origin)
        if self.size > MAX_UNPACKED:
            raise _too_large(self.function, self.size, MAX_UNPACKED, "unpacked")

    def check_folders(self) -> None:
        """Check that no path is both a file and a folder.

        Raises:
            UsageError: one is.

        """
        for path in self.files:
            parts = path.split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                if folder in self.files:
                    raise UsageError(
                        "Two files want the same place in a package",
                        detail=f"{folder} of {self.function} is a file from {self.origins[folder]}, "
                        f"and a folder from {self.origins[path]}.",
                        hint="Rename the function's file, or leave one of the libraries out.",
                    )


def write_zip(file: Path, contents: ZipContents) -> str:
    """Write the zip and return its SHA-256 in hexadecimal digits.

    Raises:
        UsageError: it is larger than Lambda takes.

    """
    contents.check_folders()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(contents.files):
            entry = zipfile.ZipInfo(path, date_time=_DATE)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, contents.files[path])
    size = file.stat().st_size
    if size > MAX_UPLOAD:
        raise _too_large(contents.function, size, MAX_UPLOAD, "to be uploaded")
    return sha256(file)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _too_large(function: str, size: int, limit: int, state: str) -> UsageError:
    return UsageError(
        "A package is larger than Lambda takes",
        detail=f"{function} has {size / MIB:.1f} MB {state}; the limit is {limit / MIB:.0f} MB.",
        hint="Leave libraries out, or take smaller ones.",
    )
