"""``platformctl outputs``: what a deployment puts out."""

import json
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.cli import console
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import EnvironmentOption, JsonOption, SuffixOption, Target, TargetOption
from orchestrator.cli.result import read_outputs
from orchestrator.errors import UsageError


def outputs(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
    show_sensitive: Annotated[
        bool, typer.Option("--show-sensitive", metavar="", help="Print secret outputs, too. Mind who reads along.")
    ] = False,
) -> None:
    """Print the outputs of every applied unit.

    With --json: one object, unit name to output name to value. Secret outputs are left out unless you ask for them.
    """
    asked = request(suffix=suffix, target=target, environment=environment)
    deployment = open_deployment(asked, start=False)
    found = read_outputs(deployment, reveal=show_sensitive) if deployment is not None else {}
    if not found:
        raise UsageError(
            "No such deployment",
            detail=f'There is no "{suffix}" on {target.description}.',
            hint=f"Deploy it: platformctl up --suffix {suffix}",
        )
    if as_json:
        console.out.print(json.dumps(found, indent=2, sort_keys=True), soft_wrap=True, markup=False)
        return
    for unit, values in found.items():
        console.out.print(Text(unit, style="bold"))
        for name, value in values.items():
            shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            console.out.print(Text(f"  {name} = {shown}"), soft_wrap=True)
