"""An environment as a whole: its units, their graph, and everything that can be found wrong before anything runs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.behaviour import Behaviour
from orchestrator.config.composition import compose
from orchestrator.config.contents import Contents, Section
from orchestrator.config.discovery import UNIT_FILE, Files, environment_folder, unit_file, unit_folders, unit_name
from orchestrator.config.generated import EvaluatedUnit
from orchestrator.config.grammar import TERRAGRUNT_VERSION
from orchestrator.config.interface import ModuleInterface
from orchestrator.config.outputs import module_name
from orchestrator.config.root_only import root_only_findings
from orchestrator.config.source import LocalSource
from orchestrator.config.surroundings import ALLOW, IGNORE_VARIABLES, NOTHING, Load, Surroundings
from orchestrator.config.unit import UnitConfiguration
from orchestrator.config.variables import overrides
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Severity, did_you_mean
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import print_value
from orchestrator.hcl.scope import is_file
from orchestrator.model.graph import Graph
from orchestrator.model.versions import satisfies


def check_units(units: Mapping[str, UnitConfiguration], names: Collection[str]) -> list[Diagnostic]:
    """Evaluate the named units with unknown outputs, and compare their inputs with their modules.

    Returns errors and warnings, sorted and without repeats.
    """
    collector = Collector()
    everywhere = frozenset[Path].intersection(*(unit.files() for unit in units.values())) if units else frozenset()
    evaluated: dict[str, EvaluatedUnit] = {}
    for name, unit in units.items():
        if name not in names:
            continue
        contents: Contents | None = None
        try:
            contents = unit.contents({})
            evaluated[name] = unit.assemble(contents)
        except ConfigurationError as error:
            collector.absorb(error)
        try:
            interface = unit.interface()
        except ConfigurationError as error:
            collector.absorb(error)
            continue
        for finding in (*unit.warnings(), *_check_behaviour(unit, contents, evaluated.get(name))):
            collector.add(finding)
        for finding in _check_files(evaluated.get(name), unit.located() if name in evaluated else None):
            collector.add(finding)
        if contents is not None and interface is not None:
            for finding in _check_inputs(unit, contents.inputs or {}, interface, everywhere):
                collector.add(finding)
    for finding in _check_state(units, evaluated):
        collector.add(finding)
    return sorted(set(collector.found), key=lambda item: item.sort_key)


def _check_behaviour(
    unit: UnitConfiguration, contents: Contents | None, evaluated: EvaluatedUnit | None
) -> Iterator[Diagnostic]:
    """Yield what of the unit's arguments and hooks cannot be done, and a Terragrunt version that it does not want."""
    manner = evaluated.behaviour if evaluated is not None else Behaviour()
    yield from manner.check()
    if not unit.programs_allowed:
        for hook in manner.hooks:
            yield Diagnostic(
                summary="Hooks are not allowed",
                detail=f'{hook.kind} "{hook.name}" of unit "{unit.unit.name}" runs {hook.execute[0]}.',
                hint=ALLOW,
                range=hook.range,
            )
    setting = contents.attributes.get("terragrunt_version_constraint") if contents is not None else None
    if setting is not None and not satisfies(TERRAGRUNT_VERSION, settings.text({"": setting}, "")):
        yield Diagnostic(
            summary="Another version of Terragrunt is wanted",
            detail=f"The constraint is {setting.value}; platformctl follows the language of {TERRAGRUNT_VERSION}.",
            hint="Check docs/language.md for what has changed since.",
            range=setting.range,
            severity=Severity.WARNING,
        )


def _check_files(unit: EvaluatedUnit | None, module: LocalSource | None) -> Iterator[Diagnostic]:
    """Yield what the plan of the stack could not repeat; nothing for a module that could not be fetched."""
    if unit is not None and module is not None and module.folder.is_dir():
        try:
            composition = compose(unit, root=module.root, subdirectory=module.subdirectory)
        except PlatformctlError as error:
            yield Diagnostic(summary=error.summary, detail=error.detail, hint=error.hint)
        else:
            yield from root_only_findings(unit.name, composition.files)


def _check_inputs(
    unit: UnitConfiguration, inputs: Section, interface: ModuleInterface, everywhere: frozenset[Path]
) -> Iterator[Diagnostic]:
    for name, variable in interface.variables.items():
        if not variable.required:
            continue
        if name not in inputs:
            yield Diagnostic(
                summary="Input is missing",
                detail=f'Unit "{unit.unit.name}" has no input "{name}", which its module requires ({variable.type}).',
                hint=did_you_mean(name, inputs.keys() - interface.variables.keys()) or f"Add {name} to inputs.",
                range=unit.place(),
            )
        elif inputs[name].value is None and not variable.nullable:
            yield Diagnostic(
                summary="Input is null",
                detail=f'The input "{name}" of unit "{unit.unit.name}" is null, which its module does not allow.',
                hint=f"Give it a value ({variable.type}).",
                range=inputs[name].range,
            )
    for name, setting in inputs.items():
        if overrides(setting):
            yield Diagnostic(
                summary="Input comes from your environment",
                detail=f'TF_VAR_{name} is set, and wins over the input "{name}" of unit "{unit.unit.name}", as under Terragrunt.',
                hint=f"Unset it, or set {IGNORE_VARIABLES}=1 so that only the live tree gives values.",
                severity=Severity.WARNING,
            )
        # Inputs of a file that every unit includes are offered to all modules.
        if name not in interface.variables and not setting.files <= everywhere:
            yield Diagnostic(
                summary="Input is not used",
                detail=f'The module of unit "{unit.unit.name}" declares no variable "{name}".',
                hint=did_you_mean(name, interface.variables) or "Remove it, or declare the variable.",
                range=setting.range,
                severity=Severity.WARNING,
            )


