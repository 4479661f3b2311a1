"""The command line: every command, and the one place where errors become messages and exit codes."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import __version__
from orchestrator.cli import console
from orchestrator.cli.build import build
from orchestrator.cli.ci import ci
from orchestrator.cli.destroy import destroy
from orchestrator.cli.doctor import doctor
from orchestrator.cli.drift import drift
from orchestrator.cli.environments import list_environments, reap
from orchestrator.cli.functions import invoke, logs
from orchestrator.cli.inspect import graph, render, validate
from orchestrator.cli.local import local
from orchestrator.cli.outputs import outputs
from orchestrator.cli.plan import plan
from orchestrator.cli.project import find_project
from orchestrator.cli.recover import recover
from orchestrator.cli.report import report
from orchestrator.cli.smoke import smoke
from orchestrator.cli.up import up
from orchestrator.display.diagnostics import print_error
from orchestrator.errors import ExitCode, PlannedChangesExit, PlatformctlError, UsageError

app = typer.Typer(
    name="platformctl",
    help="Deploy the trading analytics platform: to the embedded local cloud, or to AWS.",
    epilog="Exit codes: 0 done, 1 something failed, 2 bad input and nothing was run, 3 drift found, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_DEPLOYMENTS, _TREE, _MACHINE = "Deployments", "The live tree", "This machine"
app.command(rich_help_panel=_DEPLOYMENTS)(up)
app.command(rich_help_panel=_DEPLOYMENTS)(plan)
app.command(rich_help_panel=_DEPLOYMENTS)(drift)
app.command(rich_help_panel=_DEPLOYMENTS)(outputs)
app.command(rich_help_panel=_DEPLOYMENTS)(smoke)
app.command(rich_help_panel=_DEPLOYMENTS)(invoke)
app.command(rich_help_panel=_DEPLOYMENTS)(logs)
app.command(rich_help_panel=_DEPLOYMENTS)(destroy)
app.command(rich_help_panel=_DEPLOYMENTS)(recover)
app.command(name="list", rich_help_panel=_DEPLOYMENTS)(list_environments)
app.command(rich_help_panel=_DEPLOYMENTS)(reap)
app.command(rich_help_panel=_DEPLOYMENTS)(report)
app.command(rich_help_panel=_TREE)(graph)
app.command(rich_help_panel=_TREE)(validate)
app.command(rich_help_panel=_TREE)(render)
app.command(rich_help_panel=_TREE)(build)
app.add_typer(ci, name="ci", rich_help_panel=_TREE)
app.add_typer(local, name="local", rich_help_panel=_MACHINE)
app.command(rich_help_panel=_MACHINE)(doctor)


def _show_version(asked: bool) -> None:
    if asked:
        console.out.print(f"platformctl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show a traceback when a command fails.")] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", help="Print the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line.

    Args:
        arguments: without the program's name.

    Returns:
        the exit code.

    """
    # Looked at here as well as by the parser: an error while parsing must be able to show its traceback, too.
    debug = "--debug" in arguments
    # What platformctl, Terraform and the local cloud write may hold secrets: it is the user's alone.
    before = os.umask(0o077)
    try:
        app(arguments, prog_name="platformctl")
    except PlannedChangesExit as done:
        return done.code
    except SystemExit as done:
        # Typer ends like this whatever happened; a code that is no number is a message, and means failure.
        code = done.code if isinstance(done.code, int) else int(ExitCode.OK if done.code is None else ExitCode.FAILED)
        return _detailed(arguments, code)
    except PlatformctlError as error:
        if debug:
            console.err.print_exception()
        print_error(console.err, error, base=_base())
        return _detailed(arguments, int(error.exit_code))
    finally:
        os.umask(before)
    return int(ExitCode.OK)


def _detailed(arguments: list[str], code: int) -> int:
    """With --detailed-exitcode 2 says that there are changes, so that bad input is an error like any other."""
    return int(ExitCode.FAILED) if code == ExitCode.BAD_INPUT and "--detailed-exitcode" in arguments else code


def _base() -> Path | None:
    try:
        return find_project().folder
    except UsageError:
        return None
