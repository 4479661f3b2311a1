"""Planning a whole stack, and comparing a kept plan with the present; shared by ``plan``, ``up`` and ``drift``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.ports import TerraformSession
from orchestrator.config import EvaluatedUnit
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

    Raises:
        PlatformctlError: Terraform failed; nothing was changed.

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
    """Check that a kept plan is for this very deployment.

    Raises:
        UsageError: it is for another one.

    """
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

    Raises:
        UsageError: something has, so applying the plan would not do what was shown.

    """
    differences = kept.basis.differences(now)
    if differences:
        raise UsageError(
            "The plan is stale",
            detail=f"Since {file} was made at {kept.created}, {'; '.join(differences)}.",
            hint="Make another one with platformctl plan --out, and review it.",
        )
