"""Outputs: the outputs of a deployment's applied units."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.engine.operations import is_applied
from orchestrator.hcl import to_json_value
from orchestrator.hcl.values import has_sensitive, unmark


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsResult:
    """The outputs by unit, then by name, as plain JSON values."""

    units: Mapping[str, Mapping[str, Any]] = field(repr=False)
    deployment: Deployment


def outputs(
    request: DeploymentRequest, ports: Ports, operator: Operator, *, show_sensitive: bool = False
) -> OutputsResult:
    """Read the outputs of every applied unit.

    ``show_sensitive``: include sensitive outputs, which are left out otherwise. Raises UsageError: bad input, or there
    is no such deployment.
    """
    deployment = open_deployment(request, ports, operator, start=False)
    units = read_outputs(deployment, deployment.selected(), show_sensitive=show_sensitive) if deployment else {}
    if deployment is None or not units:
        raise no_such_deployment(request)
    return OutputsResult(units=units, deployment=deployment)


def read_outputs(
    deployment: Deployment, units: Iterable[str], *, show_sensitive: bool = False
) -> dict[str, dict[str, Any]]:
    """Read the outputs of those units that are applied."""
    found: dict[str, dict[str, Any]] = {}
    for name in units:
        state = deployment.outputs.state(name)
        if state is not None and is_applied(state):
            found[name] = {
                output: to_json_value(unmark(value))
                for output, value in sorted(state.outputs.items())
                if show_sensitive or not has_sensitive(value)
            }
    return found
