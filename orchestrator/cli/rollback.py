"""``platformctl rollback``: let an earlier version of a function serve."""

from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.functions import FunctionArgument
from orchestrator.cli.options import DeploymentOption, EnvironmentOption, TargetOption, YesOption, ports_for
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target


def rollback(
    function: FunctionArgument,
    suffix: DeploymentOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="VERSION",
            help="A published version, or latest, which ends a rollback. Default: the one before the version that serves.",
            show_default=False,
        ),
    ] = None,
    yes: YesOption = False,
) -> None:
    """Let an earlier version of a function serve, code and configuration together, within seconds.

    Later runs of up leave it there and say so, until rollback FUNCTION --to latest.
    """
    from orchestrator.platform.rollback import rollback as roll_back  # noqa: PLC0415 - see ports_for

    request = DeploymentRequest(suffix=suffix, target=target, environment=environment)
    done = roll_back(request, ports_for(), Terminal(), function, to=to, confirmed=yes)
    console.result(f"{function}: version {done.now} serves, after {done.before}.")
    if done.pinned:
        console.say(f"up leaves it there until {request.command(f'rollback {function} --to latest')}")
