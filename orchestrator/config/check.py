"""Checks of the units of a stack before anything runs, while every output is unknown."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.config.composition import compose
from orchestrator.config.contents import Contents, Section
from orchestrator.config.evaluated import EvaluatedUnit
from orchestrator.config.interface import ModuleInterface
from orchestrator.config.root_only import root_only_findings
from orchestrator.config.source import LocalSource
from orchestrator.config.unit import UnitConfiguration
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Severity, did_you_mean
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import print_value


def check_units(units: Mapping[str, UnitConfiguration]) -> list[Diagnostic]:
    """Evaluate every unit with unknown outputs, and compare its inputs with its module.

    Returns:
        Errors and warnings, sorted and without repeats.

    """
    collector = Collector()
    everywhere = frozenset[Path].intersection(*(unit.files() for unit in units.values())) if units else frozenset()
    evaluated: dict[str, EvaluatedUnit] = {}
    for name, unit in units.items():
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
        for finding in _check_files(evaluated.get(name)):
            collector.add(finding)
        if contents is not None and interface is not None:
            for finding in _check_inputs(unit, contents.inputs or {}, interface, everywhere):
                collector.add(finding)
    for finding in _check_state(units, evaluated):
        collector.add(finding)
    return sorted(set(collector.found), key=lambda item: item.sort_key)


def _check_files(unit: EvaluatedUnit | None) -> Iterator[Diagnostic]:
    """Yield what the plan of the stack could not repeat; nothing for a module that has to be downloaded."""
    if unit is not None and isinstance(unit.source, LocalSource) and unit.source.folder.is_dir():
        try:
            composition = compose(unit, root=unit.source.root, subdirectory=unit.source.subdirectory)
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
        if state is None:
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
