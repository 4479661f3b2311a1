"""Builds the functions' packages, each only when its contents changed, and the list of them that the live tree reads.

A package's file name holds the beginning of its hash, so that the contents behind a name in ``packages.json`` never
change. Files are written under a temporary name and renamed; one process at a time builds.
"""

import base64
import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from orchestrator.adapters.workspaces import write_private
from orchestrator.errors import UsageError
from orchestrator.platform.packages.archive import MIB, ZipContents, sha256, write_zip
from orchestrator.platform.packages.definition import FILE_NAME, FunctionDefinition, read_definitions
from orchestrator.platform.packages.wheels import PLATFORMS, PYTHON_VERSION, Wheels, discard, unpack

PACKAGES_FILE = "packages.json"
_RECORDS_FILE = "records.json"
_ZIP = re.compile(r"[a-z][a-z0-9-]*-[0-9a-f]{12}\.zip")
# What decides a package besides its sources and libraries. Raise the number when the same ones give another zip.
_MAKE = f"1 {PYTHON_VERSION} {' '.join(PLATFORMS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package on disk.

    Attributes:
        sha256: of the zip, in hexadecimal digits.
        size: bytes that are uploaded.
        unpacked_size: bytes that Lambda counts against its limit.
        built: whether this call built it.

    """

    function: str
    path: Path
    sha256: str
    size: int
    unpacked_size: int
    built: bool

    @property
    def hash(self) -> str:
        """As Lambda and Terraform's filebase64sha256() write it."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a package: the inputs that it was made of, and its file."""

    fingerprint: str
    file: str
    sha256: str
    size: int
    unpacked_size: int
    changed_ns: int

    def package(self, function: str, folder: Path, *, built: bool) -> Package:
        return Package(
            function=function,
            path=folder / self.file,
            sha256=self.sha256,
            size=self.size,
            unpacked_size=self.unpacked_size,
            built=built,
        )

    def intact(self, folder: Path) -> bool:
        """Whether the file is as it was written. It is read only if its time has changed."""
        file = folder / self.file
        try:
            found = file.stat()
        except FileNotFoundError:
            return False
        if found.st_size != self.size:
            return False
        return found.st_mtime_ns == self.changed_ns or sha256(file) == self.sha256


def ensure_packages(project: Path, home: Path, *, say: Callable[[str], None] = lambda _: None) -> Path:
    """Bring the packages of all functions up to date; returns the path of ``packages.json``.

    Takes milliseconds when nothing changed. A project without functions gets an empty list.

    ``say`` is called with a line for each step.

    Raises:
        UsageError: a mistake in what is to be packaged.
        PlatformctlError: a library could not be fetched.

    """
    listed = home / "build" / PACKAGES_FILE
    if (project / "functions" / FILE_NAME).is_file():
        build_packages(project, home, say=say)
    elif _read(listed) != {}:
        listed.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(listed, "{}\n")
    return listed


