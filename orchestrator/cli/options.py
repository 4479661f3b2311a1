"""Options that several commands share, and the checks that need nothing but their text."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from orchestrator.engine.environments import Lifetime
from orchestrator.errors import UsageError

MAX_SUFFIX = 20
_SUFFIX = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")

_LIFETIME = re.compile(r"([0-9]{1,6})([mhd])")
_LONGEST_LIFETIME = timedelta(days=365)

DEFAULT_ENVIRONMENT = "dev"

ACCOUNT_SETTINGS = ("api-logs", "config", "database-monitoring")
"""What AWS has once per account and region (requirement B15): the role with which API Gateway writes logs; the Config
recorder and its delivery channel; the log group of RDS's enhanced monitoring."""


class Target(StrEnum):
    """Where a deployment lives."""

    LOCAL = "local"
    AWS = "aws"

    @property
    def description(self) -> str:
        return "the local cloud" if self is Target.LOCAL else "AWS"


def check_ttl(text: str) -> Lifetime:
    """The time to live that a text like "90m", "8h" or "3d" says; "none" is no end.

    Raises:
        UsageError: it says none, or one that is no use: nothing, or more than a year.

    """
    if text == "none":
        return Lifetime(span=None)
    found = _LIFETIME.fullmatch(text)
    if found:
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
        span = timedelta(**{unit: int(found[1])})
        if timedelta() < span <= _LONGEST_LIFETIME:
            return Lifetime(span=span)
    raise UsageError(
        "Malformed time to live",
        detail=f"--ttl {text!r}: a time to live is a number of minutes, hours or days, from 1m to 365d, or none.",
        hint="Try --ttl 8h",
    )


SuffixOption = Annotated[
    str,
    typer.Option(
        "--suffix",
        "-s",
        metavar="NAME",
        help="Name of the deployment; every resource's name ends in it. For example pr42.",
        show_default=False,
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        help="Environment: a folder of live/. Default: what the deployment was made of, else dev.",
        show_default=False,
    ),
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
ParallelismOption = Annotated[
    int,
    typer.Option("--parallelism", "-p", metavar="N", min=1, max=64, help="How many units to work on at once."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask for confirmation.")]
JsonOption = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON for programs.")]
DetailedExitcodeOption = Annotated[
    bool,
    typer.Option(
        "--detailed-exitcode",
        metavar="",
        help="Exit code as in Terraform: 0 no changes, 1 an error of any kind, 2 changes.",
    ),
]
AccountSettingsOption = Annotated[
    str | None,
    typer.Option(
        "--account-settings",
        metavar="LIST",
        help="Which of the things that AWS has once per account and region the deployment owns: all, none, or some of "
        f"{', '.join(ACCOUNT_SETTINGS)}. Default: as it was deployed, else all.",
        show_default=False,
    ),
]
TtlOption = Annotated[
    Lifetime | None,
    typer.Option(
        "--ttl",
        metavar="TIME",
        parser=check_ttl,
        help="Time to live from now on: 90m, 8h, 3d, or none. Afterwards platformctl reap destroys the deployment. "
        "Default: what is registered, else none.",
        show_default=False,
    ),
]
UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="A unit: its folder under the environment's.")]


def check_account_settings(text: str) -> tuple[str, ...]:
    """The settings that a list names, sorted; "all" and "none" stand for all of them and for none.

    Raises:
        UsageError: there is no such setting.

    """
    if text in {"all", "none"}:
        return ACCOUNT_SETTINGS if text == "all" else ()
    names = {name.strip() for name in text.split(",")}
    unknown = sorted(names - set(ACCOUNT_SETTINGS))
    if unknown:
        raise UsageError(
            "Unknown account setting",
            detail=f'--account-settings {text!r}: there is no "{unknown[0]}".',
            hint=f"Say all, none, or a list of {', '.join(ACCOUNT_SETTINGS)}.",
        )
    return tuple(sorted(names))


def check_suffix(suffix: str) -> str:
    """The suffix, if resource names may end in it.

    Lower-case letters, digits and hyphens, so that it may stand in bucket names; at most 20 characters, so that the
    longest name, a bucket's with the account id in it, stays within S3's 63.

    Raises:
        UsageError: it may not; the hint offers the nearest suffix that may.

    """
    if _SUFFIX.fullmatch(suffix) and len(suffix) <= MAX_SUFFIX and "--" not in suffix:
        return suffix
    offer = re.sub(r"[^a-z0-9]+", "-", suffix.lower()).strip("-")[:MAX_SUFFIX].strip("-").lstrip("0123456789-")
    raise UsageError(
        "Malformed suffix",
        detail=f"--suffix {suffix!r}: a suffix has 1 to {MAX_SUFFIX} characters: lower-case letters, digits and "
        "single hyphens; it begins with a letter and ends with a letter or digit.",
        hint=f"Try --suffix {offer or 'demo'}",
    )
