"""``platformctl drift``: what differs in the cloud from the states and the configuration."""

import json

import typer

from orchestrator.cli import console
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import (
    EnvironmentOption,
    JsonOption,
    OnlyOption,
    SuffixOption,
    Target,
    TargetOption,
)
from orchestrator.cli.planning import make_plan, subject
from orchestrator.cli.session import session
from orchestrator.display.drift import render_drift
from orchestrator.engine.drift import drift_of, to_document
from orchestrator.engine.operations import require_applied, select
from orchestrator.errors import ExitCode, UsageError


def drift(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what differs in the cloud from what was deployed, resource by resource.

    Every resource in the states is looked at; nothing is changed. Exit code 0: nothing differs; 3: something does.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only)
    with session("drift", asked) as opened:
        with opened.step(f"opening {target.description}"):
            deployment = open_deployment(asked, start=False)
        order = select(deployment.stack, asked.only) if deployment is not None else ()
        if deployment is None or not any(deployment.outputs.state(name) for name in order):
            raise UsageError(
                "No such deployment",
                detail=f'There is no "{suffix}" on {target.description}, so nothing can have drifted.',
                hint=f"Deploy it: platformctl up --suffix {suffix}",
            )
        require_applied(deployment.outputs, order)
        with (
            opened.step(f"looking at the resources of {len(order)} unit{'s' if len(order) != 1 else ''}"),
            deployment.providers() as providers,
        ):
            planned = make_plan(deployment, subject(deployment, order), providers)
    found = drift_of(planned)
    if as_json:
        document = to_document(found, suffix=asked.suffix, environment=deployment.stack.environment)
        console.out.print(json.dumps(document, indent=2), soft_wrap=True, markup=False)
    else:
        console.out.print(render_drift(found, order=order), soft_wrap=True)
    if found:
        raise typer.Exit(ExitCode.DIFFERENT)
