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

    Raises UsageError if a unit that is not planned has outputs that were never applied; PlatformctlError: Terraform
    failed, nothing was changed.
    """
    _require_applied_outputs(deployment, chosen.order, terraform)
    states = {name: state.document for name in chosen.order if (state := deployment.outputs.state(name))}
    return terraform.planner.plan(chosen.units, states)


def _require_applied_outputs(deployment: Deployment, order: Sequence[str], terraform: TerraformSession) -> None:
    """Check that an output that is missing in the state of a unit outside the plan is null, and not new.

    Terraform keeps no output that is null, so only a plan of that unit tells the two apart.
    """
    outputs, units = deployment.outputs, deployment.stack.units
    readers: dict[str, str] = {}
    for name in order:
        for target, read in units[name].outputs_read().items():
            state = outputs.state(target) if target in units and target not in order else None
            interface = units[target].interface() if state is not None else None
            if state is not None and interface is not None:
                missing = (
                    interface.outputs if read is None else read & interface.outputs.keys()
                ) - state.outputs.keys()
                for output in sorted(missing):
                    readers.setdefault(target, f'Unit "{name}" reads output "{output}" of "{target}"')
    if not readers:
        return
    found = terraform.planner.plan(
        [outputs.evaluate(target) for target in sorted(readers)],
        {target: state.document for target in readers if (state := outputs.state(target))},
    )
    for target in sorted(found.outputs & readers.keys()):
        raise UsageError(
            "An output has not been applied",
            detail=f"{readers[target]}, whose module declares it and whose state does not have it yet.",
            hint=f"Apply it first: add --only {target}, or leave --only out to apply everything in order.",
        )


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
