"""``platformctl backfill``: market data that already lies in the raw bucket."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import (
    DeploymentOption,
    DryRunOption,
    EnvironmentOption,
    JsonOption,
    TargetOption,
    ports_for,
)
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target, outputs
from orchestrator.display.live import seconds
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.platform.backfill import BackfillProgress

_EVERY = 5.0


def backfill(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="Of the keys, such as history/binance/.", show_default=False)
    ],
    suffix: DeploymentOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    rate: Annotated[
        int, typer.Option("--rate", metavar="N", min=1, max=60_000, help="Objects a minute, and at most in flight.")
    ] = 120,
    again: Annotated[
        bool, typer.Option("--again", metavar="", help="Also objects that have been processed before.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring in market data that already lies in the raw bucket, at a bounded rate.

    Upload years of history below history/, from where nothing comes in by itself, then name that folder. An interrupted run goes on where it stopped when
    the command is run again. Exit code 1 if objects were refused or became dead letters; they are named.
    """
    from orchestrator.platform.backfill import BackfillRequest  # noqa: PLC0415 - see ports_for
    from orchestrator.platform.backfill import backfill as bring_in  # noqa: PLC0415

    wanted = BackfillRequest(prefix=prefix, rate=rate, again=again)
    deployed = outputs(
        DeploymentRequest(suffix=suffix, target=target, environment=environment), ports_for(), Terminal()
    )
    shown = 0.0
    for progress in bring_in(deployed, wanted, dry_run=dry_run):
        if not (dry_run or progress.finished) and time.monotonic() - shown >= _EVERY:
            shown = time.monotonic()
            console.say(_line(progress))
    if as_json:
        console.result_json(_document(progress))
    else:
        console.result(_plan(progress, rate) if dry_run else _line(progress))
        for key, reason in progress.failed.items():
            console.result(f"failed  {key}: {reason}")
    if progress.failed:
        raise typer.Exit(ExitCode.FAILED)


def _plan(progress: "BackfillProgress", rate: int) -> str:
    return (
        f"{progress.left:,} objects with {progress.size:,} bytes would be brought in, in about {seconds(progress.left / rate * 60)}; "
        f"{progress.known:,} of {progress.found:,} have been processed before"
    )


def _line(progress: "BackfillProgress") -> str:
    parts = [
        f"{progress.done:,} of {progress.found - progress.known:,} objects",
        f"{progress.trades:,} trades",
        f"{progress.rejected:,} rows rejected",
        f"{len(progress.failed):,} objects failed",
    ]
    if not progress.finished:
        parts += [f"{progress.in_flight:,} in flight", f"{progress.left:,} left"]
    if progress.seconds_left is not None:
        parts.append(f"about {seconds(progress.seconds_left)} to go")
    return ", ".join(parts)


def _document(progress: "BackfillProgress") -> dict[str, object]:
    return {
        "found": progress.found,
        "processed_before": progress.known,
        "bytes": progress.size,
        "processed": progress.done,
        "trades": progress.trades,
        "rejected": progress.rejected,
        "failed": dict(progress.failed),
        "left": progress.left,
    }
