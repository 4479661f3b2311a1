"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypedDict

import typer

from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import Target, parse_lifetime
from orchestrator.config import UNIT_FILES, unit_name
from orchestrator.engine.environments import Lifetime
from orchestrator.errors import UsageError
from orchestrator.platform.account_settings import ACCOUNT_SETTINGS, parse_account_settings

SuffixOption = Annotated[
    str | None,
    typer.Option(
        "--suffix",
        "-s",
        metavar="NAME",
        help="Name of the deployment; every resource's name ends in it. For example pr42. A tree that reads no "
        "PLATFORM_SUFFIX needs none.",
        show_default=False,
    ),
]
DeploymentOption = Annotated[
    str,
    typer.Option(
        "--suffix", "-s", metavar="NAME", help="Name of the deployment, for example pr42.", show_default=False
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        help="Environment: a folder of live/. Default: what the deployment was made of, that of the working directory, "
        "else dev.",
        show_default=False,
    ),
]
MaybeEnvironment = Annotated[
    str | None,
    typer.Option("--env", "-e", metavar="NAME", help="Only this environment. Default: all.", show_default=False),
]
TargetOption = Annotated[
    Target,
    typer.Option("--target", "-t", help="The embedded local cloud, or a real AWS account.", case_sensitive=False),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="UNIT", help="Only this unit; repeat it for more. Default: all.", show_default=False
    ),
]
FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="EXPRESSION",
        help="Only the units that this chooses; repeat it for a union. vpc, ./data/**, ...vpc, vpc..., !docs, "
        "source=..., reading=..., [main...HEAD]. docs/filters.md explains them.",
        show_default=False,
    ),
]
ParallelismOption = Annotated[
    int, typer.Option("--parallelism", "-p", metavar="N", min=1, max=64, help="How many units to work on at once.")
]
FailFastOption = Annotated[
    bool,
    typer.Option("--fail-fast", metavar="", help="Start nothing more after the first failure; what runs is finished."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask for confirmation.")]
JsonOption = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON for programs.")]
AccountSettingsOption = Annotated[
    str | None,
    typer.Option(
        "--account-settings",
        metavar="LIST",
        help="The settings that AWS has once per account and region, and that this deployment owns: all, none, or some of "
        f"{', '.join(ACCOUNT_SETTINGS)}. Default: as it was deployed, else all.",
        show_default=False,
    ),
]
TtlOption = Annotated[
    Lifetime | None,
    typer.Option(
        "--ttl",
        metavar="TIME",
        parser=parse_lifetime,
        help="Time to live from now on: 90m, 8h, 3d, or none. Afterwards platformctl reap destroys the deployment. "
        "Default: what is registered, else none.",
        show_default=False,
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", metavar="", help="Only say what would be done.")]
AnyEnvironment = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        help="Environment: a folder of live/. Default: that of the working directory, else dev.",
        show_default=False,
    ),
]
AnySuffix = Annotated[
    str, typer.Option("--suffix", "-s", metavar="NAME", help="Suffix to evaluate the live tree with.")
]


def unit_here(ports: Ports, hint: str) -> str:
    """Name the unit of the working directory; raises UsageError with the hint if there is none."""
    project, current = ports.project, ports.project.current
    if project.working is None or current is None or not any((current / name).is_file() for name in UNIT_FILES):
        raise UsageError("No unit here", detail=f"{current} holds no {UNIT_FILES[0]} of an environment.", hint=hint)
    return unit_name(project.live / project.working, current)


class Selection(TypedDict):
    """What a request says about the units that it selects."""

    only: tuple[str, ...]
    filters: tuple[str, ...]
    folder: Path | None


def selection(ports: Ports, filters: list[str] | None, only: list[str] | None = None) -> Selection:
    """Make the part of a request that selects units; relative paths start at the working directory."""
    return {"only": tuple(only or ()), "filters": tuple(filters or ()), "folder": ports.project.current}


def ports_for(account_settings: str | None = None) -> Ports:
    """Build the ports of the current project, with the value of --account-settings."""
    # Imported when a command runs: boto3 and what runs Terraform take longer to import than --help may.
    from orchestrator.cli import console  # noqa: PLC0415
    from orchestrator.cli.wiring import wire  # noqa: PLC0415

    settings = None if account_settings is None else parse_account_settings(account_settings)
    return wire(account_settings=settings, say=console.say)


def suffix_of(suffix: str | None, ports: Ports) -> str:
    """Return the suffix that was given; what is deployed from a tree without suffixes is named after its folder.

    Raises UsageError if the tree needs one.
    """
    if suffix is None and ports.project.has_suffixes:
        raise UsageError(
            "Missing option --suffix",
            detail=f"{ports.project.live / 'root.hcl'} reads PLATFORM_SUFFIX: every deployment has a name of its own.",
            hint="For example --suffix demo",
        )
    return suffix or ports.project.name
