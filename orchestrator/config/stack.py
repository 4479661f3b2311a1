"""An environment as a whole: its units, their graph, and everything that can be found wrong before anything runs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.config.check import check_units
from orchestrator.config.discovery import environment_folder, environment_unit, unit_folders
from orchestrator.config.files import UNIT_FILE, Files
from orchestrator.config.interface import ModuleInterface
from orchestrator.config.outputs import module_name
from orchestrator.config.unit import UnitConfiguration
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, did_you_mean
from orchestrator.errors import UsageError
from orchestrator.model.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The units of one environment and the order between them.

    Attributes:
        environment: its name.
        folder: its folder, absolute.
        units: by name, sorted.

    """

    environment: str
    folder: Path
    units: Mapping[str, UnitConfiguration]
    graph: Graph

    def check(self) -> list[Diagnostic]:
        """Return everything that can be found wrong before anything runs: errors and warnings, sorted."""
        return check_units(self.units)


def load_stack(*, live: Path, environment: str, env: Mapping[str, str], names: Collection[str] | None = None) -> Stack:
    """Read the units of an environment and order them.

    Args:
        live: the folder of the live tree.
        environment: the name of a folder in it.
        env: the environment variables that ``get_env`` reads.
        names: read only these units and what they depend on; None for all. Mistakes in other units do not matter then.

    Raises:
        UsageError: no such environment or unit.
        ConfigurationError: every mistake of every unit that stands in the way of the graph.

    """
    folder = environment_folder(live, environment)
    loader = _Loader(folder, env)
    if not loader.folders:
        raise UsageError(
            "Environment without units",
            detail=f"{folder} holds no folder with a {UNIT_FILE}.",
            hint=f"A unit is a folder with a {UNIT_FILE} below it.",
        )
    return loader.load(environment, sorted(loader.folders) if names is None else list(names))


class _Loader:
    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.folders = {found.relative_to(folder).as_posix(): found for found in unit_folders(folder)}
        self._files = Files(env)
        self._units: dict[str, UnitConfiguration] = {}

    def load(self, environment: str, names: list[str]) -> Stack:
        for name in names:
            if name not in self.folders:
                raise UsageError(
                    "Unknown unit",
                    detail=f'The environment "{environment}" has no unit "{name}".',
                    hint=did_you_mean(name, self.folders) or f"The units are {', '.join(sorted(self.folders))}.",
                )
        collector = Collector()
        seen = set(names)
        queue = list(names)
        for name in queue:
            try:
                unit = self._read(name)
            except ConfigurationError as error:
                collector.absorb(error)
                continue
            self._units[name] = unit
            for edge in unit.unit.dependencies:
                if edge.target not in seen and edge.target in self.folders:
                    seen.add(edge.target)
                    queue.append(edge.target)
        if set(names) == set(self.folders):
            self._check_environment(collector)
        _check_module_names(self._units, collector)
        graph = self._graph(collector)
        collector.raise_if_any()
        assert graph is not None
        units = {name: self._units[name] for name in sorted(self._units)}
        return Stack(environment=environment, folder=self.folder, units=units, graph=graph)

    def _check_environment(self, collector: Collector) -> None:
        read = frozenset().union(*(unit.files() for unit in self._units.values()))
        finding = environment_unit(self.folder, read)
        if finding is not None:
            collector.add(finding)

    def _read(self, name: str) -> UnitConfiguration:
        return UnitConfiguration(
            environment=self.folder, folder=self.folders[name], files=self._files, interfaces=self._interface
        )

    def _interface(self, name: str) -> ModuleInterface | None:
        """Return what the module of a unit declares; None where the unit's own check reports an error."""
        try:
            return self._units[name].interface()
        except ConfigurationError:
            return None

    def _graph(self, collector: Collector) -> Graph | None:
        # Edges to units that could not be read are left out: the unit has been reported already.
        unread = self.folders.keys() - self._units.keys()
        units = [
            replace(
                unit.unit,
                dependencies=tuple(edge for edge in unit.unit.dependencies if edge.target not in unread),
            )
            for unit in self._units.values()
        ]
        try:
            return Graph.of(units)
        except ConfigurationError as error:
            collector.absorb(error)
        return None


def _check_module_names(units: Mapping[str, UnitConfiguration], collector: Collector) -> None:
    taken: dict[str, str] = {}
    for name in sorted(units):
        other = taken.setdefault(module_name(name), name)
        if other != name:
            collector.report(
                units[name].place(),
                "Unit names are too similar",
                f'"{other}" and "{name}" would both be module.{module_name(name)} in the plan of the stack.',
                "Rename one of the two folders.",
            )
