"""``platformctl find``, ``dag graph``, and what ``list`` shows of units: the live tree in Terragrunt's words."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import RenderableType

from orchestrator.cli import console
from orchestrator.cli.options import AnySuffix, FilterOption, JsonOption, MaybeEnvironment, ports_for, selection
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import FindRequest, FoundUnit, Sorting
from orchestrator.commands import find as find_units
from orchestrator.commands.inspect import STAND_IN
from orchestrator.commands.ports import Ports
from orchestrator.display import units as display

DagOption = Annotated[bool, typer.Option("--dag", metavar="", help="What others depend on comes first.")]
DependenciesOption = Annotated[
    bool, typer.Option("--dependencies", metavar="", help="Also what each unit depends on directly.")
]
ExternalOption = Annotated[
    bool,
    typer.Option("--external", metavar="", help="Also units outside of the current folder that those in it depend on."),
]
OrderOption = Annotated[
    str | None,
    typer.Option(
        "--queue-construct-as", "--as", metavar="COMMAND", help="The order of this command.", show_default=False
    ),
]


class FindFormat(StrEnum):
    """How ``find`` prints."""

    TEXT = "text"
    JSON = "json"


class ListFormat(StrEnum):
    """How ``list`` prints units."""

    TEXT = "text"
    LONG = "long"
    TREE = "tree"
    DOT = "dot"
    JSON = "json"


def find(
    environment: MaybeEnvironment = None,
    filters: FilterOption = None,
    output: Annotated[FindFormat, typer.Option("--format", help="Text or JSON.")] = FindFormat.TEXT,
    as_json: JsonOption = False,
    dag: DagOption = False,
    order: OrderOption = None,
    dependencies: DependenciesOption = False,
    external: ExternalOption = False,
    include: Annotated[
        bool, typer.Option("--include", metavar="", help="Also which files each unit includes.")
    ] = False,
    reading: Annotated[
        bool, typer.Option("--reading", metavar="", help="Also which other files each unit reads.")
    ] = False,
    suffix: AnySuffix = STAND_IN,
) -> None:
    """Find units, a path in each line, or as JSON.

    In the current folder and below, as terragrunt find does; at the top of the project these are the units of all environments.
    """
    found = _found(
        ports_for(), environment, filters, suffix, sorting=sorting_of(dag, order), external=external, reading=reading
    )
    if as_json or output is FindFormat.JSON:
        sections = {"dependencies": dependencies, "include": include, "reading": reading}
        console.result_json(display.found_documents(found, [name for name, wanted in sections.items() if wanted]))
    elif found:
        console.result(display.render_paths(found))


def list_units(
    ports: Ports,
    environment: str | None,
    filters: list[str] | None,
    suffix: str,
    *,
    form: ListFormat,
    sorting: Sorting,
    dependencies: bool,
    external: bool,
) -> None:
    """Print units in one of Terragrunt's forms."""
    found = _found(ports, environment, filters, suffix, sorting=sorting, external=external)
    tree = display.render_folders if sorting is Sorting.PATH else display.render_dependents
    forms: dict[ListFormat, Callable[[], RenderableType]] = {
        ListFormat.TEXT: lambda: display.render_side_by_side(found, is_terminal=console.out.is_terminal),
        ListFormat.LONG: lambda: display.render_long(found, dependencies=dependencies),
        ListFormat.TREE: lambda: tree(found),
        ListFormat.DOT: lambda: display.render_found_dot(found),
    }
    if form is ListFormat.JSON:
        console.result_json(display.found_documents(found, ["dependencies"] if dependencies else []))
    elif form is ListFormat.TEXT and console.out.is_terminal:
        console.out.print(forms[form]())
    elif found or form is ListFormat.DOT:
        console.result(forms[form]())


def sorting_of(dag: bool, order: str | None) -> Sorting:
    """Return the order of a command: of ``destroy`` the reverse of all others."""
    if order is None:
        return Sorting.APPLY if dag else Sorting.PATH
    return Sorting.DESTROY if order == "destroy" else Sorting.APPLY


def _found(
    ports: Ports,
    environment: str | None,
    filters: list[str] | None,
    suffix: str,
    *,
    sorting: Sorting,
    external: bool,
    reading: bool = False,
) -> tuple[FoundUnit, ...]:
    current = ports.project.current
    request = FindRequest(
        suffix=suffix,
        environment=environment,
        sorting=sorting,
        with_external=external,
        reading=reading,
        **selection(ports, filters),
        within=current if current is not None and current.is_relative_to(ports.project.live) else None,
    )
    return find_units(request, ports, Terminal())
