"""Builds the adapters: the one place where use cases meet the outside."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.adapters.account import CloudConnector
from orchestrator.adapters.runs import ProjectJournal
from orchestrator.commands.ports import Ports
from orchestrator.model.project import Project, find_project
from orchestrator.platform.trading import TradingPlatform


def wire(
    project: Project | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    account_settings: tuple[str, ...] | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Ports:
    """Build the ports of a project.

    Args:
        project: None for the one that the current folder belongs to.
        environ: the environment variables; this process's by default.
        account_settings: what the deployment is to own of the things that AWS has once per account; None for what is
            registered, else all.
        say: takes a line about each function package that is built.

    Raises:
        UsageError: this is no project.

    """
    environ = dict(os.environ if environ is None else environ)
    project = project or find_project(environ, current=Path.cwd())
    return Ports(
        project=project,
        connector=CloudConnector(project=project, environ=environ),
        journal=ProjectJournal(home=project.home),
        platform=TradingPlatform.of(project, environ, account_settings=account_settings, say=say),
        environ=environ,
    )
