"""``platformctl doctor``: what platformctl would use here, and why."""

import os

import typer
from rich.table import Table

from orchestrator.adapters.machine import examine_machine
from orchestrator.cli import console
from orchestrator.errors import ExitCode


def doctor() -> None:
    """Check this machine and say which Terraform, provider and cloud would be used, and why.

    Exit code 1 when something is missing.
    """
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    failed = False
    for name, found, is_problem in examine_machine(console.project(), os.environ):
        failed = failed or is_problem
        table.add_row("[red]!![/red]" if is_problem else "[green]ok[/green]", name, found)
    console.out.print(table)
    if failed:
        raise typer.Exit(ExitCode.FAILED)
