"""Inspect: read the live tree, without a cloud and without Terraform."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.commands.opening import environment_of, load, read_stack, require_correct
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.selection import Chooser, narrowed
from orchestrator.config import EvaluatedUnit, LocalSource, Stack, environments
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic
from orchestrator.engine.operations import select
from orchestrator.hcl import print_value, to_json_value
from orchestrator.hcl.values import Value, has_sensitive, is_wholly_known, redacted

STAND_IN = "example"
"""The suffix with which a live tree is read if none is given."""


def read_tree(request: DeploymentRequest, ports: Ports, operator: Operator) -> tuple[Stack, tuple[str, ...]]:
    """Read and check an environment; returns it with the selected units, in dependency order.

    Raises UsageError: no such environment, or no such selected unit; ConfigurationError: every mistake found;
    NothingSelectedError: no unit fits the filters.
    """
    stack = load(request, ports, operator, environment=environment_of(request, ports))
    return stack, select(stack, narrowed(request, stack, ports, operator).only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found in the live tree. ``units``: how many of each environment were looked at; ``findings``: sorted."""

    units: Mapping[str, int]
    findings: tuple[Diagnostic, ...]


def examine(request: DeploymentRequest, ports: Ports, operator: Operator) -> Examination:
    """Check the selected units of one environment, or of all; returns every mistake and every warning.

    Raises UsageError: no such environment; ConfigurationError: mistakes in a filter, or in the way of it.
    """
    collector = Collector()
    stacks: list[Stack] = []
    only = request.environment or (None if ports.project.has_suffixes else ports.project.working)
    for name in [only] if only else environments(ports.project.live):
        try:
            stacks.append(read_stack(request, ports, environment=name))
        except ConfigurationError as error:
            collector.absorb(error)
    if request.filters:
        # A unit that a filter names may be in an environment that could not be read.
        collector.raise_if_any()
    chosen = Chooser(ports, operator).units(request, stacks)
    for stack in stacks:
        collector.found.extend(stack.check(chosen[stack.environment]))
    return Examination(
        units={name: len(units) for name, units in chosen.items()},
        findings=tuple(sorted(set(collector.found), key=lambda item: item.sort_key)),
    )


def validate(request: DeploymentRequest, ports: Ports, operator: Operator) -> Mapping[str, int]:
    """Check the selected units of one environment, or of all; returns the number of units of each environment.

    Raises UsageError: no such environment; ConfigurationError: every mistake found, in all of them.
    """
    found = examine(request, ports, operator)
    require_correct(found.findings, operator)
    return found.units


def unit_document(stack: Stack, name: str) -> dict[str, Any]:
    """Describe a unit after all includes, locals and functions, as plain JSON values; secrets are not shown."""
    unit = stack.units[name].evaluate({})
    backend = unit.remote_state
    return {
        "unit": unit.name,
        "source": source_text(unit),
        "dependencies": list(stack.graph.dependencies[name]),
        "inputs": {key: _plain(value) for key, value in sorted(unit.inputs.items())},
        "remote_state": backend
        and {"backend": backend.backend, "config": {k: _plain(v) for k, v in sorted(backend.config.items())}},
        "generated": generated_texts(unit),
    }


def source_text(unit: EvaluatedUnit) -> str:
    """Spell a unit's source without credentials."""
    return str(unit.source.folder) if isinstance(unit.source, LocalSource) else unit.source.shown


def generated_texts(unit: EvaluatedUnit) -> Mapping[str, str]:
    """Return the generated files by path; secrets are not shown."""
    return {file.path: "(sensitive)" if file.sensitive else file.contents for file in unit.generated}


def _plain(value: Value) -> Any:
    shown = redacted(value)
    if has_sensitive(shown):
        return "(sensitive)"
    return to_json_value(shown) if is_wholly_known(shown) else {"unknown": print_value(shown)}
