"""``platformctl list`` and ``reap``: all deployments, and the destruction of expired ones."""

from datetime import UTC, datetime

import typer

from orchestrator.cli import console
from orchestrator.cli.options import DryRunOption, JsonOption, TargetOption, YesOption, ports_for
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import Target, list_deployments
from orchestrator.commands import reap as reap_expired
from orchestrator.commands.operators import DeploymentList
from orchestrator.errors import ExitCode


def list_environments(target: TargetOption = Target.LOCAL, as_json: JsonOption = False) -> None:
    """List every deployment: age, resources, time to live, last run, and units that live/ no longer has.

    A unit that was removed from live/ while it had resources is an orphan: it still costs money, and up does not touch it.
    """
    terminal = Terminal()
    listing = list_deployments(target, ports_for(), terminal)
    if as_json:
        console.result_json([item.to_json(datetime.now(UTC)) for item in listing.environments])
    elif listing.environments:
        terminal.show(DeploymentList(environments=listing.environments))
    else:
        console.say(f"No deployments on {target.description}.")
    for environment in listing.unreadable:
        console.say(
            f"live/{environment} has mistakes, so its orphans are not known: platformctl validate --env {environment}"
        )


def reap(target: TargetOption = Target.LOCAL, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    """Destroy every deployment whose time to live (up --ttl) is over.

    Deployments are destroyed one after the other, as by platformctl destroy. A failure does not stop the rest; the exit code is
    then 1. You are asked once, with the list, unless you pass --yes.
    """
    code = reap_expired(target, ports_for(), Terminal(), confirmed=yes, dry_run=dry_run).code
    if code is not ExitCode.OK:
        raise typer.Exit(code)
