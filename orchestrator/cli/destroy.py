"""``platformctl destroy``: take a deployment down, and leave nothing behind."""

import typer

from orchestrator.adapters.runs import exclusive, register_held
from orchestrator.cli import console
from orchestrator.cli.deployment import Deployment, open_deployment, request
from orchestrator.cli.options import (
    EnvironmentOption,
    OnlyOption,
    ParallelismOption,
    SuffixOption,
    Target,
    TargetOption,
    YesOption,
)
from orchestrator.cli.session import finish, run_units, session
from orchestrator.engine.operations import require_no_dependents, select
from orchestrator.errors import UsageError

LINGER_SECONDS = 600.0
"""How long an empty local cloud stays for whoever wants to look at it."""


def destroy(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    parallelism: ParallelismOption = 8,
    yes: YesOption = False,
) -> None:
    """Destroy a deployment, dependents first.

    You are asked to type the suffix unless you pass --yes. Destroying what does not exist is no error. After the last
    deployment the local cloud ends by itself.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only)
    with exclusive(asked.project.home, target=str(target), suffix=asked.suffix):
        deployment = open_deployment(asked, start=False)
        if deployment is None or not deployment.bucket.exists():
            console.err.print(f'Nothing to destroy: there is no "{suffix}" on {target.description}.')
            return
        units = select(deployment.stack, asked.only)
        require_no_dependents(deployment.outputs, units)
        if not yes:
            _confirm(deployment)
        with session("destroy", asked) as opened, deployment.providers() as providers:
            with opened.step("preparing Terraform"):
                _ = deployment.toolchain.provider_executable
            reverse = tuple(reversed(units))
            outcomes = run_units(opened, deployment, providers, units=reverse, parallelism=parallelism, reverse=True)
            if not opened.interrupt:
                with register_held(asked.project.home, target=str(target)):
                    _forget(deployment)
            code = finish(opened, outcomes)
    raise typer.Exit(code)


def _forget(deployment: Deployment) -> None:
    """Take an empty deployment off the register; empty the local cloud when it was the last one."""
    if not deployment.bucket.unregister(deployment.asked.suffix):
        return
    deployment.workspaces.remove()
    if deployment.cloud is not None and not deployment.bucket.keys():
        deployment.bucket.remove()
        deployment.cloud.retire(LINGER_SECONDS)


def _confirm(deployment: Deployment) -> None:
    suffix, target = deployment.asked.suffix, deployment.asked.target
    place = f"{target.description} (account {deployment.session.account_id})"
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed",
            detail=f'Destroying "{suffix}" on {place} has to be confirmed, and there is no terminal to ask on.',
            hint="Pass --yes.",
        )
    if not console.ask(f'This destroys "{suffix}" on {place}, with all its data.', expected=suffix):
        raise UsageError("Not confirmed", detail="Nothing was run.")
