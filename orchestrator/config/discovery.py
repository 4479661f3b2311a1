"""Finds the environments of a live tree and the units of one of them, and parses each file at most once per load."""

import json
import os
import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from orchestrator.config.document import JSON_BLOCKS, Document, read_document
from orchestrator.config.grammar import DOCUMENTATION, MANIFEST, REFUSED_FILES, STACK_FILE, STACK_FOLDER, VALUES_FILE
from orchestrator.config.interface import ModuleInterface, module_interface
from orchestrator.config.stack_file import StackDocument, read_stack_file
from orchestrator.config.surroundings import Load
from orchestrator.diagnostics import (
    Collector,
    ConfigurationError,
    Diagnostic,
    Position,
    Range,
    Source,
    did_you_mean,
    failure,
)
from orchestrator.errors import UsageError
from orchestrator.hcl import Body, File, parse_file, parse_json_file
from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.functions.encoding import DIGESTS
from orchestrator.hcl.scope import Function, FunctionError, is_file
from orchestrator.hcl.values import Value

UNIT_FILE = "terragrunt.hcl"
UNIT_FILES = (UNIT_FILE, "terragrunt.hcl.json")
"""The names of a unit's own file; the first wins."""

_READING = frozenset({"file", "filebase64", "fileexists", "fileset", *(f"file{name}" for name in DIGESTS)})
"""The functions whose first argument is a file or folder that they read."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What the units of a load share."""

    documents: dict[Path, Document | ConfigurationError] = field(default_factory=dict)
    stacks: dict[Path, StackDocument | ConfigurationError] = field(default_factory=dict)
    values: dict[Path, Body | ConfigurationError] = field(default_factory=dict)
    interfaces: dict[Path, ModuleInterface | ConfigurationError] = field(default_factory=dict)
    functions: dict[Path, Mapping[str, Function]] = field(default_factory=dict)


class Files:
    """What one load has read so far. It belongs to that load and is used from one thread.

    ``load``: what the load sees of the world outside, the environment variables that ``get_env`` reads among it. ``read``: the files that were asked for through this object,
    whether they exist or not; each unit has an object of its own.
    """

    def __init__(self, load: Load, *, parsed: _Parsed | None = None) -> None:
        self.load = load
        self.read: set[Path] = set()
        self._parsed = parsed or _Parsed()
        self._recording: dict[Path, MutableMapping[str, Function]] = {}
        self._reading: list[Path] = []

    def of_unit(self) -> "Files":
        """Return the same files for one more unit: what is parsed is shared, what is read is recorded apart."""
        return Files(self.load, parsed=self._parsed)

    def document(self, path: Path) -> Document:
        """Return the document of a file; the same object every time.

        Raises ConfigurationError: the file cannot be read or parsed, or holds what the grammar refuses; the same error
        every time, so that it is reported once.
        """
        self.read.add(path)
        return _once(self._parsed.documents, path, lambda path: read_document(_parse(path)))

    def stack_document(self, path: Path) -> StackDocument:
        """Return the document of a stack file; raises as ``document`` does."""
        return _once(self._parsed.stacks, path, lambda path: read_stack_file(parse_file(path)))

    def values_body(self, path: Path) -> Body:
        """Return the attributes of a values file; raises as ``document`` does."""
        self.read.add(path)
        return _once(self._parsed.values, path, _read_values)

    def interface(self, folder: Path) -> ModuleInterface:
        """Return the variables and outputs of the module in a folder; raises as ``module_interface`` does."""
        return _once(self._parsed.interfaces, folder, module_interface)

    def terraform_functions(self, folder: Path) -> MutableMapping[str, Function]:
        """Return Terraform's functions for a file in a folder; those that read files record which."""
        if folder not in self._recording:
            if folder not in self._parsed.functions:
                self._parsed.functions[folder] = terraform_functions(folder)
            known = self._parsed.functions[folder]
            own = {name: self._recorded(known[name], folder) for name in _READING & known.keys()}
            self._recording[folder] = ChainMap(own, dict(known))
        return self._recording[folder]

    def _recorded(self, function: Function, folder: Path) -> Function:
        def call(*given: Value) -> Value:
            if isinstance(given[0], str):
                self.read.add(folder / os.path.expanduser(given[0]))  # noqa: PTH111 - leaves the home of nobody as it is
            return function.call(*given)

        return replace(function, call=call)

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Mark a file as being evaluated for ``read_terragrunt_config``.

        Raises FunctionError if it is being evaluated already: the files read each other in a cycle.
        """
        if path in self._reading:
            names = [*self._reading[self._reading.index(path) :], path]
            raise FunctionError(f"The files read each other in a cycle: {' -> '.join(map(str, names))}.")
        self._reading.append(path)
        try:
            yield
        finally:
            self._reading.pop()


def unit_file(folder: Path) -> Path:
    """Return the file that makes a folder a unit; the name that it should have where there is none."""
    return next((folder / name for name in UNIT_FILES if is_file(folder / name)), folder / UNIT_FILE)


def _parse(path: Path) -> File:
    return parse_json_file(path, JSON_BLOCKS) if path.suffix == ".json" else parse_file(path)


def _read_values(path: Path) -> Body:
    body = parse_file(path).body
    for block in body.blocks:
        raise failure(
            block.type_range,
            "Block is not supported",
            f"{path.name} holds attributes only.",
            "Write each value as an attribute at the top level of the file.",
        )
    return body


def _once(known: dict[Path, T | ConfigurationError], path: Path, read: Callable[[Path], T]) -> T:
    found = known.get(path)
    if found is None:
        try:
            found = read(path)
        except ConfigurationError as error:
            found = error
        known[path] = found
    if isinstance(found, ConfigurationError):
        raise found
    return found


_CACHES = frozenset({".git", ".platformctl", ".terraform", ".terragrunt-cache"})


def environments(live: Path) -> list[str]:
    """Return the names of the environments: folders of the live tree that hold units, sorted."""
    return [
        folder.name
        for folder in sorted(live.iterdir())
        if folder.is_dir() and not folder.name.startswith(".") and any(_walk(folder))
    ]


def environment_folder(live: Path, name: str) -> Path:
    """Return the folder of an environment, absolute; any folder of the live tree that holds units may be one.

    Raises UsageError if there is no live tree, or no such environment in it.
    """
    live = Path(os.path.abspath(live))  # noqa: PTH100 - resolve() would follow symlinks and change what paths say
    if not live.is_dir():
        raise UsageError(
            "Live tree not found",
            detail=f"{live} is not a folder.",
            hint="Run platformctl at the top of the repository, or set PLATFORMCTL_PROJECT.",
        )
    folder = Path(os.path.normpath(live / name))
    if folder.is_dir() and folder.is_relative_to(live) and any(_walk(folder)):
        return folder
    known = environments(live)
    raise UsageError(
        "Unknown environment",
        detail=f'There is no environment "{name}" in {live}.',
        hint=did_you_mean(name, known)
        or (f"The environments are {', '.join(known)}." if known else "It holds no folder with units."),
    )


def unit_folders(environment: Path) -> list[Path]:
    """Return the folders of the units of an environment, its own among them, at any depth, sorted.

    A unit that stacks of the environment are made of, and that needs the values they pass, is none of its own. Raises ConfigurationError if there are files that would be passed over although Terragrunt reads them.
    """
    collector = Collector()
    found: list[Path] = []
    sources: set[Path] = set()
    for folder in _hidden_units(environment):
        collector.add(_misplaced(folder))
    for folder, names in _walk(environment):
        for name in sorted(names & REFUSED_FILES.keys()):
            start = Position(1, 1)
            collector.report(
                Range(Source(folder / name, (folder / name).read_text(errors="replace")), start, start),
                "File is not supported",
                f"{name} is read by Terragrunt but not by platformctl. {DOCUMENTATION}",
                REFUSED_FILES[name],
            )
        if not names.isdisjoint(UNIT_FILES):
            found.append(folder)
        if MANIFEST in names:
            sources.add(_source_of(folder))
    collector.raise_if_any()
    return sorted(folder for folder in found if not (sources and folder.resolve() in sources and _needs_values(folder)))


def _source_of(folder: Path) -> Path:
    """Return the folder that a generated one was copied from; itself where its manifest does not say."""
    try:
        return Path(os.path.realpath(folder / json.loads((folder / MANIFEST).read_bytes())["source"]))
    except (OSError, ValueError, LookupError, TypeError):
        return folder


def _needs_values(folder: Path) -> bool:
    text = unit_file(folder).read_text(encoding="utf-8", errors="replace")
    return not (folder / VALUES_FILE).is_file() and bool(re.search(r"\bvalues\.", text))


def unit_name(environment: Path, folder: Path) -> str:
    """Return the name of the unit in a folder: its path from the environment's; that folder's own name for the environment's."""
    return environment.name if folder == environment else Path(os.path.relpath(folder, environment)).as_posix()


