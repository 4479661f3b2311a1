"""``platformctl doctor``: what platformctl would use here, and why."""

import os
from typing import Annotated

import typer
from rich.table import Table

from orchestrator.adapters.machine import examine_machine
from orchestrator.cli import console
from orchestrator.cli.options import AccountSettingsOption, EnvironmentOption, OnlyOption, ports_for
from orchestrator.cli.terminal import Terminal
from orchestrator.commands.requests import DEFAULT_ENVIRONMENT, DeploymentRequest, Target
from orchestrator.diagnostics import Severity
from orchestrator.display.diagnostics import print_diagnostics
from orchestrator.errors import ExitCode

_SUFFIX = "doctor"


def doctor(
    target: Annotated[
        Target | None,
        typer.Option(
            "--target",
            "-t",
            help="Examine this account, too: could it take the environment? Plans it; applies nothing.",
            case_sensitive=False,
            show_default=False,
        ),
    ] = None,
    environment: EnvironmentOption = None,
    suffix: Annotated[
        str,
        typer.Option("--suffix", "-s", metavar="NAME", help="The deployment to plan; with another name, a new one."),
    ] = _SUFFIX,
    only: OnlyOption = None,
    account_settings: AccountSettingsOption = None,
) -> None:
    """Check this machine and say which Terraform, provider and cloud would be used, and why.

    With --target, also examine the account: quotas, leftovers, other owners, database versions, who you are. up does this by
    itself before it applies anything. Exit code 1 when something is missing.
    """
    failed = _machine()
    if target is not None:
        request = DeploymentRequest(
            suffix=suffix, target=target, environment=environment or DEFAULT_ENVIRONMENT, only=tuple(only or ())
        )
        failed = _account(request, account_settings) or failed
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _account(request: DeploymentRequest, account_settings: str | None) -> bool:
    from orchestrator.commands.preflight import preflight  # noqa: PLC0415 - see ports_for

    findings = preflight(request, ports_for(account_settings), Terminal())
    print_diagnostics(console.out, findings)
    if not findings:
        console.result(f"The account can take {request.environment}.")
    return any(finding.severity is Severity.ERROR for finding in findings)


def _machine() -> bool:
    """Print what is on this machine; returns whether something is missing."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    failed = False
    for name, found, is_problem in examine_machine(console.project(), os.environ):
        failed = failed or is_problem
        table.add_row("[red]!![/red]" if is_problem else "[green]ok[/green]", name, found)
    console.out.print(table)
    return failed
