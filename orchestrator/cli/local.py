"""``platformctl local``: the embedded local cloud itself."""

import json
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.adapters.local_cloud import CloudStatus, LocalCloud
from orchestrator.cli import console
from orchestrator.cli.options import JsonOption
from orchestrator.errors import ExitCode

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

_POLL_SECONDS = 0.3


@app.callback()
def group() -> None:
    """Start, stop and look at the embedded local cloud."""


@app.command()
def start(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """Start the local cloud, empty, unless it runs already. up does this by itself."""
    _describe(_cloud().start(port))


@app.command()
def stop() -> None:
    """Stop the local cloud. Everything in it is gone, the states of its deployments included."""
    console.out.print(_cloud().stop().value)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say whether the local cloud runs, and where. Exit code 1 when it does not."""
    found = _cloud().status()
    if as_json:
        console.out.print(json.dumps(asdict(found), indent=2, default=str), soft_wrap=True, markup=False)
    else:
        _describe(found)
    if not found.running:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", metavar="", help="Go on printing as lines are added.")
    ] = False,
) -> None:
    """Print the local cloud's log: one line for each request that it answered."""
    file = _cloud().status().log
    if not file.is_file():
        console.err.print("There is no log yet: the local cloud has not been started in this project.")
        raise typer.Exit(ExitCode.FAILED)
    with file.open(encoding="utf-8", errors="replace") as stream:
        while True:
            for line in stream:
                console.out.out(line, end="", highlight=False)
            if not follow or console.is_closed():
                return
            time.sleep(_POLL_SECONDS)


@app.command()
def env() -> None:
    """Print the commands that turn a shell into a local session: eval "$(platformctl local env)"."""
    cloud = _cloud()
    if not cloud.status().running:
        console.err.print("The local cloud does not run. Start it: platformctl local start")
        raise typer.Exit(ExitCode.FAILED)
    for line in cloud.shell_commands():
        console.out.out(line, highlight=False)


def _cloud() -> LocalCloud:
    return LocalCloud(console.project().local_cloud)


def _describe(found: CloudStatus) -> None:
    if found.running:
        text = f"The local cloud runs on {found.endpoint} (process {found.pid}, account {found.account_id}, {found.region})."
    else:
        text = "The local cloud does not run."
    console.out.print(Text(text), soft_wrap=True)
