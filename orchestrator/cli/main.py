"""The command line: every command, and the one place where errors become messages and exit codes."""

import ast
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

from orchestrator import __version__
from orchestrator.cli import console
from orchestrator.cli.everywhere import surrounded
from orchestrator.cli.terragrunt import translated
from orchestrator.display.console import NARROWEST, WIDEST, finish_output
from orchestrator.display.diagnostics import print_error
from orchestrator.errors import ExitCode, PlannedChangesExit, PlatformctlError

_PANELS = {
    "Deployments": (
        "up plan run drift outputs ingestion:ingest backfill functions:smoke functions:invoke functions:logs rollback destroy "
        "recover deployments:list deployments:reap report"
    ),
    "The live tree": "inspect:graph inspect:validate inspect:render find dag hcl stack migration:migrate-check build ci",
    "This machine": "doctor local",
}
"""The commands of each panel of --help: MODULE:COMMAND, or one name for both."""


class _Commands(TyperGroup):
    """The commands by name. A module is imported when its command is called, so --help does not import boto3 and the rest."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._modules: dict[str, str] = {}
        for panel, row in _PANELS.items():
            for item in row.split():
                module, name = item.split(":")[0], item.split(":")[-1]
                self._modules[name] = module
                listed = TyperCommand(name, callback=None, help=_first_paragraph(module, name), rich_help_panel=panel)
                self.add_command(listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called."""
        if args and args[0] in self._modules:
            self.commands[args[0]] = _load(self._modules[args[0]], args[0])
        return super().resolve_command(ctx, args)


def _function(name: str) -> str:
    """The name of a command's function; ``list`` is Python's own."""
    return "list_environments" if name == "list" else name.replace("-", "_")


def _first_paragraph(module: str, name: str) -> str:
    """Read the first paragraph of a command's docstring without importing its module."""
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_bytes())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    node = functions.get(_function(name)) or functions["group"]
    return (ast.get_docstring(node) or "").split("\n\n")[0]


def _load(module: str, name: str) -> Any:
    found = import_module(f"orchestrator.cli.{module}")
    if hasattr(found, "group"):
        return get_group_from_info(
            TyperInfo(found.app, name=name),
            pretty_exceptions_short=False,
            suggest_commands=True,
            rich_markup_mode="markdown",
        )
    command = CommandInfo(name, callback=getattr(found, _function(name)))
    return get_command_from_info(command, pretty_exceptions_short=False, rich_markup_mode="markdown")


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
    _working_dir: Annotated[
        str | None,
        typer.Option(
            "--working-dir",
            metavar="DIR",
            help="Work as if started in this folder. This option and the next two may stand behind the command, too.",
            show_default=False,
        ),
    ] = None,
    _allow_commands: Annotated[
        bool,
        typer.Option(
            "--allow-commands",
            metavar="",
            help="Run the programs that the live tree names: hooks, run_cmd, sops_decrypt_file; and let it ask AWS who calls.",
        ),
    ] = False,
    _feature: Annotated[
        list[str] | None,
        typer.Option(
            "--feature",
            metavar="NAME=VALUE",
            help="Value of a feature of the live tree; repeat it for more.",
            show_default=False,
        ),
    ] = None,
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
    """Run one command line; returns the exit code."""
    # What platformctl, Terraform and the local cloud write may hold secrets: it is the user's alone.
    before = os.umask(0o077)
    columns = os.environ.pop("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and int(columns[:6]):
        # Typer believes any number, and would print help into no columns, or into more than memory holds.
        os.environ["COLUMNS"] = str(min(max(int(columns[:6]), NARROWEST), WIDEST))
    try:
        code = _run(arguments)
    finally:
        os.umask(before)
    return finish_output((console.out, console.err), code)


def _run(arguments: list[str]) -> int:
    try:
        with surrounded(translated(arguments, os.environ, console.say)) as rest:
            app(rest, prog_name="platformctl")
    except PlannedChangesExit as done:
        return done.code
    except SystemExit as done:
        # Typer ends like this whatever happened; a code that is no number is a message, and means failure.
        code = done.code if isinstance(done.code, int) else int(ExitCode.OK if done.code is None else ExitCode.FAILED)
        return _detailed(arguments, code)
    except PlatformctlError as error:
        if error.exit_code is ExitCode.OK:
            console.say(f"{error.summary}. {error.detail}")
            return int(ExitCode.OK)
        # Looked at here as well as by the parser: an error while parsing must be able to show its traceback, too.
        if "--debug" in arguments:
            console.err.print_exception()
        print_error(console.err, error, base=console.base())
        return _detailed(arguments, int(error.exit_code))
    return int(ExitCode.OK)


def _detailed(arguments: list[str], code: int) -> int:
    """With --detailed-exitcode 2 says that there are changes, so that bad input is an error like any other."""
    return int(ExitCode.FAILED) if code == ExitCode.BAD_INPUT and "--detailed-exitcode" in arguments else code
