"""Stacks: generate what the stack files of an environment declare, work on those units, and remove the files again."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.commands.opening import environment_of, generate_tree, surroundings_of, tree_variables
from orchestrator.commands.operators import Operator
from orchestrator.commands.outputs import outputs as read_deployment
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.config import (
    STACK_FILE,
    Cleaning,
    GeneratedStack,
    Generation,
    clean_stacks,
    environment_folder,
)
from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import UsageError


def stack_generate(request: DeploymentRequest, ports: Ports) -> Generation:
    """Generate the units and nested stacks of an environment; other commands do so before they read it.

    Raises UsageError: no such environment; ConfigurationError: every mistake in the stack files, and every file in the way;
    PlatformctlError: a source could not be downloaded.
    """
    environment = environment_of(request, ports)
    surroundings = surroundings_of(request, ports, None, environment)
    return generate_tree(environment, tree_variables(request, ports), ports, surroundings)


def stack_clean(request: DeploymentRequest, ports: Ports) -> Cleaning:
    """Remove what was generated in an environment, and nothing else; raises UsageError: no such environment."""
    return clean_stacks(_folder(request, ports))


def stack_units(request: DeploymentRequest, ports: Ports) -> tuple[str, ...]:
    """Return the names of the units that stacks declare, which are generated for it.

    Raises UsageError: the environment has no stack; and as ``stack_generate``.
    """
    folder = _folder(request, ports)
    units = sorted(_name(unit, folder) for stack in stack_generate(request, ports).stacks for unit in stack.units())
    if not units:
        raise UsageError(
            "No stack",
            detail=f"{folder} holds no {STACK_FILE} that declares a unit.",
            hint="Write one, or work on all units of the environment: platformctl up.",
        )
    return tuple(units)


def stack_outputs(
    request: DeploymentRequest, ports: Ports, operator: Operator, *, show_sensitive: bool = False
) -> dict[str, Any]:
    """Read the outputs of the units of stacks, by the names of stacks and units.

    What a stack file in a folder below the environment's declares is found under that folder's path. A unit that is not
    applied is left out. ``show_sensitive``: include sensitive outputs. Raises UsageError as ``outputs`` does.
    """
    every = read_deployment(request, ports, operator, show_sensitive=show_sensitive).units
    folder = _folder(request, ports)
    found: dict[str, Any] = {}
    for stack in stack_generate(request, ports).stacks:
        inner = _nested(stack, folder, every)
        if stack.file.parent == folder:
            found |= inner
        elif inner:
            found[_name(stack.file.parent, folder)] = inner
    return found


def pick(outputs: Mapping[str, Any], address: str) -> Any:
    """Return what an address such as "network.vpc.vpc_id" names; raises UsageError if there is no such thing."""
    value: Any = outputs
    for name in address.split("."):
        known: Iterable[str] = value if isinstance(value, Mapping) else ()
        if name not in known:
            raise UsageError(
                "No such output",
                detail=f'"{address}": there is no "{name}".',
                hint=did_you_mean(name, known)
                or (
                    f"There are {', '.join(sorted(known))}."
                    if known
                    else "Leave out what stands behind the last point."
                ),
            )
        value = value[name]
    return value


def _nested(stack: GeneratedStack, folder: Path, outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for component in stack.components:
        if component.stack is not None:
            found[component.name] = _nested(component.stack, folder, outputs)
        elif (values := outputs.get(_name(component.folder, folder))) is not None:
            found[component.name] = dict(values)
    return found


def _folder(request: DeploymentRequest, ports: Ports) -> Path:
    return environment_folder(ports.project.live, environment_of(request, ports))


def _name(unit: Path, folder: Path) -> str:
    return unit.relative_to(folder).as_posix()
