"""``platformctl outputs``: print the outputs of a deployment."""

from typing import Annotated

import typer

from orchestrator.cli import console, options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands import outputs as find_outputs
from orchestrator.commands.ports import Ports
from orchestrator.display.tables import render_outputs


def outputs(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    only: options.OnlyOption = None,
    filters: options.FilterOption = None,
    as_json: options.JsonOption = False,
    show_sensitive: Annotated[
        bool,
        typer.Option("--show-sensitive", metavar="", help="Print secret outputs, too. Mind who can see your screen."),
    ] = False,
) -> None:
    """Print the outputs of every applied unit.

    With --json: one object, unit name to output name to value. Secret outputs are left out unless you pass --show-sensitive.
    """
    ports = options.ports_for()
    request = DeploymentRequest(
        suffix=options.suffix_of(suffix, ports),
        target=target,
        environment=environment,
        **options.selection(ports, filters, only),
    )
    show_outputs(request, ports, as_json=as_json, show_sensitive=show_sensitive)


def show_outputs(request: DeploymentRequest, ports: Ports, *, as_json: bool, show_sensitive: bool) -> None:
    """Print the outputs of the selected units."""
    from orchestrator.platform.highlights import reachable  # noqa: PLC0415 - see ports_for

    found = find_outputs(request, ports, Terminal(), show_sensitive=show_sensitive)
    units = reachable(found.units, found.deployment.account.endpoint)
    if as_json:
        console.result_json({unit: dict(sorted(values.items())) for unit, values in sorted(units.items())})
    else:
        console.result(render_outputs(units))
