"""``platformctl up``: bring a deployment to what the live tree says."""

import typer

from orchestrator.adapters.runs import exclusive, register_held
from orchestrator.cli import console
from orchestrator.cli.account_settings import require_room
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import (
    AccountSettingsOption,
    EnvironmentOption,
    OnlyOption,
    ParallelismOption,
    SuffixOption,
    Target,
    TargetOption,
    YesOption,
)
from orchestrator.cli.result import print_deployment
from orchestrator.cli.session import finish, run_units, session
from orchestrator.engine.operations import require_applied, select
from orchestrator.errors import ExitCode, UsageError


def up(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    account_settings: AccountSettingsOption = None,
    parallelism: ParallelismOption = 8,
    yes: YesOption = False,
) -> None:
    """Deploy the platform, or bring it up to date, in dependency order.

    Starts the embedded local cloud when it is the target and does not run yet. Units that are as they should be are
    left alone, so a run that failed is resumed by running it again. With --target aws you are asked first.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only, account_settings=account_settings)
    with exclusive(asked.project.home, target=str(target), suffix=asked.suffix), session("up", asked) as opened:
        with opened.step(f"opening {target.description}") as said:
            deployment = open_deployment(asked, start=True)
            assert deployment is not None
            if deployment.session.endpoint:
                said.append(f"local cloud runs on {deployment.session.endpoint}")
        units = select(deployment.stack, asked.only)
        require_applied(deployment.outputs, units)
        with deployment.providers() as providers:
            if target is Target.AWS and not yes:
                with opened.display.paused():
                    _confirm(deployment.session.account_id, asked.suffix, deployment.stack.environment, units)
            with opened.step("preparing Terraform and the state bucket") as said:
                binary = deployment.toolchain.binary
                _ = deployment.toolchain.provider_executable
                with register_held(asked.project.home, target=str(target)):
                    require_room(deployment, units)
                    if not deployment.bucket.exists():
                        deployment.bucket.create()
                        said.append(f"state bucket {deployment.bucket.name} created;")
                    deployment.register()
                kind = "embedded Terraform" if binary.is_embedded else "Terraform"
                said.append(f"{kind} {binary.version}, provider {deployment.toolchain.provider.version}")
            outcomes = run_units(opened, deployment, providers, units=units, parallelism=parallelism, reverse=False)
        code = finish(opened, outcomes)
    if code is ExitCode.OK:
        print_deployment(deployment)
    raise typer.Exit(code)


def _confirm(account: str, suffix: str, environment: str, units: tuple[str, ...]) -> None:
    question = (
        f'Apply {len(units)} units of environment {environment} as "{suffix}" to AWS account {account}?\n'
        f"(platformctl plan --suffix {suffix} --env {environment} --target aws shows what that changes.)"
    )
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed", detail="This is AWS, and there is no terminal to ask on.", hint="Pass --yes."
        )
    if not console.ask(question, expected=suffix):
        raise UsageError("Not confirmed", detail="Nothing was run.")
