"""Finding the environments of a live tree and the units of one of them."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from orchestrator.config.files import UNIT_FILE
from orchestrator.config.grammar import DOCUMENTATION
from orchestrator.diagnostics import Collector, Diagnostic, Position, Range, Source, did_you_mean
from orchestrator.errors import UsageError

# Files that Terragrunt reads as configuration, and that would otherwise be skipped silently.
_REFUSED_FILES = {
    "terragrunt.stack.hcl": "Stack files are not supported: write each unit as a folder with a terragrunt.hcl.",
    "terragrunt.hcl.json": "Write it as terragrunt.hcl; configuration in JSON is not read.",
    "terragrunt.values.hcl": "Stack files are not supported: use locals of an .hcl file and read_terragrunt_config.",
}


_CACHES = frozenset({".git", ".terraform", ".terragrunt-cache", ".terragrunt-stack"})


def environments(live: Path) -> list[str]:
    """Return the names of the environments: folders of the live tree that hold units, sorted."""
    return [
        folder.name
        for folder in sorted(live.iterdir())
        if folder.is_dir() and not folder.name.startswith(".") and any(_walk(folder))
    ]


def environment_folder(live: Path, name: str) -> Path:
    """Return the folder of an environment, absolute.

    Raises:
        UsageError: there is no live tree, or no such environment in it.

    """
    live = Path(os.path.abspath(live))  # noqa: PTH100 - resolve() would follow symlinks and change what paths say
    if not live.is_dir():
        raise UsageError(
            "Live tree not found",
            detail=f"{live} is not a folder.",
            hint="Run platformctl at the top of the repository, or set PLATFORMCTL_PROJECT.",
        )
    known = environments(live)
    if name in known:
        return live / name
    raise UsageError(
        "Unknown environment",
        detail=f'There is no environment "{name}" in {live}.',
        hint=did_you_mean(name, known)
        or (f"The environments are {', '.join(known)}." if known else "It holds no folder with units."),
    )


def unit_folders(environment: Path) -> list[Path]:
    """Return the folders of the units of an environment, at any depth, sorted.

    Raises:
        ConfigurationError: there are files that would be passed over although Terragrunt reads them.

    """
    collector = Collector()
    found: list[Path] = []
    for folder in _hidden_units(environment):
        collector.add(_misplaced(folder, "Unit in a hidden folder", "Hidden folders are passed over. Rename it."))
    for folder, names in _walk(environment):
        for name in sorted(names & _REFUSED_FILES.keys()):
            start = Position(1, 1)
            collector.report(
                Range(Source(folder / name, (folder / name).read_text(errors="replace")), start, start),
                "File is not supported",
                f"{name} is read by Terragrunt but not by platformctl. {DOCUMENTATION}",
                _REFUSED_FILES[name],
            )
        if UNIT_FILE in names and folder != environment:
            found.append(folder)
    collector.raise_if_any()
    return sorted(found)


def environment_unit(environment: Path, read: Collection[Path]) -> Diagnostic | None:
    """Return the finding about a unit beside the environment's folders; None if the units include that file.

    Args:
        environment: the folder of the environment.
        read: the files that the units consist of.

    """
    file = environment / UNIT_FILE
    if not file.is_file() or file in read:
        return None
    return _misplaced(environment, "Unit at the top of an environment", "Give it a folder of its own.")


def _misplaced(folder: Path, summary: str, hint: str) -> Diagnostic:
    file = folder / UNIT_FILE
    start = Position(1, 1)
    return Diagnostic(
        summary=summary,
        detail=f"{file} would not be a unit of the environment: a unit is a folder below it.",
        hint=hint,
        range=Range(Source(file, file.read_text(encoding="utf-8", errors="replace")), start, start),
    )


def _hidden_units(environment: Path) -> Iterator[Path]:
    """Yield the hidden folders with units, but for what Git, Terraform and Terragrunt keep."""
    for folder, folders, names in os.walk(environment):
        folders[:] = sorted(set(folders) - _CACHES)
        parts = Path(folder).relative_to(environment).parts
        if UNIT_FILE in names and any(part.startswith(".") for part in parts):
            yield Path(folder)


def _walk(top: Path) -> Iterator[tuple[Path, set[str]]]:
    """Walk over the folders that hold configuration of units, with the names of these files.

    Hidden folders are left out. Links to folders are followed, unless they lead back to a folder above.
    """
    for folder, folders, names in os.walk(top, followlinks=True):
        above = Path(os.path.realpath(folder))
        folders[:] = sorted(
            name for name in folders if not (name.startswith(".") or _leads_up(Path(folder, name), above))
        )
        present = {UNIT_FILE, *_REFUSED_FILES}.intersection(names)
        if present:
            yield Path(folder), present


def _leads_up(folder: Path, above: Path) -> bool:
    return folder.is_symlink() and Path(os.path.realpath(folder)) in (above, *above.parents)
