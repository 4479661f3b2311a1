"""``platformctl migrate-check``: how a Terragrunt repository would fare."""

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import JsonOption, ports_for
from orchestrator.commands import DeploymentRequest, check_migration
from orchestrator.commands.inspect import STAND_IN
from orchestrator.display.migration import migration_document, render_migration
from orchestrator.errors import ExitCode
from orchestrator.model.project import WORKING_DIR


def migrate_check(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A folder of a repository. Default: the current one.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a Terragrunt repository, and say what works, what differs and what is missing, construct by construct.

    Needs no suffix, no cloud and no credentials; runs no program, downloads nothing and writes nothing. Exit code 0 if everything
    works, else 1.
    """
    if folder is not None:
        os.environ[WORKING_DIR] = str(console.working_folder() / folder)
    report = check_migration(DeploymentRequest(suffix=STAND_IN), ports_for())
    if as_json:
        console.result_json(migration_document(report))
    else:
        console.result(render_migration(report))
    if not report.is_complete:
        raise typer.Exit(ExitCode.FAILED)
