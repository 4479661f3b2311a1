"""Planning a whole stack, and comparing a kept plan with the present; shared by ``plan``, ``up`` and ``drift``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.commands.opening import Deployment, open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports, TerraformSession
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.running import activity
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.operations import require_applied, select
from orchestrator.engine.plan import Basis, KeptPlan, StackPlan, state_version
from orchestrator.errors import UsageError

ACCOUNT_SETTINGS = "account_settings"
"""The one setting that a kept plan depends on: another value creates other resources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is planned: the selected units as far as they are known now, and the basis of that knowledge."""

    order: tuple[str, ...]
    units: tuple[EvaluatedUnit, ...]
    basis: Basis


def subject(deployment: Deployment, order: Sequence[str]) -> Subject:
    """Evaluate the selected units; outputs of other units are read from their states."""
    outputs = deployment.outputs
    outside = {
        target: dict(values)
        for name in order
        for target, values in outputs.of_dependencies(name).items()
        if target not in order
    }
    units = tuple(deployment.stack.units[name].evaluate(outside) for name in order)
    states = {name: outputs.state(name) for name in order}
    return Subject(
        order=tuple(order),
        units=units,
        basis=Basis(
            configuration={unit.name: deployment.terraform.fingerprint(unit) for unit in units},
            states={name: state_version(state.document if state else None) for name, state in states.items()},
        ),
    )


def make_plan(deployment: Deployment, chosen: Subject, terraform: TerraformSession) -> StackPlan:
    """Plan the units together, against their current states and the cloud.

    Raises PlatformctlError if Terraform failed; nothing was changed.
    """
    states = {name: state.document for name in chosen.order if (state := deployment.outputs.state(name))}
    return terraform.planner.plan(chosen.units, states)


def keep(deployment: Deployment, chosen: Subject, plan: StackPlan) -> KeptPlan:
    """Add to a plan everything that is needed to apply it later."""
    return KeptPlan(
        suffix=deployment.suffix,
        environment=deployment.stack.environment,
        target=str(deployment.request.target),
        account=deployment.account.account_id,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        only=deployment.request.only,
        account_settings=deployment.settings.get(ACCOUNT_SETTINGS, ()),
        plan=plan,
        basis=chosen.basis,
        orphans=tuple(deployment.orphan_keys()),
    )


def require_same_request(deployment: Deployment, kept: KeptPlan, *, file: str) -> None:
    """Check that a kept plan is for this very deployment; raises UsageError if it is for another one."""
    request = deployment.request
    wanted = {
        "suffix": (kept.suffix, request.suffix),
        "environment": (kept.environment, deployment.stack.environment),
        "target": (kept.target, str(request.target)),
        "account": (kept.account, deployment.account.account_id),
        "--only": (" ".join(sorted(kept.only)) or "all", " ".join(sorted(request.only)) or "all"),
        "--account-settings": (
            ",".join(kept.account_settings) or "none",
            ",".join(deployment.settings.get(ACCOUNT_SETTINGS, ())) or "none",
        ),
    }
    differing = [f"{name} {planned}, not {now}" for name, (planned, now) in wanted.items() if planned != now]
    if differing:
        raise UsageError(
            "The plan is for something else",
            detail=f"{file} was made for {'; '.join(differing)}.",
            hint="Give the options that it was made with, or make another plan.",
        )


def require_fresh(kept: KeptPlan, now: Basis, *, file: str) -> None:
    """Check that nothing has changed since a plan was made.

    Raises UsageError if something has, so applying the plan would not do what was shown.
    """
    differences = kept.basis.differences(now)
    if differences:
        raise UsageError(
            "The plan is stale",
            detail=f"Since {file} was made at {kept.created}, {'; '.join(differences)}.",
            hint="Make another one with platformctl plan --out, and review it.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan that can be kept. ``order``: the selected units in dependency order."""

    kept: KeptPlan
    order: tuple[str, ...]

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
        order = select(deployment.stack, request.only)
        require_applied(deployment.outputs, order)
        deployment.require_room(ports, order)
        with work.step(f"planning {counted(order)}"), deployment.terraform.open() as terraform:
            chosen = subject(deployment, order)
            planned = make_plan(deployment, chosen, terraform)
        return PlanResult(kept=keep(deployment, chosen, planned), order=order)


def counted(units: tuple[str, ...]) -> str:
    return f"{len(units)} unit{'s' if len(units) != 1 else ''}"
