"""``platformctl up``: bring a deployment to what the live tree says."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.adapters.plans import read_kept_plan
from orchestrator.adapters.runs import exclusive, register_held
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.cli import console
from orchestrator.cli.account_settings import require_room
from orchestrator.cli.deployment import Deployment, open_deployment, request
from orchestrator.cli.options import (
    AccountSettingsOption,
    EnvironmentOption,
    OnlyOption,
    ParallelismOption,
    SuffixOption,
    Target,
    TargetOption,
    TtlOption,
    YesOption,
)
from orchestrator.cli.orphans import orphans
from orchestrator.cli.planning import make_plan, require_fresh, require_same_request, subject
from orchestrator.cli.recover import make_way
from orchestrator.cli.result import print_deployment
from orchestrator.cli.session import Session, finish, run_units, session
from orchestrator.display.plan import render_summary
from orchestrator.engine.execution import Outcome, Work
from orchestrator.engine.operations import UnitWork, require_applied, select
from orchestrator.engine.plan import Approval, StackPlan
from orchestrator.errors import ExitCode, UsageError

PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Apply this plan, kept by plan --out, and nothing else; it must not be stale.",
        show_default=False,
    ),
]


def up(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    account_settings: AccountSettingsOption = None,
    plan: PlanOption = None,
    ttl: TtlOption = None,
    parallelism: ParallelismOption = 8,
    yes: YesOption = False,
) -> None:
    """Deploy the platform, or bring it up to date, in dependency order.

    Everything is planned together first. What each unit then does must be in that plan; else the run stops there. Units
    that are as they should be are left alone, so a run that failed is resumed by running it again. Starts the embedded
    local cloud when it is the target and does not run yet. With --target aws you are asked first.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only, account_settings=account_settings)
    kept = read_kept_plan(plan) if plan is not None else None
    with exclusive(asked.project.home, target=str(target), suffix=asked.suffix), session("up", asked) as opened:
        with opened.step(f"opening {target.description}") as said:
            deployment = open_deployment(asked, start=True)
            assert deployment is not None
            if deployment.session.endpoint:
                said.append(f"local cloud runs on {deployment.session.endpoint}")
        make_way(deployment, say=opened.display.say)
        units = select(deployment.stack, asked.only)
        require_applied(deployment.outputs, units)
        chosen = subject(deployment, units)
        if kept is not None:
            require_same_request(deployment, kept, file=str(plan))
            require_fresh(kept, chosen.basis, file=str(plan))
        with deployment.providers() as providers:
            with opened.step("preparing Terraform") as said:
                binary = deployment.toolchain.binary
                _ = deployment.toolchain.provider_executable
                require_room(deployment, units)
                kind = "embedded Terraform" if binary.is_embedded else "Terraform"
                said.append(f"{kind} {binary.version}, provider {deployment.toolchain.provider.version}")
            if kept is not None:
                planned = kept.plan
            else:
                with opened.step(f"planning {len(units)} unit{'s' if len(units) != 1 else ''}"):
                    planned = make_plan(deployment, chosen, providers)
            _show(opened, deployment, planned, units)
            if target is Target.AWS and not yes:
                with opened.display.paused():
                    _confirm(deployment, units)
            with (
                opened.step("preparing the state bucket") as said,
                register_held(asked.project.home, target=str(target)),
            ):
                # Once more: somebody may have taken something while the question stood.
                require_room(deployment, units)
                if not deployment.bucket.exists():
                    deployment.bucket.create()
                    said.append(f"state bucket {deployment.bucket.name} created")
                deployment.register(units=units, lifetime=ttl)
                if deployment.has_expired():
                    said.append("its time to live is over, so platformctl reap will destroy it; --ttl gives it another")
            outcomes = _apply(opened, deployment, providers, planned, units=units, parallelism=parallelism)
        code = finish(opened, outcomes)
    if code is ExitCode.OK:
        print_deployment(deployment)
    raise typer.Exit(code)


def _show(opened: Session, deployment: Deployment, planned: StackPlan, units: tuple[str, ...]) -> None:
    """Show what is about to happen: which units change, and the totals."""
    opened.display.say(render_summary(planned, order=units, orphans=orphans(deployment)))


def _confirm(deployment: Deployment, units: tuple[str, ...]) -> None:
    suffix, environment = deployment.asked.suffix, deployment.stack.environment
    question = (
        f'Apply this to {len(units)} units of environment {environment}, as "{suffix}", in AWS account '
        f"{deployment.session.account_id}?\n"
        f"(platformctl plan --suffix {suffix} --env {environment} --target aws shows every resource.)"
    )
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed", detail="This is AWS, and there is no terminal to ask on.", hint="Pass --yes."
        )
    if not console.ask(question, expected=suffix):
        raise UsageError("Not confirmed", detail="Nothing was run.")


def _apply(
    opened: Session,
    deployment: Deployment,
    providers: SharedProviders | None,
    planned: StackPlan,
    *,
    units: tuple[str, ...],
    parallelism: int,
) -> dict[str, Outcome]:
    """Apply what was shown, unit by unit; those that nothing is to be done in are not even started."""
    idle = frozenset(name for name in units if not planned.touches(name) and deployment.outputs.state(name) is not None)
    runner = deployment.runner(providers)

    def work(logs: Path) -> Work:
        approval = Approval.of(planned)
        return UnitWork(outputs=deployment.outputs, terraform=runner, logs=logs, approval=approval, idle=idle).up

    needs = {name: deployment.stack.graph.dependencies[name] for name in units}
    return run_units(opened, deployment, runner, work=work, needs=needs, parallelism=parallelism)