def build_packages(
    project: Path, home: Path, *, only: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> tuple[Package, ...]:
    """Bring the packages of some functions, or of all, up to date; return them sorted by name.

    Raises:
        UsageError: there is no such function, or there is a mistake in what is to be packaged.
        PlatformctlError: a library could not be fetched.

    """
    definitions = {definition.name: definition for definition in read_definitions(project / "functions")}
    for name in only:
        if name not in definitions:
            raise UsageError(
                "No such function",
                detail=f'There is no function "{name}".',
                hint=f"The functions are {', '.join(definitions)}.",
            )
    names = sorted(set(only) or definitions)
    build = _Build(folder=home / "build", definitions=definitions, say=say)
    fingerprints = {name: _fingerprint(definitions[name]) for name in names}
    if build.is_current(fingerprints):
        records = build.records()
        return tuple(records[name].package(name, build.folder, built=False) for name in names)
    with _alone(build.folder, say):
        return build.run(fingerprints)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """The folder of the packages."""

    folder: Path
    definitions: Mapping[str, FunctionDefinition]
    say: Callable[[str], None]

    def records(self) -> dict[str, _Record]:
        """Return the records of the defined functions; none when the file is damaged or of another version."""
        try:
            found = msgspec.convert(_read(self.folder / _RECORDS_FILE), dict[str, _Record])
        except msgspec.ValidationError:
            return {}
        return {name: record for name, record in found.items() if name in self.definitions}

    def is_current(self, fingerprints: Mapping[str, str]) -> bool:
        records = self.records()
        return all(
            name in records and records[name].fingerprint == fingerprint and records[name].intact(self.folder)
            for name, fingerprint in fingerprints.items()
        ) and _read(self.folder / PACKAGES_FILE) == self._listed(records)

    def run(self, fingerprints: Mapping[str, str]) -> tuple[Package, ...]:
        discard(self.folder)
        records = {name: record for name, record in self.records().items() if record.intact(self.folder)}
        built = [
            name
            for name, fingerprint in fingerprints.items()
            if name not in records or records[name].fingerprint != fingerprint
        ]
        wheels = Wheels(folder=self.folder / "wheels", say=self.say)
        needed = {pin.name + pin.version: pin for name in built for pin in self.definitions[name].pins}
        # All at once: pip takes longer to start than to fetch.
        wheels.fetch(tuple(needed.values()))
        for name in built:
            records[name] = self._make(self.definitions[name], fingerprints[name], wheels)
            self.say(f"packaged {name}: {records[name].size / MIB:.1f} MB")
        self._write(records)
        return tuple(records[name].package(name, self.folder, built=name in built) for name in fingerprints)

    def _make(self, definition: FunctionDefinition, fingerprint: str, wheels: Wheels) -> _Record:
        contents = ZipContents.of(definition.name)
        for path, source in definition.sources.items():
            contents.add({path: source.read_bytes()}, origin=str(source))
        for wheel in wheels.fetch(definition.pins).values():
            contents.add(unpack(wheel), origin=wheel.name)
        temporary = self.folder / f".{definition.name}.zip.tmp"
        try:
            digest = write_zip(temporary, contents)
            file = temporary.replace(self.folder / f"{definition.name}-{digest[:12]}.zip")
        finally:
            temporary.unlink(missing_ok=True)
        found = file.stat()
        return _Record(
            fingerprint=fingerprint,
            file=file.name,
            sha256=digest,
            size=found.st_size,
            unpacked_size=contents.size,
            changed_ns=found.st_mtime_ns,
        )

    def _write(self, records: Mapping[str, _Record]) -> None:
        """List the packages, then remove the files that are no longer listed."""
        kept = {name: records[name] for name in sorted(records)}
        write_private(self.folder / _RECORDS_FILE, _text(msgspec.to_builtins(kept)))
        write_private(self.folder / PACKAGES_FILE, _text(self._listed(kept)))
        listed = {record.file for record in kept.values()}
        for file in self.folder.iterdir():
            if _ZIP.fullmatch(file.name) and file.name not in listed:
                file.unlink(missing_ok=True)

    def _listed(self, records: Mapping[str, _Record]) -> dict[str, dict[str, str]]:
        packages = [record.package(name, self.folder, built=False) for name, record in sorted(records.items())]
        return {package.function: {"path": str(package.path), "hash": package.hash} for package in packages}


def _fingerprint(definition: FunctionDefinition) -> str:
    """Hash what a package depends on, and nothing else: no path outside of the package, no date, no mode."""
    digest = hashlib.sha256(f"{_MAKE}\n{definition.name}\n".encode())
    for path, source in sorted(definition.sources.items()):
        digest.update(f"{path}\0{hashlib.sha256(source.read_bytes()).hexdigest()}\n".encode())
    for pin in definition.pins:
        digest.update(f"{pin.requirement}\n".encode())
    return digest.hexdigest()


@contextmanager
def _alone(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that builds the functions' packages")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> Any:
    """Return what a file of ours holds; None when it is missing or damaged, which the next build repairs."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _text(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"
