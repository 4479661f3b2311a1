"""Migration: what of a Terragrunt repository works under platformctl, what differs, and what is missing, with places.

Files are read and nothing else: no program runs, no cloud is called, nothing is downloaded or written.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestrator.commands.opening import tree_variables
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.config import Stack, UnitConfiguration, environments, load_stack, stack_files, unit_file
from orchestrator.config.grammar import DIFFERENCES
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, Severity
from orchestrator.hcl import Body, Expression, function_calls, parse_file
from orchestrator.hcl.calls import special_forms
from orchestrator.hcl.functions import terraform_functions


class SupportStatus(StrEnum):
    """What becomes of a construct."""

    WORKS = "works"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """A construct of the language, and what becomes of it.

    ``units``: those that use it, by their folder from the top of the tree; empty for a file that no unit was seen to read.
    ``places``: where it stands, if that says more than the units. ``reason`` and ``hint``: why it differs or is missing, and
    what to do.
    """

    name: str
    status: SupportStatus
    units: tuple[str, ...]
    places: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What a repository uses.

    ``constructs``: the missing ones first, then those that differ, then the rest, by name. ``unread``: units that could not be
    evaluated because of what is missing, so that more may come to light.
    """

    folder: Path
    units: tuple[str, ...]
    unread: tuple[str, ...]
    constructs: tuple[Construct, ...]

    def of(self, status: SupportStatus) -> tuple[Construct, ...]:
        return tuple(item for item in self.constructs if item.status is status)

    @property
    def is_complete(self) -> bool:
        """Whether everything works, as far as every unit could be evaluated."""
        return bool(self.units) and not self.unread and not self.of(SupportStatus.MISSING)


_DIFFERENT = {
    "dependency.mock_outputs": "No mocks",
    "dependency.skip_outputs": "A disabled dependency has no outputs",
    "dependency.enabled": "A disabled dependency has no outputs",
}
"""Constructs that mean something else on purpose, with the title of the difference in the registry of the language."""

_TERRAFORM = frozenset({*terraform_functions(Path()), *special_forms})
"""Functions that Terraform has, too."""

_FUNCTION = re.compile(r'function "(\w+)"')
_ONLY_WITH = "--allow-commands"
"""In the hint of what works with this option alone."""


def check_migration(request: DeploymentRequest, ports: Ports) -> MigrationReport:
    """Read every unit of a project, and collect everything that was found.

    Raises UsageError: there is no such environment.
    """
    collector = Collector()
    stacks: list[Stack] = []
    top = ports.project.live
    only = request.environment or ports.project.working
    for name in [only] if only else environments(top):
        try:
            stack = load_stack(live=top, environment=name, env=tree_variables(request, ports), tolerated=collector)
        except ConfigurationError as error:
            collector.absorb(error)
            continue
        stacks.append(stack)
        collector.found.extend(stack.check())
    folders = {found for stack in stacks for found in stack.folders}
    names = {folder: folder.relative_to(top).as_posix() for folder in folders if folder.is_relative_to(top)}
    readers = _readers(stacks, names)
    read = {unit.unit.folder for stack in stacks for unit in stack.units.values()}
    uses = _uses(stacks, names)
    for folder in names.keys() - read:
        for construct in _in_file(unit_file(folder)):
            uses[construct].add(names[folder])
    for stack in stacks:
        for file in stack_files(stack.folder):
            readers[file] = (file.parent.relative_to(top).as_posix(),)
    found = [*_findings(collector.found, readers, names, top)]
    mentioned = {item.name for item in found}
    found.extend(_used(uses, mentioned))
    order = [SupportStatus.MISSING, SupportStatus.DIFFERS, SupportStatus.WORKS]
    return MigrationReport(
        folder=top,
        units=tuple(sorted(names.values())),
        unread=tuple(sorted(names[folder] for folder in names.keys() - read)),
        constructs=tuple(sorted(found, key=lambda item: (order.index(item.status), item.name, item.reason))),
    )


def _readers(stacks: Iterable[Stack], names: Mapping[Path, str]) -> dict[Path, tuple[str, ...]]:
    """Return which units read each file, as far as they could be read themselves."""
    found: dict[Path, set[str]] = defaultdict(set)
    for stack in stacks:
        for unit in stack.units.values():
            for path in unit.files():
                found[path].add(names.get(unit.unit.folder, unit.unit.name))
    return {path: tuple(sorted(units)) for path, units in found.items()}


