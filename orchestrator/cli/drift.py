"""``platformctl drift``: what differs in the cloud from the states and the configuration."""

import typer

from orchestrator.cli import console
from orchestrator.cli.options import (
    EnvironmentOption,
    JsonOption,
    OnlyOption,
    SuffixOption,
    TargetOption,
    ports_for,
    suffix_of,
)
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands import drift as find_drift
from orchestrator.display.plan import render_drift
from orchestrator.engine.drift import to_document
from orchestrator.errors import ExitCode


def drift(
    suffix: SuffixOption = None,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs in the cloud from what was deployed, resource by resource.

    Every resource in the states is compared; nothing is changed. Exit code 0: no drift; 3: drift.
    """
    ports = ports_for()
    request = DeploymentRequest(
        suffix=suffix_of(suffix, ports), target=target, environment=environment, only=tuple(only or ())
    )
    found = find_drift(request, ports, Terminal())
    if as_json:
        console.result_json(to_document(found.drift, suffix=request.suffix, environment=found.environment))
    else:
        console.result(render_drift(found.drift, order=found.order))
    if found.drift:
        raise typer.Exit(ExitCode.DIFFERENT)
