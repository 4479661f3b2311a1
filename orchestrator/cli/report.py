"""``platformctl report``: what a run did, after it has ended or was killed."""

import json
from typing import Annotated

import typer

from orchestrator.adapters.runs import RunFolder, find_runs
from orchestrator.cli import console
from orchestrator.cli.options import JsonOption, check_suffix
from orchestrator.cli.project import find_project
from orchestrator.display.report import render_report
from orchestrator.engine.junit import junit_of
from orchestrator.engine.report import Report
from orchestrator.errors import UsageError

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The run's id, or how it begins. Default: the last run.", show_default=False),
]
AnySuffixOption = Annotated[
    str | None,
    typer.Option("--suffix", "-s", metavar="NAME", help="Only runs on this deployment.", show_default=False),
]
JunitOption = Annotated[bool, typer.Option("--junit", metavar="", help="Print JUnit XML for CI systems.")]


def report(
    run: RunArgument = "", suffix: AnySuffixOption = None, as_json: JsonOption = False, as_junit: JunitOption = False
) -> None:
    """Show what a run did: status, changes, time and error of every unit.

    Made of the run's events, so that a run that was killed has a report, too; report.json and junit.xml in the run's folder
    are written only by runs that come to an end.
    """
    if as_json and as_junit:
        raise UsageError("Two formats at once", detail="--json and --junit exclude each other.")
    found, made = _find(run, suffix)
    if as_json:
        console.out.print(json.dumps(made.to_json(), indent=2), soft_wrap=True, markup=False)
    elif as_junit:
        console.out.print(junit_of(made), soft_wrap=True, markup=False, end="")
    else:
        terminal = console.out.is_terminal
        console.out.print(
            render_report(made, folder=str(found.folder), terminal=terminal), soft_wrap=not terminal, markup=False
        )


def _find(identity: str, suffix: str | None) -> tuple[RunFolder, Report]:
    """The run that is meant; the last of several only where none was named."""
    home = find_project().home
    runs = find_runs(home, identity=identity, suffix=check_suffix(suffix) if suffix is not None else "")
    meant = [run for run in runs if run.id == identity] or list(runs)
    if identity and len(meant) > 1:
        raise UsageError(
            "Several runs begin like that",
            detail=f'{len(meant)} runs begin with "{identity}": {meant[-2].id}, {meant[-1].id}, ...',
            hint="Give more of the id.",
        )
    # A run that was killed before its first event was whole has nothing to say.
    for run in reversed(meant):
        made = run.report()
        if made is not None:
            return run, made
    last = find_runs(home)
    raise UsageError(
        "No such run",
        detail=f"{home / 'runs'} holds no run {_described(identity, suffix)}".rstrip() + ".",
        hint=f"The last run here is {last[-1].id}." if last else "up and destroy leave one behind.",
    )


def _described(identity: str, suffix: str | None) -> str:
    named = f'that begins with "{identity}"' if identity else ""
    return " ".join([named, f'on "{suffix}"' if suffix else ""]).strip()
