"""States: what the states of applied units hold; nothing is changed, and Terraform is not run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.engine.ports import State
from orchestrator.hcl import dump_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A resource instance in a state; a state does not say which attributes a provider holds to be secret."""

    address: str
    attributes: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatesResult:
    """The states of the selected units that were applied, in dependency order; their documents hold secrets."""

    units: Mapping[str, State] = field(repr=False)


def states(request: DeploymentRequest, ports: Ports, operator: Operator) -> StatesResult:
    """Read the states of the selected units.

    Raises UsageError: bad input, or there is no such deployment.
    """
    deployment = open_deployment(request, ports, operator, start=False)
    found = {name: deployment.outputs.state(name) for name in deployment.selected()} if deployment else {}
    units = {name: state for name, state in found.items() if state is not None}
    if not units:
        raise no_such_deployment(request)
    return StatesResult(units=units)


def instances(state: State) -> Iterator[Instance]:
    """Yield the resource instances of a state, managed ones and data sources, in its order."""
    for resource in state.document.get("resources", ()):
        prefix = f"{resource['module']}." if resource.get("module") else ""
        mode = "data." if resource.get("mode") == "data" else ""
        for item in resource.get("instances", ()):
            key = item.get("index_key")
            index = "" if key is None else f"[{dump_json(key)}]"
            yield Instance(
                address=f"{prefix}{mode}{resource['type']}.{resource['name']}{index}",
                attributes=dict(sorted((item.get("attributes") or {}).items())),
            )
