"""``platformctl report``: what a run did, after it has ended or was killed."""

from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import JsonOption
from orchestrator.commands.requests import check_suffix
from orchestrator.display.report import render_report
from orchestrator.engine.junit import junit_of
from orchestrator.errors import UsageError

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The run's id, or how it begins. Default: the last run.", show_default=False),
]
AnySuffixOption = Annotated[
    str | None, typer.Option("--suffix", "-s", metavar="NAME", help="Only runs on this deployment.", show_default=False)
]
JunitOption = Annotated[bool, typer.Option("--junit", metavar="", help="Print JUnit XML for CI systems.")]


def report(
    run: RunArgument = "", suffix: AnySuffixOption = None, as_json: JsonOption = False, as_junit: JunitOption = False
) -> None:
    """Show what a run did: status, changes, time and error of every unit.

    The report is built from the run's events, so a run that was killed has one, too; report.json and junit.xml in the run's
    folder are written only when a run ends.
    """
    from orchestrator.adapters.runs import find_report  # noqa: PLC0415 - see ports_for

    if as_json and as_junit:
        raise UsageError("Two formats at once", detail="--json and --junit exclude each other.")
    found, made = find_report(console.project().home, identity=run, suffix=check_suffix(suffix) if suffix else "")
    if as_json:
        console.result_json(made.to_json())
    elif as_junit:
        console.out.print(junit_of(made), soft_wrap=True, markup=False, end="")
    else:
        console.result(render_report(made, folder=str(found.folder)))
