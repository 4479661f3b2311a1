"""``platformctl dag``: the graph of the live tree."""

import typer

from orchestrator.cli.find import ListFormat, list_units
from orchestrator.cli.options import AnySuffix, FilterOption, MaybeEnvironment, ports_for
from orchestrator.commands import Sorting
from orchestrator.commands.inspect import STAND_IN

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def group() -> None:
    """Draw the graph of the live tree."""


@app.command()
def graph(environment: MaybeEnvironment = None, filters: FilterOption = None, suffix: AnySuffix = STAND_IN) -> None:
    """Print the units and what they depend on in DOT, for Graphviz.

    The same as `list --format dot --external`; `platformctl graph` prints a tree to read, or JSON.
    """
    list_units(
        ports_for(),
        environment,
        filters,
        suffix,
        form=ListFormat.DOT,
        sorting=Sorting.APPLY,
        dependencies=True,
        external=True,
    )