def stack_files(environment: Path) -> list[Path]:
    """Return the stack files of an environment that are not generated themselves, sorted."""
    found = (folder for folder, names in _walk(environment) if STACK_FILE in names)
    return sorted(folder / STACK_FILE for folder in found if STACK_FOLDER not in folder.relative_to(environment).parts)


def _misplaced(folder: Path) -> Diagnostic:
    file = unit_file(folder)
    start = Position(1, 1)
    return Diagnostic(
        summary="Unit in a hidden folder",
        detail=f"{file} would not be a unit of the environment: hidden folders are passed over.",
        hint="Rename the folder.",
        range=Range(Source(file, file.read_text(encoding="utf-8", errors="replace")), start, start),
    )


def _hidden_units(environment: Path) -> Iterator[Path]:
    """Yield the hidden folders with units, but for what Git, Terraform and Terragrunt keep."""
    for folder, folders, names in os.walk(environment):
        folders[:] = sorted(set(folders) - _CACHES)
        parts = Path(folder).relative_to(environment).parts
        if not set(UNIT_FILES).isdisjoint(names) and any(_is_hidden(part) for part in parts):
            yield Path(folder)


def _walk(top: Path) -> Iterator[tuple[Path, set[str]]]:
    """Walk over the folders that hold configuration of units, with the names of these files.

    Hidden folders are left out. Links to folders are followed, unless they lead back to a folder above.
    """
    for folder, folders, names in os.walk(top, followlinks=True):
        above = Path(os.path.realpath(folder))
        folders[:] = sorted(name for name in folders if not (_is_hidden(name) or leads_up(Path(folder, name), above)))
        present = {*UNIT_FILES, STACK_FILE, MANIFEST, *REFUSED_FILES}.intersection(names)
        if present:
            yield Path(folder), present


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != STACK_FOLDER


def leads_up(folder: Path, above: Path) -> bool:
    """Tell whether a folder is a link to one that it lies in; ``above``: the real path of the folder around it."""
    return folder.is_symlink() and Path(os.path.realpath(folder)) in (above, *above.parents)
