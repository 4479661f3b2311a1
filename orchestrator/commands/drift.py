"""Drift: what differs in the cloud from the states and the configuration."""

from dataclasses import dataclass

from orchestrator.commands.exclusion import units_of_run
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.plan import counted
from orchestrator.commands.planning import make_plan, subject
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.running import activity
from orchestrator.engine.drift import Drift, drift_of
from orchestrator.engine.operations import require_applied
from orchestrator.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftResult:
    """What differs. ``order``: the units that were compared, in dependency order."""

    drift: Drift
    environment: str
    order: tuple[str, ...]


def drift(request: DeploymentRequest, ports: Ports, operator: Operator) -> DriftResult:
    """Compare every resource in the states with the cloud; nothing is changed.

    Raises UsageError: bad input, or there is no such deployment; PlatformctlError if Terraform failed.
    """
    with activity("drift", ports, operator) as work:
        with work.step(f"opening {request.target.description}"):
            deployment = open_deployment(request, ports, operator, start=False)
        order = (
            units_of_run(deployment.stack, deployment.selected(), request.only, "plan", operator) if deployment else ()
        )
        if deployment is None or not any(deployment.outputs.state(name) for name in order):
            raise no_such_deployment(request, "so nothing can have drifted")
        require_applied(deployment.outputs, order)
        with work.step(f"looking at the resources of {counted(order)}"), deployment.terraform.open() as terraform:
            planned = make_plan(deployment, subject(deployment, order), terraform)
    return DriftResult(drift=drift_of(planned), environment=deployment.stack.environment, order=order)


def no_such_deployment(request: DeploymentRequest, consequence: str = "") -> UsageError:
    """Explain that nothing is deployed under the suffix."""
    what = f'There is no "{request.suffix}" on {request.target.description}'
    return UsageError(
        "No such deployment",
        detail=f"{what}, {consequence}." if consequence else f"{what}.",
        hint=f"Deploy it: platformctl up --suffix {request.suffix}",
    )
