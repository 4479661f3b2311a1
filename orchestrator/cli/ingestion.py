"""``platformctl ingest``: a file of market data, to a deployment or into a preview."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import DryRunOption, EnvironmentOption, JsonOption, TargetOption, ports_for
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, Target, outputs
from orchestrator.display.ingestion import render_preview
from orchestrator.errors import ExitCode, UsageError


def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON, plain, gzip or zip.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="The source map: binance, massive, nyse-taq ... Default: recognised by the columns.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRunOption = False,
    suffix: Annotated[
        str | None,
        typer.Option(
            "--suffix", "-s", metavar="NAME", help="The deployment; not needed with --dry-run.", show_default=False
        ),
    ] = None,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    symbol: Annotated[
        str | None,
        typer.Option("--symbol", metavar="NAME", help="The symbol of a file that names none.", show_default=False),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--date", metavar="DAY", help="The day of a file with times of day, such as 2026-01-30.", show_default=False
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", min=0, max=1000, help="How many trades and bad rows --dry-run shows.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Upload a file of market data, or show what would become of it.

    With --dry-run no cloud is needed: the platform's own code reads the file here, and prints counts, the first trades, and the rows that it would reject,
    with reasons. Exit code 1 if the file would be refused.
    """
    from orchestrator.platform.ingestion import (  # noqa: PLC0415 - see ports_for
        MarketDataFile,
        preview_file,
        require_source,
        upload_file,
    )

    metadata = {name: value for name, value in (("symbol", symbol), ("date", day)) if value is not None}
    chosen = MarketDataFile(path=file, source=source, metadata=metadata)
    if not dry_run:
        if suffix is None:
            raise UsageError(
                "Which deployment?",
                detail="An upload needs --suffix.",
                hint="--dry-run shows what would become of the file, without a deployment.",
            )
        require_source(console.project(), chosen)
        request = DeploymentRequest(suffix=suffix, target=target, environment=environment)
        address = upload_file(outputs(request, ports_for(), Terminal()), chosen)
        console.result_json({"uploaded": address}) if as_json else console.result(f"uploaded to {address}")
        return
    found = preview_file(console.project(), chosen, rows=rows)
    counts = {"accepted": found.accepted, "rejected": found.rejected, "skipped": found.skipped}
    bad = [(row.line, row.reason) for row in found.bad]
    if as_json:
        listed = [{"line": row.line, "reason": row.reason, "text": row.text} for row in found.bad]
        shown = {"symbols": found.symbols, "first": found.first, "bad": listed, "refused": found.refused}
        console.result_json({**counts, **shown})
    else:
        console.out.print(
            render_preview(counts=counts, symbols=found.symbols, first=found.first, bad=bad, refused=found.refused)
        )
    if found.refused:
        raise typer.Exit(ExitCode.FAILED)
