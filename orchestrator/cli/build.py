"""``platformctl build``: the packages of the Lambda functions."""

import json
from typing import Annotated

import typer
from rich.table import Table

from orchestrator.adapters.packages import build_packages
from orchestrator.cli import console
from orchestrator.cli.options import JsonOption
from orchestrator.cli.project import find_project


def build(
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FUNCTION]...",
            help="Functions, by their name in functions.toml. Default: all.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build the packages of the Lambda functions; what has not changed is not built again.

    `up` and `plan` do the same on their own. The same sources give the same bytes on every machine.
    """
    project = find_project()
    packages = build_packages(
        project.folder,
        project.home,
        only=functions or (),
        say=lambda line: console.err.print(line, markup=False, soft_wrap=True),
    )
    if as_json:
        document = {
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
        console.out.print(json.dumps(document, indent=2), soft_wrap=True, markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("function")
    table.add_column("size", justify="right")
    table.add_column("sha256")
    table.add_column("")
    for package in packages:
        state = "built" if package.built else "unchanged"
        table.add_row(package.function, f"{package.size / 1024 / 1024:.1f} MB", package.sha256[:12], state)
    console.out.print(table)
