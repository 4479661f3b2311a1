"""``platformctl ci``: the stack in the terms of a CI system."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from orchestrator.cli import console
from orchestrator.cli.options import AnyEnvironment, FilterOption, OnlyOption, ports_for, selection
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest
from orchestrator.commands.inspect import STAND_IN, read_tree
from orchestrator.commands.matrix import staged

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


class MatrixFormat(StrEnum):
    """How ``matrix`` prints."""

    JSON = "json"
    GITHUB_OUTPUT = "github-output"


@app.callback()
def group() -> None:
    """Describe the stack to CI systems."""


@app.command()
def matrix(
    environment: AnyEnvironment = None,
    only: OnlyOption = None,
    filters: FilterOption = None,
    output: Annotated[
        MatrixFormat, typer.Option("--format", help="JSON, or lines to append to $GITHUB_OUTPUT.")
    ] = MatrixFormat.JSON,
) -> None:
    """Print the units of an environment as a job matrix for GitHub Actions, in dependency order.

    A matrix has no order inside, so each unit has a stage: 1 for those that need no other, and one more than the highest of
    those that it needs for the rest. The units of a stage may run at once.
    """
    ports = ports_for()
    request = DeploymentRequest(suffix=STAND_IN, environment=environment, **selection(ports, filters, only))
    stack, chosen = read_tree(request, ports, Terminal())
    jobs = staged(stack.graph, chosen)
    if output is MatrixFormat.JSON:
        console.result_json({"include": jobs})
        return
    last = max(job["stage"] for job in jobs)
    console.result(f"matrix={_line(jobs)}\nstages={last}")
    for stage in range(1, last + 1):
        console.result(f"stage_{stage}={_line([job for job in jobs if job['stage'] == stage])}")


def _line(jobs: list[dict[str, Any]]) -> str:
    return json.dumps({"include": jobs}, separators=(",", ":"))
