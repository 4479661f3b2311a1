"""What a caller asks for; texts are checked when a request is made."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from orchestrator.config.filters import parse_filter
from orchestrator.engine.environments import Lifetime
from orchestrator.engine.plan import KeptPlan
from orchestrator.errors import UsageError

DEFAULT_ENVIRONMENT = "dev"
MAX_SUFFIX = 20
_SUFFIX = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_LIFETIME = re.compile(r"([0-9]{1,6})([mhd])")
_LONGEST_LIFETIME = timedelta(days=365)


class Target(StrEnum):
    """Where a deployment lives."""

    LOCAL = "local"
    AWS = "aws"

    @property
    def description(self) -> str:
        return "the local cloud" if self is Target.LOCAL else "AWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """Which deployment a command works on, and which of its units.

    Raises UsageError: the suffix or a filter is malformed.

    Attributes:
        suffix: names the deployment; every resource's name ends in it.
        environment: a folder of the live tree; None for the one that the deployment was made of, or "dev".
        only: the selected units; empty for all.
        filters: of these units those that one of the filters chooses, in the expressions of ``config/filters.py``.
        folder: where relative paths in filters start, absolute; None for the environment's folder.
        within: filters see only units below this folder, and what those depend on; None for all.

    """

    terraform_command: ClassVar[str] = "plan"
    """The Terraform command that the live tree is read for."""

    suffix: str
    target: Target = Target.LOCAL
    environment: str | None = None
    only: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    folder: Path | None = None
    within: Path | None = None

    def __post_init__(self) -> None:
        check_suffix(self.suffix)
        for text in self.filters:
            parse_filter(text)

    def command(self, name: str) -> str:
        """Spell the platformctl command that works on this deployment."""
        target = "" if self.target is Target.LOCAL else f" --target {self.target}"
        return f"platformctl {name} --suffix {self.suffix}{target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpRequest(DeploymentRequest):
    """Bring a deployment to what the live tree says.

    Attributes:
        plan: apply this plan and nothing else; None to make one.
        plan_file: where it was kept, for messages.
        lifetime: how long the deployment may live from now on; None leaves what is registered.
        fail_fast: start no further unit after the first failure; otherwise what does not depend on it is finished.
        confirmed: do not ask the operator.

    """

    terraform_command: ClassVar[str] = "apply"

    plan: KeptPlan | None = None
    plan_file: str = "the plan"
    lifetime: Lifetime | None = None
    parallelism: int = 8
    fail_fast: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyRequest(DeploymentRequest):
    """Destroy a deployment; ``only`` may name orphaned units, too.

    ``with_dependents``: also destroy the dependents of the selected units; ``fail_fast``: start no further unit after the
    first failure; ``confirmed``: do not ask the operator.
    """

    terraform_command: ClassVar[str] = "destroy"

    with_dependents: bool = False
    parallelism: int = 8
    fail_fast: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverRequest(DeploymentRequest):
    """Repair a deployment after a run was killed.

    ``release_foreign_locks``: also release locks whose holder may be alive; ``dry_run``: only report what was found;
    ``confirmed``: do not ask the operator.
    """

    release_foreign_locks: bool = False
    dry_run: bool = False
    confirmed: bool = False


def check_suffix(suffix: str) -> str:
    """Return the suffix if it is valid.

    Lower-case letters, digits and hyphens, as in bucket names; at most 20 characters, so that the longest name, a
    bucket's with the account id in it, stays within S3's 63. Raises UsageError: it is not; the hint offers the nearest
    valid suffix.
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


def slug(environment: str) -> str:
    """Return the name of an environment's folder as a part of a path."""
    return environment.replace("/", "__").strip(".") or "top"


def parse_lifetime(text: str) -> Lifetime:
    """Parse a time to live such as "90m", "8h" or "3d"; "none" never ends.

    Raises UsageError if it is malformed, zero, or longer than a year.
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
