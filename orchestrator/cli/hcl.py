"""``platformctl hcl``: format and check the configuration."""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.cli import console
from orchestrator.cli.options import AnySuffix, FilterOption, JsonOption, MaybeEnvironment, ports_for, selection
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, format_folder
from orchestrator.commands.inspect import STAND_IN, examine
from orchestrator.commands.opening import require_correct
from orchestrator.diagnostics import ConfigurationError, Severity
from orchestrator.display.diagnostics import diagnostic_document
from orchestrator.errors import ExitCode
from orchestrator.hcl import format_text

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def group() -> None:
    """Format and check the configuration of the live tree."""


@app.command()
def fmt(
    check: Annotated[
        bool, typer.Option("--check", metavar="", help="Write nothing; exit code 1 if anything differs.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", metavar="", help="Show what changes.")] = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", metavar="", help="Format standard input to standard output.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Only this file.", show_default=False)
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude-dir", metavar="DIR", help="Not this folder; repeat it for more.", show_default=False),
    ] = None,
) -> None:
    """Format all .hcl files in the working directory and below, as terraform fmt does; print those that change.

    Only space changes. Files that are not valid are left as they are, and their mistakes shown.
    """
    if stdin:
        text = sys.stdin.buffer.read().decode()
        console.out.print(Text(format_text(text, Path("standard input"))), end="", soft_wrap=True)
        return
    folder = console.working_folder()
    done = format_folder(folder if file is None else folder / file, write=not check, without=exclude or ())
    for item in done.changed:
        name = item.path.relative_to(folder) if item.path.is_relative_to(folder) else item.path
        console.result(Text(str(name)))
        if diff:
            lines = difflib.unified_diff(
                item.before.splitlines(), item.after.splitlines(), f"old/{name}", f"new/{name}", lineterm=""
            )
            console.result(Text("\n".join(lines)))
    if done.mistakes:
        raise ConfigurationError(done.mistakes)
    if check and done.changed:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def validate(
    environment: MaybeEnvironment = None,
    filters: FilterOption = None,
    as_json: JsonOption = False,
    show_config_path: Annotated[
        bool, typer.Option("--show-config-path", metavar="", help="Print only the paths of files with mistakes.")
    ] = False,
    inputs: Annotated[
        bool, typer.Option("--inputs", metavar="", help="Check inputs against the modules; always done.")
    ] = False,
    suffix: AnySuffix = STAND_IN,
) -> None:
    """Check the live tree as platformctl validate does, with the findings as JSON, or the paths of files with mistakes.

    Exit code 2 if there is a mistake; warnings do not count.
    """
    del inputs
    ports = ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment, **selection(ports, filters))
    found = examine(request, ports, Terminal())
    mistakes = [item for item in found.findings if item.severity is Severity.ERROR]
    if not (as_json or show_config_path):
        require_correct(found.findings, Terminal())
        console.result(f"{sum(found.units.values())} units, no mistakes found")
        return
    if as_json:
        console.result_json([diagnostic_document(item) for item in found.findings])
    else:
        paths = sorted({str(item.range.source.path) for item in mistakes if item.range is not None})
        console.result(Text("\n".join(paths)))
    if mistakes:
        raise typer.Exit(ExitCode.BAD_INPUT)
