"""``platformctl build``: the packages of the Lambda functions."""

from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.options import JsonOption
from orchestrator.display.tables import render_packages


def build(
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FUNCTION", help="Functions, by their name in functions.toml. Default: all.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the packages of the Lambda functions that have changed.

    `up` and `plan` do the same on their own. The same sources give the same bytes on every machine.
    """
    from orchestrator.platform.ingestion import check_own_maps  # noqa: PLC0415 - see ports_for
    from orchestrator.platform.packages import build_packages  # noqa: PLC0415

    project = console.project()
    check_own_maps(project)
    packages = build_packages(project.folder, project.home, only=functions or (), say=console.say)
    if as_json:
        console.result_json(
            {
                package.function: {
                    "path": str(package.path),
                    "hash": package.hash,
                    "sha256": package.sha256,
                    "size": package.size,
                    "unpacked_size": package.unpacked_size,
                    "built": package.built,
                }
                for package in packages
            }
        )
    else:
        rows = [(package.function, package.size, package.sha256, package.built) for package in packages]
        console.out.print(render_packages(rows))
