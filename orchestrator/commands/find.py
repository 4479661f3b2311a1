"""Find: the units of the live tree, by filters, with what they depend on, include and read; without a cloud."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.commands.opening import read_stack
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.selection import Chooser
from orchestrator.config import Stack, UnitConfiguration, environments, stack_files
from orchestrator.config.filters import Component
from orchestrator.config.stack_file import ComponentKind
from orchestrator.diagnostics import Collector, ConfigurationError


class Sorting(StrEnum):
    """The order in which units are found."""

    PATH = "path"
    APPLY = "apply"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest(DeploymentRequest):
    """Find units in one environment, or in all of them.

    ``with_external``: also those outside of ``within`` that the found ones depend on. ``reading``: also which files each
    unit reads, for which every expression is evaluated.
    """

    sorting: Sorting = Sorting.PATH
    with_external: bool = False
    reading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUnit:
    """A unit or a stack. Paths are relative to the folder of the request.

    ``includes``: the included files by label. ``reads``: every other file that the configuration reads; empty unless it was
    asked for.
    """

    path: str
    kind: ComponentKind = ComponentKind.UNIT
    dependencies: tuple[str, ...] = ()
    includes: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()


def find(request: FindRequest, ports: Ports, operator: Operator) -> tuple[FoundUnit, ...]:
    """Find the units that the filters choose; all that lie within the folder of the request without filters.

    A unit that a change has removed has a path and nothing else. Raises UsageError: no such environment;
    ConfigurationError: mistakes that stand in the way of the graph, or in a filter.
    """
    collector = Collector()
    stacks: list[Stack] = []
    only = request.environment or ports.project.working
    for name in [only] if only else environments(ports.project.live):
        try:
            stacks.append(read_stack(request, ports, environment=name))
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    units = {unit.unit.folder: unit for stack in stacks for unit in stack.units.values()}
    needs = {
        unit.unit.folder: tuple(stack.units[name].unit.folder for name in stack.graph.dependencies[unit.unit.name])
        for stack in stacks
        for unit in stack.units.values()
    }
    stack_folders = {file.parent for stack in stacks for file in stack_files(stack.folder)}
    others = [
        Component(
            folder=path,
            kind=ComponentKind.STACK,
            external=request.within is not None and not path.is_relative_to(request.within),
        )
        for path in stack_folders - units.keys()
    ]
    chosen = Chooser(ports, operator).choose(request, stacks, others)
    if request.with_external:
        chosen |= _above(chosen, needs)
    depths = _depths(needs)
    signs = {Sorting.PATH: 0, Sorting.APPLY: 1, Sorting.DESTROY: -1}
    sign = signs[request.sorting]
    base = request.folder or ports.project.folder
    return tuple(
        _found(
            path,
            units.get(path),
            needs.get(path, ()),
            base,
            kind=ComponentKind.STACK if path in stack_folders else ComponentKind.UNIT,
            reading=request.reading,
        )
        for path in sorted(chosen, key=lambda path: (sign * depths.get(path, 0), path))
    )


def _found(
    path: Path, unit: UnitConfiguration | None, needs: Iterable[Path], base: Path, *, kind: ComponentKind, reading: bool
) -> FoundUnit:
    if unit is None:
        return FoundUnit(path=_relative(path, base), kind=kind)
    includes = {include.label: include.scope.document.path for include in unit.scope.includes}
    own = {unit.scope.document.path, *includes.values()}
    return FoundUnit(
        path=_relative(path, base),
        dependencies=tuple(_relative(target, base) for target in needs),
        includes={label: _relative(file, base) for label, file in includes.items()},
        reads=tuple(sorted(_relative(file, base) for file in unit.files_read() - own)) if reading else (),
    )


def _above(paths: Iterable[Path], needs: Mapping[Path, tuple[Path, ...]]) -> frozenset[Path]:
    """Return everything that the units depend on, directly or not."""
    seen: set[Path] = set()
    border = set(paths)
    while border:
        border = {target for path in border for target in needs.get(path, ())} - seen
        seen |= border
    return frozenset(seen)


def _depths(needs: Mapping[Path, tuple[Path, ...]]) -> dict[Path, int]:
    """Return how long the longest way down from each unit is; the graph is known to have no cycle."""
    depths: dict[Path, int] = {}
    stack = sorted(needs)
    while stack:
        path = stack[-1]
        missing = [target for target in needs.get(path, ()) if target not in depths]
        if path not in depths and missing:
            stack.extend(missing)
            continue
        depths[path] = 1 + max((depths[target] for target in needs.get(path, ())), default=-1)
        stack.pop()
    return depths


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path, base)).as_posix()
