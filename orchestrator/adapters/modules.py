"""Finds the modules of units on this machine; fetches those in other git repositories."""

import hashlib
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.adapters.output import quote
from orchestrator.config import Composition, EvaluatedUnit, GitSource, LocalSource, ModuleSource, compose
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
    """The modules of a run; thread-safe. Each repository and ref is fetched once into ``cache``, ``.platformctl/sources``."""

    cache: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def locate(self, unit: EvaluatedUnit) -> Location:
        """Return the place of the unit's module; raises PlatformctlError if the repository could not be fetched."""
        return Location(root=self.fetch(unit.source), subdirectory=unit.source.subdirectory)

    def fetch(self, source: ModuleSource) -> Path:
        """Return the folder of what stands before ``//``; raises PlatformctlError if it could not be fetched."""
        match source:
            case LocalSource() as local:
                return local.root
            case GitSource() as git:
                with self._lock:
                    return self._fetch(git)

    def compose(self, unit: EvaluatedUnit) -> Composition:
        """Return everything that Terraform sees of the unit; raises as ``locate`` and ``compose`` do."""
        location = self.locate(unit)
        return compose(unit, root=location.root, subdirectory=location.subdirectory)

    def _fetch(self, source: GitSource) -> Path:
        key = hashlib.sha256(f"{source.url} {source.ref}".encode()).hexdigest()[:16]
        folder = self.cache / key
        if folder.is_dir():
            return folder
        # Renamed when it is complete: an interrupted fetch is not mistaken for a module.
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        # A ref may be a branch, a tag or a commit: all three can be fetched by name, but not cloned. The address may hold
        # credentials, so it is passed in the environment, which nobody else can read.
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        environment = os.environ | {
            "GIT_TERMINAL_PROMPT": "0",
            # After the settings that a CI system may have made already.
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": "remote.origin.url",
            f"GIT_CONFIG_VALUE_{number}": source.url,
        }
        for arguments in (
            ["init", "--quiet"],
            ["fetch", "--quiet", "--depth", "1", "--end-of-options", "origin", source.ref or "HEAD"],
            ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
        ):
            try:
                done = subprocess.run(
                    ["git", *arguments],
                    cwd=partial,
                    env=environment,
                    capture_output=True,
                    encoding="utf-8",
                    errors="replace",
                    check=False,
                    stdin=subprocess.DEVNULL,
                )
            except FileNotFoundError:
                raise PlatformctlError(
                    "A module could not be fetched",
                    detail=f"{source.shown} is in a git repository, and there is no git on PATH.",
                    hint="Install git, or use a local folder as the source.",
                ) from None
            if done.returncode:
                output = (done.stderr.strip() or done.stdout).replace(source.url, source.repository)
                raise PlatformctlError(
                    "A module could not be fetched",
                    detail=f"git {arguments[0]} of {source.shown}: {quote(output)}",
                    hint="Check the source's address and ref, and that git may read it without asking.",
                )
        partial.rename(folder)
        return folder