def _check_state(
    units: Mapping[str, UnitConfiguration], evaluated: Mapping[str, EvaluatedUnit]
) -> Iterator[Diagnostic]:
    owners: dict[tuple[str, str], str] = {}
    for name, unit in evaluated.items():
        state = unit.remote_state
        if state is None or state.is_beside_unit:
            continue
        config = print_value({key: state.config[key] for key in sorted(state.config)})
        owner = owners.setdefault((state.backend, config), name)
        if owner != name:
            yield Diagnostic(
                summary="Units share one state",
                detail=f'Units "{owner}" and "{name}" have the same {state.backend} backend with the same settings,'
                " so each would destroy what the other made.",
                hint="Make the key of remote_state depend on the unit, for example with path_relative_to_include().",
                range=units[name].place(),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The units of one environment and the order between them.

    ``units``: by name, sorted. ``external``: those that lie outside the environment's folder, and are in ``units`` because
    others depend on them. ``folders``: of all units of the environment, also of those that were not read.
    """

    environment: str
    folder: Path
    units: Mapping[str, UnitConfiguration]
    graph: Graph
    external: frozenset[str] = frozenset()
    folders: frozenset[Path] = frozenset()

    def check(self, names: Collection[str] | None = None) -> list[Diagnostic]:
        """Return everything that can be found wrong before anything runs: errors and warnings, sorted.

        ``names``: look at these units only.
        """
        return check_units(self.units, self.units if names is None else names)


def load_stack(
    *,
    live: Path,
    environment: str,
    env: Mapping[str, str],
    names: Collection[str] | None = None,
    surroundings: Surroundings = NOTHING,
    tolerated: Collector | None = None,
) -> Stack:
    """Read the units of an environment and order them.

    ``names``: read only these units and what they depend on; None for all. Mistakes in other units do not matter then.
    Raises UsageError: no such environment or unit; ConfigurationError: every mistake of every unit that stands in the
    way of the graph. ``tolerated``: receives these mistakes instead; the units that have them are left out.
    """
    folder = environment_folder(live, environment)
    loader = _Loader(folder, Load(env, surroundings))
    if not loader.folders:
        raise UsageError(
            "Environment without units",
            detail=f"{folder} holds no folder with a {UNIT_FILE}.",
            hint=f"A unit is a folder with a {UNIT_FILE} below it.",
        )
    # The top of a tree is an environment, too; its folder's name says more than a dot.
    environment = folder.name if environment == "." else environment
    return loader.load(environment, sorted(loader.folders) if names is None else list(names), tolerated)


class _Loader:
    def __init__(self, folder: Path, load: Load) -> None:
        self.folder = folder
        self.folders = {unit_name(folder, found): found for found in unit_folders(folder)}
        self._internal = frozenset(self.folders)
        self._files = Files(load)
        self._units: dict[str, UnitConfiguration] = {}

    def load(self, environment: str, names: list[str], tolerated: Collector | None) -> Stack:
        for name in names:
            if name not in self.folders:
                raise UsageError(
                    "Unknown unit",
                    detail=f'The environment "{environment}" has no unit "{name}".',
                    hint=did_you_mean(name, self.folders) or f"The units are {', '.join(sorted(self.folders))}.",
                )
        collector = Collector() if tolerated is None else tolerated
        whole = set(names) == self._internal
        self._read_all(names, collector)
        if whole:
            self._drop_parents()
        _check_module_names(self._units, collector)
        graph = self._graph(collector)
        if tolerated is None:
            collector.raise_if_any()
        if graph is None:
            graph = Graph.of(replace(unit.unit, dependencies=()) for unit in self._units.values())
        return Stack(
            environment=environment,
            folder=self.folder,
            units={name: self._units[name] for name in sorted(self._units)},
            graph=graph,
            external=frozenset(self._units.keys() - self._internal),
            folders=frozenset(self.folders[name] for name in self._internal & self.folders.keys()),
        )

    def _read_all(self, names: list[str], collector: Collector) -> None:
        """Read units, and all that they depend on."""
        seen = set(names)
        queue = list(names)
        for name in queue:
            try:
                unit = self._read(name)
            except ConfigurationError as error:
                collector.absorb(error)
                continue
            self._units[name] = unit
            for folder in unit.targets:
                target = unit_name(self.folder, folder)
                if target not in self.folders and is_file(unit_file(folder)):
                    self.folders[target] = folder
                if target not in seen and target in self.folders:
                    seen.add(target)
                    queue.append(target)

    def _drop_parents(self) -> None:
        """Leave out files that others include and that have no module: parents that are named like units."""
        included = frozenset[Path]().union(*(unit.files() - {unit.file} for unit in self._units.values()))
        for name in [name for name, unit in self._units.items() if unit.file in included and not unit.has_module()]:
            del self._units[name], self.folders[name]

    def _read(self, name: str) -> UnitConfiguration:
        return UnitConfiguration(
            environment=self.folder, folder=self.folders[name], files=self._files, interfaces=self._interface
        )

    def _interface(self, name: str) -> ModuleInterface | None:
        """Return what the module of a unit declares; None where the unit's own check reports an error."""
        unit = self._units.get(name)
        try:
            return unit.interface() if unit is not None else None
        except ConfigurationError:
            return None

    def _graph(self, collector: Collector) -> Graph | None:
        # Edges to units that could not be read are left out: the unit has been reported already.
        unread = self.folders.keys() - self._units.keys()
        units = [
            replace(unit.unit, dependencies=tuple(edge for edge in unit.unit.dependencies if edge.target not in unread))
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
