"""Finds the modules of units on this machine; fetches those that are elsewhere.

What is fetched is kept by what it is, a commit or the hash of an archive, and is shared by all units and runs.
"""

import hashlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from os import getpid
from pathlib import Path

from orchestrator.adapters.downloads import archive_key, check_out, commit_of, module_address, unpack
from orchestrator.config import (
    ArchiveSource,
    Composition,
    EvaluatedUnit,
    GitSource,
    LocalSource,
    ModuleSource,
    RegistrySource,
    compose,
    parse_source,
)
from orchestrator.diagnostics import ConfigurationError, Position, Range, Source
from orchestrator.errors import PlatformctlError


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The place of a module: ``root`` is the part of the source before ``//``."""

    root: Path
    subdirectory: str

    @property
    def folder(self) -> Path:
        return self.root / self.subdirectory


@dataclass(frozen=True, slots=True)
class Modules:
    """The modules of a run; thread-safe. Everything is fetched once into ``cache``, ``.platformctl/sources``."""

    cache: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: dict[ModuleSource, Path] = field(default_factory=dict)

    def locate(self, unit: EvaluatedUnit) -> Location:
        """Return the place of the unit's module; raises PlatformctlError if it could not be fetched."""
        return Location(root=self.fetch(unit.source), subdirectory=unit.source.subdirectory)

    def fetch(self, source: ModuleSource) -> Path:
        """Return the folder of what stands before ``//``; raises PlatformctlError if it could not be fetched."""
        if isinstance(source, LocalSource):
            return source.root
        with self._lock:
            return self._fetch(source)

    def compose(self, unit: EvaluatedUnit) -> Composition:
        """Return everything that Terraform sees of the unit; raises as ``locate`` and ``compose`` do."""
        location = self.locate(unit)
        return compose(unit, root=location.root, subdirectory=location.subdirectory)

    def _fetch(self, source: ModuleSource) -> Path:
        whole = replace(source, subdirectory="")
        folder = self._found.get(whole)
        if folder is None or not folder.is_dir():
            match source:
                case LocalSource():
                    folder = source.root
                case GitSource():
                    folder = self._git(source)
                case ArchiveSource():
                    folder = self._archive(source)
                case RegistrySource():
                    folder = self._registry(source)
            self._found[whole] = folder
        return folder

    def _git(self, source: GitSource) -> Path:
        commit = commit_of(source)
        # Where the server does not tell it, Git itself says why.
        return self._kept(f"{source.url} {commit or source.ref}", lambda folder: check_out(source, commit, folder))

    def _archive(self, source: ArchiveSource) -> Path:
        with archive_key(source) as (file, key):
            return self._kept(key, lambda folder: unpack(source, file, folder))

    def _registry(self, source: RegistrySource) -> Path:
        address = module_address(source)
        start = Position(1, 1)
        place = Range(Source(Path(source.shown), ""), start, start)
        try:
            found = parse_source(address, home=self.cache, place=place)
        except ConfigurationError as error:
            raise PlatformctlError(
                "A module could not be fetched",
                detail=f"The registry says that {source.shown} is at {address}. {error.diagnostics[0].detail}",
                hint="Use that repository with git:: and ?ref=.",
            ) from None
        root, below = self._fetch(found), found.subdirectory
        # Registries of old name the one folder of an archive like this.
        return next(iter(sorted(root.glob(below))), root / below) if "*" in below else root / below

    def _kept(self, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of a key; it is made if it is not there."""
        folder = self.cache / hashlib.sha256(key.encode()).hexdigest()[:16]
        if folder.is_dir():
            return folder
        # Renamed when it is complete: an interrupted fetch is not mistaken for a module.
        partial = folder.with_name(f"{folder.name}.{getpid()}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            make(partial)
            partial.rename(folder)
        except OSError as error:
            # Another process may have been faster.
            if not folder.is_dir():
                raise PlatformctlError("A module could not be kept", detail=f"{folder}: {error}.") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return folder
