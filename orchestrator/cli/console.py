"""Where commands print: results to standard output, everything said along the way to standard error."""

import os
from pathlib import Path

from rich.console import RenderableType

from orchestrator.display.console import make_console
from orchestrator.errors import UsageError
from orchestrator.hcl import dump_json
from orchestrator.model.project import WORKING_DIR, Project, find_project

out = make_console()
err = make_console(stderr=True)


def say(line: str) -> None:
    """Print a line along the way."""
    err.print(line, markup=False, soft_wrap=True)


def result(text: RenderableType) -> None:
    """Print a result as it is; a line is never cut or wrapped."""
    out.print(text, soft_wrap=True, markup=False)


def result_json(document: object) -> None:
    """Print a result for programs."""
    result(dump_json(document, indent=2, ascii_only=True))


def is_closed() -> bool:
    """Tell whether nobody reads results any longer: the reader of a pipe has ended, or the disk is full."""
    return out.stream.problem is not None


def project() -> Project:
    """Find the project of the current folder; raises UsageError when there is none."""
    return find_project(os.environ, current=Path.cwd())


def working_folder() -> Path:
    """Return the folder that --working-dir names, or the current one; it need not be in a project."""
    return Path(os.path.normpath(Path.cwd() / os.environ.get(WORKING_DIR, "")))


def base() -> Path | None:
    """The project's folder, to which paths in messages are relative; None outside of a project."""
    try:
        return project().folder
    except UsageError:
        return None
