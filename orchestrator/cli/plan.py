"""``platformctl plan``: what ``up`` would change, for the whole stack at once."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import console, options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands import plan as make_plan
from orchestrator.commands.ports import Ports
from orchestrator.display.plan import render_plan
from orchestrator.engine.plan import to_document
from orchestrator.errors import CHANGES_PLANNED, PlannedChangesExit

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Keep the plan, for up --plan. The file holds no secrets.", show_default=False
    ),
]
DetailedExitcodeOption = Annotated[
    bool,
    typer.Option(
        "--detailed-exitcode",
        metavar="",
        help="Exit code as in Terraform: 0 no changes, 1 an error of any kind, 2 changes.",
    ),
]


def plan(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    only: options.OnlyOption = None,
    filters: options.FilterOption = None,
    account_settings: options.AccountSettingsOption = None,
    out: OutOption = None,
    as_json: options.JsonOption = False,
    detailed_exitcode: DetailedExitcodeOption = False,
) -> None:
    """Show what up would change, unit by unit and resource by resource.

    All units are planned together, so changes are followed into dependent units, and values that are known only after apply are
    shown as such. Nothing is mocked, and nothing has to exist yet.
    """
    ports = options.ports_for(account_settings)
    request = DeploymentRequest(
        suffix=options.suffix_of(suffix, ports),
        target=target,
        environment=environment,
        **options.selection(ports, filters, only),
    )
    plan_and_show(
        request,
        ports,
        out=out,
        as_json=as_json,
        detailed_exitcode=detailed_exitcode,
        account_settings=account_settings,
    )


def plan_and_show(
    request: DeploymentRequest,
    ports: Ports,
    *,
    out: Path | None,
    as_json: bool,
    detailed_exitcode: bool,
    account_settings: str | None = None,
) -> None:
    """Plan, print the plan, and keep it if there is a file for it."""
    from orchestrator.adapters.plans import write_plan  # noqa: PLC0415 - see ports_for
    from orchestrator.platform.rollback import reminders  # noqa: PLC0415

    made = make_plan(request, ports, Terminal())
    for line in reminders(made.settings, request.suffix):
        console.say(line)
    if out is not None:
        write_plan(out, made.kept)
    if as_json:
        console.result_json(to_document(made.kept))
    else:
        console.result(render_plan(made.plan, order=made.order, orphans=made.kept.orphans))
        if out is not None:
            given = [("--env", request.environment), *(("--only", unit) for unit in made.kept.only)]
            given += [("--account-settings", account_settings), ("--plan", str(out))]
            rest = shlex.join(word for name, value in given if value for word in (name, value))
            console.say(f"Kept in {out}. Apply it with: {request.command('up')} {rest}")
    if detailed_exitcode and made.has_changes:
        raise PlannedChangesExit(CHANGES_PLANNED)
