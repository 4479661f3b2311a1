"""``graph``, ``validate`` and ``render``: read the live tree, without a cloud and without Terraform."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.cli import console
from orchestrator.cli.options import (
    AnyEnvironment,
    AnySuffix,
    FilterOption,
    JsonOption,
    MaybeEnvironment,
    TargetOption,
    ports_for,
    selection,
    unit_here,
)
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands.inspect import STAND_IN, generated_texts, read_tree, source_text, unit_document
from orchestrator.commands.inspect import validate as check
from orchestrator.commands.ports import Ports
from orchestrator.diagnostics import ConfigurationError, Diagnostic
from orchestrator.display.diagnostics import validation_document
from orchestrator.display.tables import graph_document, render_dot, render_tree
from orchestrator.errors import ExitCode
from orchestrator.hcl import print_value
from orchestrator.hcl.values import redacted

UnitArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="UNIT",
        help="A unit: its folder under the environment's. Default: that of the working directory.",
        show_default=False,
    ),
]


class GraphFormat(StrEnum):
    """How ``graph`` prints."""

    TEXT = "text"
    DOT = "dot"
    JSON = "json"


def graph(
    environment: AnyEnvironment = None,
    suffix: AnySuffix = STAND_IN,
    filters: FilterOption = None,
    output: Annotated[
        GraphFormat, typer.Option("--format", help="Text to read, DOT for Graphviz, or JSON.")
    ] = GraphFormat.TEXT,
) -> None:
    """Show the units of an environment and their dependencies."""
    ports = ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment, **selection(ports, filters))
    stack, chosen = read_tree(request, ports, Terminal())
    shown = stack.graph.restricted(chosen)
    match output:
        case GraphFormat.JSON:
            console.result_json(graph_document(stack.environment, shown))
        case GraphFormat.DOT:
            console.result(render_dot(shown))
        case GraphFormat.TEXT:
            console.result(render_tree(stack.environment, shown))


def validate(
    environment: MaybeEnvironment = None,
    suffix: AnySuffix = STAND_IN,
    filters: FilterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the live tree: syntax, references, outputs that exist, inputs that modules declare, cycles.

    Nothing is started, and no cloud is called.
    """
    ports = ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment, **selection(ports, filters))
    if as_json:
        _check_for_programs(request, ports)
    else:
        check_and_show(request, ports)


class _Collecting(Terminal):
    """Keeps warnings for the document instead of printing them."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[Diagnostic] = []

    def warn(self, findings: Sequence[Diagnostic]) -> None:
        self.warnings.extend(findings)


def _check_for_programs(request: DeploymentRequest, ports: Ports) -> None:
    operator = _Collecting()
    errors: tuple[Diagnostic, ...] = ()
    try:
        check(request, ports, operator)
    except ConfigurationError as error:
        errors = error.diagnostics
    console.result_json(validation_document([*errors, *operator.warnings], base=console.base()))
    if errors:
        raise typer.Exit(ExitCode.BAD_INPUT)


def check_and_show(request: DeploymentRequest, ports: Ports) -> None:
    """Check the selected units, and print how many there are."""
    found = check(request, ports, Terminal())
    if not found:
        console.result(f"No units found in {ports.project.live}: a unit is a folder with a terragrunt.hcl.")
    for name, count in found.items():
        console.result(f"{name}: {count} units, no mistakes found")


def render(
    unit: UnitArgument = None,
    environment: AnyEnvironment = None,
    suffix: AnySuffix = STAND_IN,
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
) -> None:
    """Show a unit after all includes, locals and functions: its source, inputs, state and generated files.

    Outputs of other units are shown as references; secrets are not shown.
    """
    ports = ports_for()
    unit = unit or unit_here(ports, "Change into the folder of a unit, or name one.")
    request = DeploymentRequest(suffix=suffix, target=target, environment=environment, only=(unit,))
    stack, _ = read_tree(request, ports, Terminal())
    if as_json:
        console.result_json(unit_document(stack, unit))
        return
    found = stack.units[unit].evaluate({})
    lines = [f"source = {print_value(source_text(found))}", ""]
    lines.extend(f"{name} = {print_value(redacted(value))}" for name, value in sorted(found.inputs.items()))
    console.result(Text("\n".join(lines)))
    for path, text in generated_texts(found).items():
        console.result(Text(f"\n# ---- {path}\n{text}".rstrip()))
