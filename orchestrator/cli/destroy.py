"""``platformctl destroy``: remove a deployment, and prove that nothing is left."""

from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DestroyRequest, Target
from orchestrator.commands import destroy as take_down
from orchestrator.commands.ports import Ports
from orchestrator.errors import ExitCode


def destroy(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    only: options.OnlyOption = None,
    filters: options.FilterOption = None,
    with_dependents: Annotated[
        bool, typer.Option("--with-dependents", metavar="", help="With --only: also the units that depend on these.")
    ] = False,
    parallelism: options.ParallelismOption = 8,
    fail_fast: options.FailFastOption = False,
    yes: options.YesOption = False,
) -> None:
    """Destroy a deployment, dependents first, and ask every service whether anything is left.

    Units that are no longer in the live tree, but still have a state, are destroyed with it; --only takes their names, too.
    You are asked to type the suffix unless you pass --yes. Destroying what does not exist is not an error. After the last
    deployment the local cloud ends by itself.
    """
    ports = options.ports_for()
    request = DestroyRequest(
        suffix=options.suffix_of(suffix, ports),
        target=target,
        environment=environment,
        **options.selection(ports, filters, only),
        with_dependents=with_dependents,
        parallelism=parallelism,
        fail_fast=fail_fast,
        confirmed=yes,
    )
    destroy_and_exit(request, ports)


def destroy_and_exit(request: DestroyRequest, ports: Ports) -> None:
    code = take_down(request, ports, Terminal()).code
    if code is not ExitCode.OK:
        raise typer.Exit(code)
