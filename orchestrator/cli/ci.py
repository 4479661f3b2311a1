"""``platformctl ci``: the stack in the terms of a CI system."""

import json
from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any

import typer

from orchestrator.adapters.local_cloud import ACCOUNT_ID
from orchestrator.cli import console
from orchestrator.cli.deployment import load, request
from orchestrator.cli.inspect import STAND_IN, AnyEnvironment
from orchestrator.cli.options import DEFAULT_ENVIRONMENT, OnlyOption, Target
from orchestrator.engine.operations import select
from orchestrator.model.graph import Graph

ci = typer.Typer(
    help="What CI systems need to know of the stack.", no_args_is_help=True, pretty_exceptions_enable=False
)


class MatrixFormat(StrEnum):
    """How ``matrix`` prints."""

    JSON = "json"
    GITHUB_OUTPUT = "github-output"


@ci.callback()
def _group() -> None:
    """Keep ``matrix`` a command of its own: a group with a single command would become that command."""


@ci.command()
def matrix(
    environment: AnyEnvironment = DEFAULT_ENVIRONMENT,
    only: OnlyOption = None,
    output: Annotated[
        MatrixFormat, typer.Option("--format", help="JSON, or lines to append to $GITHUB_OUTPUT.")
    ] = MatrixFormat.JSON,
) -> None:
    """Print the units of an environment as a job matrix for GitHub Actions, in dependency order.

    A matrix has no order inside, so each unit has a stage: 1 for those that need no other, and one more than the highest of
    those that it needs for the rest. The units of a stage may run at once.
    """
    asked = request(suffix=STAND_IN, target=Target.LOCAL, environment=environment, only=only)
    stack = load(asked, environment=environment, account_id=ACCOUNT_ID)
    jobs = staged(stack.graph, select(stack, asked.only))
    if output is MatrixFormat.JSON:
        _print(json.dumps({"include": jobs}, indent=2))
        return
    last = max(job["stage"] for job in jobs)
    _print(f"matrix={_line(jobs)}\nstages={last}")
    for stage in range(1, last + 1):
        _print(f"stage_{stage}={_line([job for job in jobs if job['stage'] == stage])}")


def staged(graph: Graph, selected: Collection[str]) -> list[dict[str, Any]]:
    """A job for each of the units, in an order in which they may be worked on, with its stage and what it needs.

    A unit that is not selected still keeps those before and behind it in order.
    """
    jobs: dict[str, dict[str, Any]] = {}
    for name in graph.order():
        if name in selected:
            needs = _needs(graph, name, selected)
            stage = 1 + max((int(jobs[need]["stage"]) for need in needs), default=0)
            jobs[name] = {"stage": stage, "unit": name, "needs": needs}
    return sorted(jobs.values(), key=lambda job: (job["stage"], job["unit"]))


def _needs(graph: Graph, name: str, selected: Collection[str]) -> list[str]:
    """The nearest selected units before the named one."""
    found: set[str] = set()
    queue = list(graph.dependencies[name])
    seen = set(queue)
    while queue:
        target = queue.pop()
        if target in selected:
            found.add(target)
            continue
        fresh = set(graph.dependencies[target]) - seen
        seen |= fresh
        queue.extend(fresh)
    return sorted(found)


def _line(jobs: list[dict[str, Any]]) -> str:
    return json.dumps({"include": jobs}, separators=(",", ":"))


def _print(text: str) -> None:
    console.out.print(text, soft_wrap=True, markup=False)
