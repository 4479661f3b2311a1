"""Lock files of the functions' libraries: every one pinned to a version and to the hashes of its files.

The lock is for one platform, so it needs no markers; nothing is resolved when a package is built.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w, .-]*\])?==(?P<version>[\w.!+-]+)(?P<hashes>(?:\s+--hash=\S+)*)"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One locked library.

    Attributes:
        name: normalised: lower case, single hyphens.
        hashes: SHA-256 of the files that may be used, sorted.
        place: file and line, for messages.

    """

    name: str
    version: str
    hashes: tuple[str, ...]
    place: str

    @property
    def requirement(self) -> str:
        """The line for pip."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{value}" for value in self.hashes)])


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it: https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(file: Path) -> tuple[Pin, ...]:
    """The entries of a lock file.

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
    found = _PIN.fullmatch(entry)
    hashes = tuple(sorted(set(_HASH.findall(found["hashes"])))) if found else ()
    if found is None or not hashes:
        raise UsageError(
            "A library of the functions is not locked",
            detail=f"{place}: {entry.split(' --hash', 1)[0]} is not NAME==VERSION with --hash=sha256:... behind it.",
            hint="Write the file as docs/packaging.md says: one platform, no markers, hashes for every file.",
        )
    return Pin(name=normalised(found["name"]), version=found["version"], hashes=hashes, place=place)
