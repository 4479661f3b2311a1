"""``platformctl plan``: what ``up`` would change, for the whole stack at once."""

import json
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.adapters.plans import write_plan
from orchestrator.cli import console
from orchestrator.cli.account_settings import require_room
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import (
    AccountSettingsOption,
    DetailedExitcodeOption,
    EnvironmentOption,
    JsonOption,
    OnlyOption,
    SuffixOption,
    Target,
    TargetOption,
)
from orchestrator.cli.planning import keep, make_plan, subject
from orchestrator.cli.session import session
from orchestrator.display.plan import render_plan
from orchestrator.engine.operations import require_applied, select
from orchestrator.engine.plan import to_document
from orchestrator.errors import CHANGES_PLANNED, PlannedChangesExit


def plan(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    account_settings: AccountSettingsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Keep the plan, for up --plan. The file holds no secrets.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
    detailed_exitcode: DetailedExitcodeOption = False,
) -> None:
    """Show what up would change, unit by unit and resource by resource.

    All units are planned together, so a change is followed into the units behind it, and values that are known only
    after apply are shown as such; nothing is mocked, and nothing has to exist yet.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only, account_settings=account_settings)
    with session("plan", asked) as opened:
        with opened.step(f"opening {target.description}"):
            deployment = open_deployment(asked, start=True)
            assert deployment is not None
        order = select(deployment.stack, asked.only)
        require_applied(deployment.outputs, order)
        require_room(deployment, order)
        with (
            opened.step(f"planning {len(order)} unit{'s' if len(order) != 1 else ''}"),
            deployment.providers() as providers,
        ):
            chosen = subject(deployment, order)
            planned = make_plan(deployment, chosen, providers)
        kept = keep(deployment, chosen, planned)
        if out is not None:
            write_plan(out, kept)
    if as_json:
        console.out.print(json.dumps(to_document(kept), indent=2), soft_wrap=True, markup=False)
    else:
        console.out.print(render_plan(planned, order=order, orphans=kept.orphans), soft_wrap=True)
        if out is not None:
            console.err.print(f"Kept in {out}. Apply it with: up --plan {out}", markup=False, soft_wrap=True)
    if detailed_exitcode and (planned or planned.outputs):
        raise PlannedChangesExit(CHANGES_PLANNED)
