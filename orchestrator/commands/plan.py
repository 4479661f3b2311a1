"""Plan: what ``up`` would change, for the whole stack at once."""

from dataclasses import dataclass

from orchestrator.commands.exclusion import units_of_run
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.planning import keep, make_plan, subject
from orchestrator.commands.ports import Ports, Settings
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.running import activity
from orchestrator.engine.operations import require_applied
from orchestrator.engine.plan import KeptPlan, StackPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan that can be kept.

    ``order``: the selected units in dependency order; ``settings``: what the platform registers with the deployment.
    """

    kept: KeptPlan
    order: tuple[str, ...]
    settings: Settings

    @property
    def plan(self) -> StackPlan:
        return self.kept.plan

    @property
    def has_changes(self) -> bool:
        """Tell whether applying the plan would change anything, outputs included."""
        return bool(self.plan or self.plan.outputs)


def plan(request: DeploymentRequest, ports: Ports, operator: Operator) -> PlanResult:
    """Plan the selected units together; starts the local cloud when it is the target.

    Raises UsageError: bad input, nothing was run; ConfigurationError: mistakes in the live tree; PlatformctlError:
    Terraform failed.
    """
    with activity("plan", ports, operator) as work:
        with work.step(f"opening {request.target.description}"):
            deployment = open_deployment(request, ports, operator, start=True)
            assert deployment is not None
        order = units_of_run(deployment.stack, deployment.selected(), request.only, "plan", operator)
        require_applied(deployment.outputs, order)
        deployment.require_room(ports, order)
        with work.step(f"planning {counted(order)}"), deployment.terraform.open() as terraform:
            chosen = subject(deployment, order)
            planned = make_plan(deployment, chosen, terraform)
        return PlanResult(kept=keep(deployment, chosen, planned), order=order, settings=deployment.settings)


def counted(units: tuple[str, ...]) -> str:
    return f"{len(units)} unit{'s' if len(units) != 1 else ''}"
