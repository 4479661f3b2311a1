"""``platformctl outputs``: print the outputs of a deployment."""

from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import EnvironmentOption, JsonOption, SuffixOption, TargetOption, ports_for, suffix_of
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands import outputs as find_outputs
from orchestrator.display.tables import render_outputs


def outputs(
    suffix: SuffixOption = None,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
    show_sensitive: Annotated[
        bool,
        typer.Option("--show-sensitive", metavar="", help="Print secret outputs, too. Mind who can see your screen."),
    ] = False,
) -> None:
    """Print the outputs of every applied unit.

    With --json: one object, unit name to output name to value. Secret outputs are left out unless you pass --show-sensitive.
    """
    from orchestrator.platform.highlights import reachable  # noqa: PLC0415 - see ports_for

    ports = ports_for()
    request = DeploymentRequest(suffix=suffix_of(suffix, ports), target=target, environment=environment)
    found = find_outputs(request, ports, Terminal(), show_sensitive=show_sensitive)
    units = reachable(found.units, found.deployment.account.endpoint)
    if as_json:
        console.result_json({unit: dict(sorted(values.items())) for unit, values in sorted(units.items())})
    else:
        console.result(render_outputs(units))
