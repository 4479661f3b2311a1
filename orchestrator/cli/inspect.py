"""``graph``, ``validate`` and ``render``: look at the live tree, without a cloud and without Terraform."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from orchestrator.adapters.local_cloud import ACCOUNT_ID
from orchestrator.cli import console
from orchestrator.cli.deployment import load, request
from orchestrator.cli.options import (
    DEFAULT_ENVIRONMENT,
    JsonOption,
    Target,
    TargetOption,
    UnitArgument,
    check_suffix,
)
from orchestrator.cli.project import find_project
from orchestrator.config import LocalSource, Stack, environments
from orchestrator.diagnostics import Collector, ConfigurationError
from orchestrator.engine.operations import select
from orchestrator.hcl import print_value, to_json_value
from orchestrator.hcl.values import Value, has_sensitive, is_wholly_known, redacted

STAND_IN = "example"

AnySuffix = Annotated[
    str, typer.Option("--suffix", "-s", metavar="NAME", help="Suffix to evaluate the live tree with.")
]
AnyEnvironment = Annotated[str, typer.Option("--env", "-e", metavar="NAME", help="Environment: a folder of live/.")]
MaybeEnvironment = Annotated[
    str | None,
    typer.Option("--env", "-e", metavar="NAME", help="Only this environment. Default: all.", show_default=False),
]


class GraphFormat(StrEnum):
    """How ``graph`` prints."""

    TEXT = "text"
    DOT = "dot"
    JSON = "json"


def graph(
    environment: AnyEnvironment = DEFAULT_ENVIRONMENT,
    suffix: AnySuffix = STAND_IN,
    output: Annotated[
        GraphFormat, typer.Option("--format", help="Text to read, DOT for Graphviz, or JSON.")
    ] = GraphFormat.TEXT,
) -> None:
    """Show the units of an environment and what depends on what."""
    stack = _stack(environment, suffix, Target.LOCAL)
    edges = stack.graph.dependencies
    match output:
        case GraphFormat.JSON:
            units = [{"name": name, "dependencies": list(edges[name])} for name in stack.graph.order()]
            _print_json({"environment": environment, "units": units})
        case GraphFormat.DOT:
            lines = [f'  "{name}" -> "{target}";' for name in sorted(edges) for target in edges[name]]
            nodes = [f'  "{name}";' for name in sorted(edges)]
            console.out.print(Text("\n".join(["digraph {", *nodes, *lines, "}"])), soft_wrap=True)
        case GraphFormat.TEXT:
            console.out.print(_tree(stack), soft_wrap=True)


def _tree(stack: Stack) -> Tree:
    """Units under what they depend on; one with several dependencies stands under the last of them to be applied."""
    position = {name: number for number, name in enumerate(stack.graph.order())}
    tree = Tree(Text(stack.environment, style="bold"))
    branches: dict[str, Tree] = {}
    for name in stack.graph.order():
        needs = stack.graph.dependencies[name]
        parent = max(needs, key=position.__getitem__, default=None)
        also = [need for need in needs if need != parent]
        label = Text(name)
        if also:
            label.append(f"  also after {', '.join(also)}", style="dim")
        branches[name] = (branches[parent] if parent is not None else tree).add(label)
    return tree


def validate(environment: MaybeEnvironment = None, suffix: AnySuffix = STAND_IN) -> None:
    """Check the live tree: syntax, references, outputs that exist, inputs that modules declare, cycles.

    Nothing is started and nothing is asked of any cloud.
    """
    project = find_project()
    names = [environment] if environment else environments(project.live)
    collector = Collector()
    for name in names:
        try:
            stack = _stack(name, suffix, Target.LOCAL)
        except ConfigurationError as error:
            collector.absorb(error)
        else:
            console.out.print(f"{name}: {len(stack.units)} units, no mistakes found")
    collector.raise_if_any()


def render(
    unit: UnitArgument,
    environment: AnyEnvironment = DEFAULT_ENVIRONMENT,
    suffix: AnySuffix = STAND_IN,
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Show a unit after all includes, locals and functions: its source, inputs, state and generated files.

    What comes from other units is shown as the reference that it is; secrets are not shown.
    """
    stack = _stack(environment, suffix, target, only=unit)
    found = stack.units[unit].evaluate({})
    source = str(found.source.folder) if isinstance(found.source, LocalSource) else found.source.shown
    texts = {file.path: "(sensitive)" if file.sensitive else file.contents for file in found.generated}
    backend = found.remote_state
    if as_json:
        _print_json(
            {
                "unit": found.name,
                "source": source,
                "dependencies": list(stack.graph.dependencies[unit]),
                "inputs": {name: _plain(value) for name, value in sorted(found.inputs.items())},
                "remote_state": backend
                and {"backend": backend.backend, "config": {k: _plain(v) for k, v in sorted(backend.config.items())}},
                "generated": texts,
            }
        )
        return
    lines = [f"source = {print_value(source)}", ""]
    lines.extend(f"{name} = {print_value(redacted(value))}" for name, value in sorted(found.inputs.items()))
    console.out.print(Text("\n".join(lines)), soft_wrap=True)
    for path, text in texts.items():
        console.out.print(Text(f"\n# ---- {path}\n{text}".rstrip()), soft_wrap=True)


def _stack(environment: str, suffix: str, target: Target, *, only: str | None = None) -> Stack:
    asked = request(
        suffix=check_suffix(suffix), target=Target.LOCAL, environment=environment, only=[only] if only else None
    )
    stack = load(asked, environment=environment, account_id=ACCOUNT_ID, target=target)
    select(stack, asked.only)
    return stack


def _plain(value: Value) -> Any:
    shown = redacted(value)
    if has_sensitive(shown):
        return "(sensitive)"
    return to_json_value(shown) if is_wholly_known(shown) else {"unknown": print_value(shown)}


def _print_json(document: object) -> None:
    console.out.print(json.dumps(document, indent=2), soft_wrap=True, markup=False)
