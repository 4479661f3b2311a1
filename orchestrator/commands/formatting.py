"""Formatting: the configuration of a folder in its canonical form."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, failure
from orchestrator.hcl import format_text

_SKIPPED = frozenset({".git", ".platformctl", ".terraform", ".terragrunt-cache", ".terragrunt-stack"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reformatted:
    """A file that is not in its canonical form, or was not."""

    path: Path
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatResult:
    """What formatting changes. ``files``: how many were looked at; ``mistakes``: those of files that are not valid."""

    files: int
    changed: tuple[Reformatted, ...]
    mistakes: tuple[Diagnostic, ...]


def format_folder(folder: Path, *, write: bool, without: Collection[str] = ()) -> FormatResult:
    """Format the ``*.hcl`` files of a folder at any depth, or a single file; hidden and generated ones are left out.

    ``write``: write what differs. ``without``: folders, relative to this one, that are left out.
    """
    collector = Collector()
    changed: list[Reformatted] = []
    files = [folder] if folder.is_file() else sorted(_files(folder, {os.path.normpath(name) for name in without}))
    for path in files:
        try:
            before = _text(path)
            after = format_text(before, path)
        except ConfigurationError as error:
            collector.absorb(error)
            continue
        if after != before:
            changed.append(Reformatted(path=path, before=before, after=after))
            if write:
                # In place, so that links and permissions stay as they are.
                path.write_bytes(after.encode())
    return FormatResult(files=len(files), changed=tuple(changed), mistakes=tuple(collector.found))


def _files(folder: Path, without: Collection[str]) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if name not in _SKIPPED and os.path.relpath(Path(here, name), folder) not in without
        ]
        yield from (Path(here, name) for name in names if name.endswith(".hcl") and not name.startswith("."))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise failure(None, "Configuration file cannot be read", f"{path}: {error}.") from None