# Findings


def _findings(
    findings: Iterable[Diagnostic], readers: Mapping[Path, tuple[str, ...]], names: Mapping[Path, str], top: Path
) -> Iterator[Construct]:
    groups: dict[tuple[SupportStatus, str, str, str], list[Range | None]] = defaultdict(list)
    for item in sorted(set(findings), key=lambda item: item.sort_key):
        is_error = item.severity is Severity.ERROR and _ONLY_WITH not in f"{item.detail} {item.hint}"
        status = SupportStatus.MISSING if is_error else SupportStatus.DIFFERS
        groups[status, _name(item), item.detail, item.hint].append(item.range)
    for (status, name, reason, hint), ranges in groups.items():
        places = [place for place in ranges if place is not None]
        units = {unit for place in places for unit in _units_of(place.source.path, readers, names)}
        yield Construct(
            name=name,
            status=status,
            units=tuple(sorted(units)),
            places=tuple(_shown(place, top) for place in places),
            reason=reason,
            hint=hint,
        )


def _name(item: Diagnostic) -> str:
    """Name what a finding is about: a function, or the word that is underlined; the summary where that is no word."""
    function = _FUNCTION.search(item.detail)
    if function:
        return f"{function[1]}()"
    place = item.range
    if place is not None and place.start.line == place.end.line:
        word = place.source.line(place.start.line)[place.start.column - 1 : place.end.column - 1]
        if word.replace("_", "").isalnum():
            return word
    return item.summary


def _units_of(path: Path, readers: Mapping[Path, tuple[str, ...]], names: Mapping[Path, str]) -> tuple[str, ...]:
    if path in readers:
        return readers[path]
    return (names[path.parent],) if path.parent in names else ()


def _shown(place: Range, top: Path) -> str:
    path = place.source.path
    shown = path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)
    return f"{shown}:{place.start.line}:{place.start.column}"


# What is used


def _uses(stacks: Iterable[Stack], names: Mapping[Path, str]) -> dict[str, set[str]]:
    """Return which units use each construct, from the units that could be read."""
    found: dict[str, set[str]] = defaultdict(set)
    for stack in stacks:
        for unit in stack.units.values():
            name = names.get(unit.unit.folder, unit.unit.name)
            for construct in _constructs(unit):
                found[construct].add(name)
        for file in stack_files(stack.folder):
            for construct in _in_file(file):
                found[construct].add(file.parent.relative_to(stack.folder).as_posix())
    return found


def _constructs(unit: UnitConfiguration) -> Iterator[str]:
    for document in unit.scope.documents():
        yield from _in_body(document.file.body)


def _in_file(file: Path) -> Iterator[str]:
    try:
        yield from _in_body(parse_file(file).body)
    except ConfigurationError:
        return


def _in_body(body: Body) -> Iterator[str]:
    yield from body.attributes
    for block in body.blocks:
        yield block.type
        if block.type != "locals":
            yield from (f"{block.type}.{name}" for name in block.body.attributes)
            yield from (f"{block.type}.{inner.type}" for inner in block.body.blocks)
    yield from (
        f"{call.name}()"
        for expression in _expressions(body)
        for call in function_calls(expression)
        if call.name not in _TERRAFORM
    )


def _expressions(body: Body) -> Iterator[Expression]:
    yield from (attribute.expression for attribute in body.attributes.values())
    for block in body.blocks:
        yield from _expressions(block.body)


def _used(uses: Mapping[str, set[str]], mentioned: set[str]) -> Iterator[Construct]:
    for name, units in uses.items():
        last = name.rpartition(".")[2].removesuffix("()")
        title = _DIFFERENT.get(name)
        if title is not None:
            reason = f"{title}: {DIFFERENCES[title]}"
            yield Construct(name=name, status=SupportStatus.DIFFERS, units=tuple(sorted(units)), reason=reason)
        elif mentioned.isdisjoint({name, last}):
            yield Construct(name=name, status=SupportStatus.WORKS, units=tuple(sorted(units)))
