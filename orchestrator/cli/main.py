"""The command line: every command, and the one place where errors become messages and exit codes."""

import os
import sys
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

from orchestrator import __version__
from orchestrator.cli import console
from orchestrator.display.diagnostics import print_error
from orchestrator.errors import ExitCode, PlannedChangesExit, PlatformctlError

_DEPLOYMENTS, _TREE, _MACHINE = "Deployments", "The live tree", "This machine"


class _Row(NamedTuple):
    """A command: its module is imported when it is called, so that --help costs no import of boto3 and the rest."""

    name: str
    module: str
    attribute: str
    panel: str
    help: str


_COMMANDS = (
    _Row("up", "up", "up", _DEPLOYMENTS, "Deploy the platform, or bring it up to date, in dependency order."),
    _Row("plan", "plan", "plan", _DEPLOYMENTS, "Show what up would change, unit by unit and resource by resource."),
    _Row(
        "drift",
        "drift",
        "drift",
        _DEPLOYMENTS,
        "Show what differs in the cloud from what was deployed, resource by resource.",
    ),
    _Row("outputs", "outputs", "outputs", _DEPLOYMENTS, "Print the outputs of every applied unit."),
    _Row(
        "smoke",
        "functions",
        "smoke",
        _DEPLOYMENTS,
        "Send a small day of market data through a deployed platform, and compare what its API answers.",
    ),
    _Row("invoke", "functions", "invoke", _DEPLOYMENTS, "Call a function of a deployment and print its answer."),
    _Row(
        "logs", "functions", "logs", _DEPLOYMENTS, "Print what the functions of a deployment have logged, oldest first."
    ),
    _Row(
        "destroy",
        "destroy",
        "destroy",
        _DEPLOYMENTS,
        "Destroy a deployment, dependents first, and ask every service whether anything is left.",
    ),
    _Row("recover", "recover", "recover", _DEPLOYMENTS, "Repair a deployment after a run was killed."),
    _Row(
        "list",
        "deployments",
        "list_environments",
        _DEPLOYMENTS,
        "List every deployment: age, resources, time to live, last run, and units that live/ no longer has.",
    ),
    _Row(
        "reap", "deployments", "reap", _DEPLOYMENTS, "Destroy every deployment whose time to live (up --ttl) is over."
    ),
    _Row(
        "report",
        "report",
        "report",
        _DEPLOYMENTS,
        "Show what a run did: status, changes, time and error of every unit.",
    ),
    _Row("graph", "inspect", "graph", _TREE, "Show the units of an environment and what depends on what."),
    _Row(
        "validate",
        "inspect",
        "validate",
        _TREE,
        "Check the live tree: syntax, references, outputs that exist, inputs that modules declare, cycles.",
    ),
    _Row(
        "render",
        "inspect",
        "render",
        _TREE,
        "Show a unit after all includes, locals and functions: its source, inputs, state and generated files.",
    ),
    _Row(
        "build",
        "build",
        "build",
        _TREE,
        "Build the packages of the Lambda functions; what has not changed is not built again.",
    ),
    _Row("ci", "ci", "ci", _TREE, "Describe the stack to CI systems."),
    _Row(
        "doctor",
        "doctor",
        "doctor",
        _MACHINE,
        "Check this machine and say which Terraform, provider and cloud would be used, and why.",
    ),
    _Row("local", "local", "local", _MACHINE, "Start, stop and look at the embedded local cloud."),
)


class _Commands(TyperGroup):
    """The commands by name: those that are only listed are made of their rows, the one that is called is imported."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for row in _COMMANDS:
            self.add_command(TyperCommand(row.name, callback=None, help=row.help, rich_help_panel=row.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called."""
        for row in _COMMANDS:
            if args and row.name == args[0]:
                self.commands[row.name] = _load(row)
        return super().resolve_command(ctx, args)


def _load(row: _Row) -> Any:
    found = getattr(import_module(f"orchestrator.cli.{row.module}"), row.attribute)
    if isinstance(found, typer.Typer):
        return get_group_from_info(
            TyperInfo(found, name=row.name),
            pretty_exceptions_short=False,
            suggest_commands=True,
            rich_markup_mode="markdown",
        )
    return get_command_from_info(
        CommandInfo(row.name, callback=found), pretty_exceptions_short=False, rich_markup_mode="markdown"
    )


app = typer.Typer(
    name="platformctl",
    cls=_Commands,
    help="Deploy the trading analytics platform: to the embedded local cloud, or to AWS.",
    epilog="Exit codes: 0 done, 1 something failed, 2 bad input and nothing was run, 3 drift found, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
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
        print_error(console.err, error, base=console.base())
        return _detailed(arguments, int(error.exit_code))
    finally:
        os.umask(before)
    return int(ExitCode.OK)


def _detailed(arguments: list[str], code: int) -> int:
    """With --detailed-exitcode 2 says that there are changes, so that bad input is an error like any other."""
    return int(ExitCode.FAILED) if code == ExitCode.BAD_INPUT and "--detailed-exitcode" in arguments else code
