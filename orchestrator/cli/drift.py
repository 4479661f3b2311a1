"""``platformctl drift``: what differs in the cloud from the states and the configuration."""

import typer

from orchestrator.cli import console, options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands import drift as find_drift
from orchestrator.display.plan import render_drift
from orchestrator.engine.drift import to_document
from orchestrator.errors import ExitCode


def drift(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    only: options.OnlyOption = None,
    filters: options.FilterOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show what differs in the cloud from what was deployed, resource by resource.

    Every resource in the states is compared; nothing is changed. Exit code 0: no drift; 3: drift.
    """
    ports = options.ports_for()
    request = DeploymentRequest(
        suffix=options.suffix_of(suffix, ports),
        target=target,
        environment=environment,
        **options.selection(ports, filters, only),
    )
    found = find_drift(request, ports, Terminal())
    if as_json:
        console.result_json(to_document(found.drift, suffix=request.suffix, environment=found.environment))
    else:
        console.result(render_drift(found.drift, order=found.order))
    if found.drift:
        raise typer.Exit(ExitCode.DIFFERENT)
