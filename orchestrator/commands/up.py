"""Up: apply the live tree to a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.exclusion import units_of_run
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator, PlanSummary, Question
from orchestrator.commands.plan import counted
from orchestrator.commands.planning import make_plan, require_fresh, require_same_request, subject
from orchestrator.commands.ports import Ports
from orchestrator.commands.preflight import require_ready
from orchestrator.commands.recover import make_way
from orchestrator.commands.requests import Target, UpRequest
from orchestrator.commands.running import Activity, activity
from orchestrator.engine.execution import Outcome, Work
from orchestrator.engine.operations import UnitWork, require_applied
from orchestrator.engine.plan import Approval, StackPlan
from orchestrator.errors import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run on units ended.

    ``code``: OK, FAILED or INTERRUPTED. ``outcomes``: by unit. ``report_file``: of the run; None if nothing was run.
    ``deployment``: None if there was none.
    """

    code: ExitCode
    outcomes: Mapping[str, Outcome]
    report_file: Path | None = None
    deployment: Deployment | None = None


def up(request: UpRequest, ports: Ports, operator: Operator) -> RunResult:
    """Plan the selected units together, then apply that plan unit by unit, in dependency order.

    Each unit may only do what is in the plan, or the run stops there. On AWS the operator is asked first. Raises
    UsageError: bad input, or the operator refused, nothing was applied; UnreadyAccountError: the account cannot take
    the plan, nothing was applied; ConfigurationError: mistakes in the live tree; PlatformctlError if something failed
    before units were applied.
    """
    target = request.target
    with ports.journal.exclusive(target=str(target), suffix=request.suffix), activity("up", ports, operator) as work:
        with work.step(f"opening {target.description}") as results:
            deployment = open_deployment(request, ports, operator, start=True)
            assert deployment is not None
            if deployment.account.endpoint:
                results.append(f"local cloud runs on {deployment.account.endpoint}")
        make_way(deployment, operator)
        units = units_of_run(deployment.stack, deployment.selected(), request.only, "apply", operator)
        require_applied(deployment.outputs, units)
        chosen = subject(deployment, units)
        if request.plan is not None:
            require_same_request(deployment, request.plan, file=request.plan_file)
            require_fresh(request.plan, chosen.basis, file=request.plan_file)
        with work.step("preparing Terraform") as results:
            results.append(deployment.terraform.prepare())
            deployment.require_room(ports, units)
        with deployment.terraform.open() as terraform:
            if request.plan is not None:
                planned = request.plan.plan
            else:
                with work.step(f"planning {counted(units)}"):
                    planned = make_plan(deployment, chosen, terraform)
            with work.step("examining the account"):
                findings = deployment.account.examine(planned)
            operator.show(PlanSummary(plan=planned, order=units, orphans=tuple(deployment.orphan_keys())))
            require_ready(findings, operator)
            if target is Target.AWS and not request.confirmed:
                operator.approve(_question(deployment, units))
            _register(deployment, request, ports, work, units)
            runner = terraform.runner
            approval, idle = Approval.of(planned), _idle(deployment, planned, units)

            def work_on(logs: Path) -> Work:
                return UnitWork(
                    outputs=deployment.outputs, terraform=runner, logs=logs, approval=approval, idle=idle
                ).up

            outcomes = work.work_on_units(
                deployment,
                terraform,
                work=work_on,
                needs={name: deployment.stack.graph.dependencies[name] for name in units},
                parallelism=request.parallelism,
                fail_fast=request.fail_fast,
            )
        code = work.finish(outcomes)
    report = work.run.report_file if work.run else None
    return RunResult(code=code, outcomes=outcomes, report_file=report, deployment=deployment)


def _idle(deployment: Deployment, planned: StackPlan, units: tuple[str, ...]) -> frozenset[str]:
    """Return the units that need no change; they are not started."""
    return frozenset(name for name in units if not planned.touches(name) and deployment.outputs.state(name) is not None)


def _register(deployment: Deployment, request: UpRequest, ports: Ports, work: Activity, units: tuple[str, ...]) -> None:
    with work.step("preparing the state bucket") as results, ports.journal.register_held(target=str(request.target)):
        # Check again: somebody may have deployed something while the question was open.
        deployment.require_room(ports, units)
        if not deployment.bucket.exists():
            deployment.bucket.create()
            results.append(f"state bucket {deployment.bucket.name} created")
        now = datetime.now(UTC)
        deployment.register(units=units, lifetime=request.lifetime, now=now)
        if deployment.has_expired(now):
            results.append("its time to live is over, so platformctl reap will destroy it; --ttl gives it another")


def _question(deployment: Deployment, units: tuple[str, ...]) -> Question:
    suffix, environment = deployment.suffix, deployment.stack.environment
    return Question(
        text=f'Apply this to {len(units)} units of environment {environment}, as "{suffix}", in AWS account '
        f"{deployment.account.account_id}?\n"
        f"(platformctl plan --suffix {suffix} --env {environment} --target aws shows every resource.)",
        word=suffix,
        detail="The target is AWS, and there is no terminal to ask on.",
    )
