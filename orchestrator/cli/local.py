"""``platformctl local``: manage the embedded local cloud."""

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.adapters.local_cloud import AccountShape, CloudStatus, Ending, LocalCloud, user_folder
from orchestrator.cli import console
from orchestrator.cli.options import JsonOption
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.project import OVERRIDE

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

_POLL_SECONDS = 0.3


@app.callback()
def group() -> None:
    """Start, stop and inspect the embedded local cloud."""


StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="DIR",
        file_okay=False,
        help="Folder of the server. Default: the project's, or one of yours where there is no project.",
    ),
]


@app.command()
def start(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    account: Annotated[
        AccountShape,
        typer.Option(
            "--account",
            help="The account that it plays: established (quotas raised, empty), fresh (a new account's quotas, empty), used (default "
            "quotas, most of them used up, with leftovers), control-tower (governed by an organization).",
            case_sensitive=False,
        ),
    ] = AccountShape.ESTABLISHED,
    state: StateOption = None,
) -> None:
    """Start the local cloud unless it runs already. up does this by itself, with an established account."""
    cloud = _cloud(state)
    before = cloud.status()
    if before.running and before.account_shape is not account and account is not AccountShape.ESTABLISHED:
        raise UsageError(
            "The local cloud plays another account",
            detail=f"It runs with the account shape {before.account_shape}, and keeps it as long as it runs.",
            hint="Stop it first, which deletes everything in it: platformctl local stop",
        )
    found = cloud.start(port, account)
    _describe(found)
    if port and found.endpoint and not found.endpoint.endswith(f":{port}"):
        console.say("It was running already and keeps its port.")


@app.command()
def stop(state: StateOption = None) -> None:
    """Stop the local cloud. Everything in it is gone, the states of its deployments included."""
    console.out.print(_cloud(state).stop().value)


@app.command()
def status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Say whether the local cloud runs, and where. Exit code 1 when it does not."""
    found = _cloud(state).status()
    if as_json:
        console.result_json(asdict(found))
    else:
        _describe(found)
    if not found.running:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def logs(
    state: StateOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", metavar="", help="Go on printing as lines are added.")
    ] = False,
) -> None:
    """Print the local cloud's log: one line for each request that it answered."""
    file = _cloud(state).status().log
    if not file.is_file():
        console.say("There is no log yet: the local cloud has not been started.")
        raise typer.Exit(ExitCode.FAILED)
    with file.open(encoding="utf-8", errors="replace") as stream:
        while True:
            for line in stream:
                console.out.out(line, end="", highlight=False)
            if not follow or console.is_closed():
                return
            time.sleep(_POLL_SECONDS)


@app.command()
def env(state: StateOption = None) -> None:
    """Print the commands that turn a shell into a local session: eval "$(platformctl local env)"."""
    cloud = _cloud(state)
    if not cloud.status().running:
        console.say("The local cloud does not run. Start it: platformctl local start")
        raise typer.Exit(ExitCode.FAILED)
    for line in cloud.shell_commands():
        console.out.out(line, highlight=False)


def _cloud(state: Path | None) -> LocalCloud:
    if state is not None:
        return LocalCloud(state.absolute())
    try:
        return LocalCloud(console.project().local_cloud)
    except UsageError:
        if os.environ.get(OVERRIDE):
            raise
        return LocalCloud(user_folder(os.environ))


def _describe(found: CloudStatus) -> None:
    if found.running:
        text = f"The local cloud runs on {found.endpoint} (process {found.pid}, account {found.account_id}, {found.account_shape}, {found.region})."
    else:
        text = Ending.NOTHING.value
    console.result(text)
