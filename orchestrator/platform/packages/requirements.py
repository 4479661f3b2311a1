"""Reads the lock files of the functions' libraries: each one pinned to a version and to the hashes of its files.

A lock is for one platform, so it needs no markers; nothing is resolved when a package is built.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from orchestrator.errors import UsageError

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One locked library.

    Attributes:
        name: in lower case, with single hyphens.
        hashes: SHA-256 of the files that may be used, sorted.
        place: file and line, for messages.

    """

    name: NormalizedName
    version: str
    hashes: tuple[str, ...]
    place: str

    @property
    def requirement(self) -> str:
        """The line for pip's requirements file."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{value}" for value in self.hashes)])


def read_pins(file: Path) -> tuple[Pin, ...]:
    """Read the entries of a lock file.

    Raises:
        UsageError: the file is missing, or an entry is not pinned to a version and to SHA-256 hashes.

    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UsageError(
            "A lock file is missing",
            detail=f"There is no {file}.",
            hint="Write it as docs/packaging.md says, or correct the name.",
        ) from None
    pins = []
    entry, started = "", 0
    for number, line in enumerate(lines, start=1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if not entry:
            started = number
        entry += " " + text.removesuffix("\\").rstrip()
        if text.endswith("\\"):
            continue
        if entry.strip():
            pins.append(_pin(entry.strip(), f"{file}:{started}"))
        entry = ""
    if entry.strip():
        pins.append(_pin(entry.strip(), f"{file}:{started}"))
    return tuple(pins)


def _pin(entry: str, place: str) -> Pin:
    requirement, *hashes = re.split(r"\s+--hash=", entry)
    try:
        found = Requirement(requirement)
        (specifier,) = found.specifier
        is_pinned = specifier.operator == "==" and "*" not in specifier.version and not found.marker and not found.url
    except (InvalidRequirement, ValueError):
        is_pinned = False
    digests = {digest.strip().removeprefix("sha256:") for digest in hashes}
    if not is_pinned or not digests or not all(map(_DIGEST.fullmatch, digests)):
        raise UsageError(
            "A library of the functions is not locked",
            detail=f"{place}: {requirement} is not NAME==VERSION with --hash=sha256:... behind it.",
            hint="Write the file as docs/packaging.md says: one platform, no markers, hashes for every file.",
        )
    return Pin(
        name=canonicalize_name(found.name), version=specifier.version, hashes=tuple(sorted(digests)), place=place
    )
