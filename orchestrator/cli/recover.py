"""``platformctl recover``: repair a deployment after a run was killed."""

from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import RecoverRequest, Target
from orchestrator.commands import recover as repair


def recover(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    release_foreign_locks: Annotated[
        bool,
        typer.Option(
            "--release-foreign-locks",
            metavar="",
            help="Also release locks whose holder may be alive: of other users and machines, or unreadable.",
        ),
    ] = False,
    dry_run: options.DryRunOption = False,
    yes: options.YesOption = False,
) -> None:
    """Repair a deployment after a run was killed.

    Waits for Terraform processes that outlived their platformctl, deletes resources that are in no state, and releases the locks
    of dead processes. Nothing that is in a state is touched. You are asked first; afterwards up and destroy work again.
    """
    ports = options.ports_for()
    request = RecoverRequest(
        suffix=options.suffix_of(suffix, ports),
        target=target,
        environment=environment,
        release_foreign_locks=release_foreign_locks,
        dry_run=dry_run,
        confirmed=yes,
    )
    repair(request, ports, Terminal())
