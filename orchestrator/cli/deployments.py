"""``platformctl list`` and ``reap``: all deployments, and the destruction of expired ones."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.find import (
    DagOption,
    DependenciesOption,
    ExternalOption,
    ListFormat,
    OrderOption,
    list_units,
    sorting_of,
)
from orchestrator.cli.options import (
    DryRunOption,
    FilterOption,
    JsonOption,
    MaybeEnvironment,
    TargetOption,
    YesOption,
    ports_for,
)
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import Target, list_deployments
from orchestrator.commands import reap as reap_expired
from orchestrator.commands.inspect import STAND_IN
from orchestrator.commands.operators import DeploymentList
from orchestrator.errors import ExitCode


def list_environments(
    target: TargetOption = Target.LOCAL,
    as_json: JsonOption = False,
    filters: FilterOption = None,
    dag: DagOption = False,
    long: Annotated[bool, typer.Option("--long", "-l", metavar="", help="Units as a table.")] = False,
    tree: Annotated[bool, typer.Option("--tree", "-T", metavar="", help="Units as a tree.")] = False,
    form: Annotated[ListFormat | None, typer.Option("--format", help="Units in this form.", show_default=False)] = None,
    dependencies: DependenciesOption = False,
    external: ExternalOption = False,
    order: OrderOption = None,
    environment: MaybeEnvironment = None,
) -> None:
    """List every deployment: age, resources, time to live, last run, and units that live/ no longer has.

    A unit that was removed from live/ while it had resources is an orphan: it still costs money, and up does not touch it.
    With any option of terragrunt list, from --filter to --env below, it lists the units of the live tree instead; so it does
    in a tree without suffixes, which has no register of deployments.
    """
    ports = ports_for()
    # A tree without suffixes has no register of deployments: there list is that of Terragrunt.
    if not ports.project.has_suffixes or any(
        (filters, dag, long, tree, form, dependencies, external, order, environment)
    ):
        forms = {ListFormat.JSON: as_json, ListFormat.TREE: tree, ListFormat.LONG: long}
        list_units(
            ports,
            environment,
            filters,
            STAND_IN,
            form=form or next((name for name, wanted in forms.items() if wanted), ListFormat.TEXT),
            sorting=sorting_of(dag, order),
            dependencies=dependencies,
            external=external,
        )
        return
    terminal = Terminal()
    listing = list_deployments(target, ports, terminal)
    if as_json:
        console.result_json([item.to_json(datetime.now(UTC)) for item in listing.environments])
    elif listing.environments:
        terminal.show(DeploymentList(environments=listing.environments))
    else:
        console.say(f"No deployments on {target.description}.")
    for name in listing.unreadable:
        console.say(f"live/{name} has mistakes, so its orphans are not known: platformctl validate --env {name}")


def reap(target: TargetOption = Target.LOCAL, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    """Destroy every deployment whose time to live (up --ttl) is over.

    Deployments are destroyed one after the other, as by platformctl destroy. A failure does not stop the rest; the exit code is
    then 1. You are asked once, with the list, unless you pass --yes.
    """
    code = reap_expired(target, ports_for(), Terminal(), confirmed=yes, dry_run=dry_run).code
    if code is not ExitCode.OK:
        raise typer.Exit(code)
