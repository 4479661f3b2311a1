"""The trading platform's part in a deployment: the variables of its live tree, and its settings in the register.

A live tree gets a part only if it reads its variable with ``get_env``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.adapters.aws.session import deploying_principal
from orchestrator.commands.ports import Account, Applicant, Settings
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.platform.account_settings import ACCOUNT_SETTINGS, require_room
from orchestrator.platform.ingestion import check_own_maps
from orchestrator.platform.packages import ensure_packages
from orchestrator.platform.rollback import PINS

PACKAGES = "PLATFORM_PACKAGES"
"""Environment variable: the list of the functions' packages."""

VERSIONS = "PLATFORM_FUNCTION_VERSIONS"
"""Environment variable: the versions of functions that serve instead of the newest: ingest=3,api=5."""

SETTINGS = "PLATFORM_ACCOUNT_SETTINGS"
"""Environment variable: the settings that AWS has once per account and region, and that the deployment owns."""

PRINCIPALS = "PLATFORM_DATABASE_PRINCIPALS"
"""Environment variable: the ARNs of IAM roles and users who may log in to the database, separated by commas."""

_VARIABLES = re.compile(rf'get_env\(\s*"({PACKAGES}|{SETTINGS}|{PRINCIPALS}|{VERSIONS})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingPlatform:
    """Implements ``commands.ports.Platform`` for a project.

    Attributes:
        parts: the variables that the live tree reads.
        account_settings: what the deployment is to own, as the caller says; None for what is registered, or all.
        principals: who may log in to the database; empty for those registered, or whoever deploys first.
        say: is called with a line for each package that is built.

    """

    project: Project
    parts: frozenset[str]
    account_settings: tuple[str, ...] | None
    principals: tuple[str, ...]
    say: Callable[[str], None] = field(repr=False)

    @classmethod
    def of(
        cls,
        project: Project,
        environ: Mapping[str, str],
        *,
        account_settings: tuple[str, ...] | None,
        say: Callable[[str], None],
    ) -> "TradingPlatform":
        """Find the parts that the project's live tree uses, and their settings in the environment."""
        names = [name.strip() for name in environ.get(PRINCIPALS, "").split(",")]
        return cls(
            project=project,
            parts=_parts(project.live),
            account_settings=account_settings,
            principals=tuple(name for name in names if name),
            say=say,
        )

    def made_from(self) -> Mapping[Path, Path]:
        return {self.project.home / "build": self.project.functions} if PACKAGES in self.parts else {}

    def settings(self, registered: Settings | None, account: Account | None) -> Settings:
        known = registered or {}
        found: dict[str, tuple[str, ...]] = {}
        if SETTINGS in self.parts:
            owned = self.account_settings
            found["account_settings"] = known.get("account_settings", ACCOUNT_SETTINGS) if owned is None else owned
        elif self.account_settings:
            raise UsageError(
                "The live tree has no account settings",
                detail=f"--account-settings was given, and no file of {self.project.live} reads {SETTINGS}.",
                hint="Leave the option out.",
            )
        if PRINCIPALS in self.parts:
            people = self.principals or known.get("database_principals", ())
            found["database_principals"] = people or _whoever_deploys(account)
        return {**known, **found}

    def variables(self, settings: Settings, account_id: str) -> Mapping[str, str]:
        """Return the variables of the parts; builds the functions' packages if their sources have changed."""
        found: dict[str, str] = {}
        if SETTINGS in self.parts:
            found[SETTINGS] = ",".join(settings.get("account_settings", ACCOUNT_SETTINGS))
        if VERSIONS in self.parts:
            found[VERSIONS] = ",".join(settings.get(PINS, ()))
        if PRINCIPALS in self.parts:
            found[PRINCIPALS] = ",".join(settings.get("database_principals") or (_stand_in(account_id),))
        if PACKAGES in self.parts and self.project.functions.is_dir():
            check_own_maps(self.project)
            found[PACKAGES] = str(ensure_packages(self.project.folder, self.project.home, say=self.say))
        return found

    def require_room(self, applicant: Applicant) -> None:
        if SETTINGS in self.parts:
            require_room(applicant)


def _whoever_deploys(account: Account | None) -> tuple[str, ...]:
    if account is None or account.endpoint is not None:
        # AWS is not called, so any name will do; the variable gets a stand-in.
        return ()
    return (deploying_principal(account.client),)


def _stand_in(account_id: str) -> str:
    return f"arn:aws:iam::{account_id}:role/deployer"


def _parts(live: Path) -> frozenset[str]:
    found: set[str] = set()
    for path in sorted(live.rglob("*.hcl")):
        found.update(_VARIABLES.findall(path.read_text(encoding="utf-8", errors="replace")))
    return frozenset(found)
