"""Builds the adapters: the one place that connects the use cases with the outside."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.adapters.account import CloudConnector
from orchestrator.adapters.git import GitRepository
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.programs import ALLOW_COMMANDS, RepositoryPrograms
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

    Raises UsageError: this is no project.

    Args:
        project: None for the one that the current folder belongs to.
        environ: the environment variables that the live tree may read; this process's by default.
        account_settings: the settings that AWS has once per account and that the deployment is to own; None for the
            registered ones, or all.
        say: is called with a line for each function package that is built.

    """
    environ = dict(os.environ if environ is None else environ)
    project = project or find_project(environ, current=Path.cwd())
    return Ports(
        project=project,
        connector=CloudConnector(project=project, environ=environ),
        journal=ProjectJournal(home=project.home),
        platform=TradingPlatform.of(project, environ, account_settings=account_settings, say=say),
        sources=Modules(project.home / "sources"),
        repository=GitRepository(project.folder),
        environ=environ,
        programs=RepositoryPrograms() if environ.get(ALLOW_COMMANDS, "") in {"1", "true"} else None,
    )
