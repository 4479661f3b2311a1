"""Implements ``commands.ports.Connector`` and ``Account``: the two targets, and everything that is reached through them."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.locks import DeploymentLocks, state_keys
from orchestrator.adapters.aws.preflight import examine_account
from orchestrator.adapters.aws.session import CloudSession, aws_session, local_session, require_no_overrides
from orchestrator.adapters.aws.state_bucket import S3StateBucket
from orchestrator.adapters.aws.states import S3States
from orchestrator.adapters.aws.sweep import Kept, Unrecorded, reclaim, sweep, unrecorded
from orchestrator.adapters.aws.sweep.documents import require_no_lost_state, state_documents
from orchestrator.adapters.local_cloud import ACCOUNT_ID, LocalCloud, stripped
from orchestrator.adapters.no_account import NoAccount
from orchestrator.adapters.terraform.tools import ProjectTerraform
from orchestrator.commands.requests import Target
from orchestrator.config import RemoteState
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.plan import StackPlan
from orchestrator.errors import PlatformctlError
from orchestrator.model.project import Project

LINGER_SECONDS = 600.0
"""How long an empty local cloud stays for whoever wants to look at it."""

# AWS keeps the network interfaces of deleted functions for 20 to 35 minutes, and their subnets with them.
_PATIENCE = {Target.LOCAL: 60.0, Target.AWS: 2700.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccount:
    """An open connection; see ``commands.ports.Account``."""

    project: Project
    target: Target
    session: CloudSession
    cloud: LocalCloud | None

    @property
    def account_id(self) -> str:
        return self.session.account_id

    @property
    def endpoint(self) -> str | None:
        return self.session.endpoint

    def caller(self, what: str) -> str:
        try:
            if what == "account_alias":
                aliases = self.session.client("iam").list_account_aliases()["AccountAliases"]
                return str(aliases[0]) if aliases else ""
            identity = self.session.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise PlatformctlError("The caller in AWS is not known", detail=f"{error}.") from error
        return str(identity[{"account_id": "Account", "arn": "Arn", "user_id": "UserId"}[what]])

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def bucket(self, name: str) -> S3StateBucket:
        return S3StateBucket(self.session, name)

    def missing_backends(self, states: Sequence[RemoteState]) -> tuple[str, ...]:
        return (*self._missing_buckets(states), *self._missing_tables(states))

    def create_backends(self, states: Sequence[RemoteState]) -> None:
        for name in self._missing_buckets(states):
            self.bucket(name).create()
        for name in self._missing_tables(states):
            # Terraform's own lock table: https://developer.hashicorp.com/terraform/language/backend/s3
            self.client("dynamodb").create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            )

    def _missing_buckets(self, states: Sequence[RemoteState]) -> list[str]:
        return [name for name in _named(states, "bucket") if not self.bucket(name).exists()]

    def _missing_tables(self, states: Sequence[RemoteState]) -> list[str]:
        names = _named(states, "dynamodb_table")
        known = self.client("dynamodb").list_tables()["TableNames"] if names else ()
        return [name for name in names if name not in known]

    def locks(self, bucket: str, suffix: str) -> DeploymentLocks:
        return DeploymentLocks(session=self.session, bucket=bucket, suffix=suffix)

    def states(self) -> S3States:
        return S3States(self.session)

    def sweeper(self, bucket: str, suffix: str) -> "DeploymentSweeper":
        return DeploymentSweeper(session=self.session, bucket=bucket, suffix=suffix, patience=_PATIENCE[self.target])

    def terraform(self, *, environment: str, suffix: str) -> ProjectTerraform:
        return ProjectTerraform(
            live=self.project.live,
            home=self.project.home,
            environ=self.session.environ,
            is_local=self.target is Target.LOCAL,
            root=self.project.workspaces(str(self.target), environment, suffix),
        )

    def inventory(self, suffix: str) -> Sequence[Any]:
        return list_resources(self.session.client, suffix=suffix)

    def examine(self, plan: StackPlan, *, singletons: bool = True) -> Sequence[Diagnostic]:
        return examine_account(self.session.client, plan, singletons=singletons)

    def retire(self) -> None:
        if self.cloud is not None:
            self.cloud.retire(LINGER_SECONDS)


def _named(states: Sequence[RemoteState], setting: str) -> list[str]:
    """Return the values of a setting of the states in S3, each once."""
    return sorted({str(state.config[setting]) for state in states if state.backend == "s3" and setting in state.config})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSweeper:
    """What exists of one deployment and is in none of its states; see ``commands.ports.Sweeper``."""

    session: CloudSession
    bucket: str
    suffix: str
    patience: float

    def unrecorded(self) -> tuple[Unrecorded, ...]:
        return unrecorded(self.session.client, self.suffix, self._states())

    def sweep(self, *, types: Collection[str] | None, say: Callable[[str], None]) -> tuple[Kept, ...]:
        return sweep(self.session.client, self.suffix, self._states(), patience=self.patience, say=say, types=types)

    def reclaim(self, *, say: Callable[[str], None]) -> None:
        reclaim(self.session.client, self.suffix, say=say)

    def _states(self) -> Sequence[Mapping[str, Any]]:
        require_no_lost_state(self.session, self.bucket, self.suffix)
        keys = state_keys(self.session, self.bucket, self.suffix)
        return list(state_documents(self.session, self.bucket, keys).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConnector:
    """Opens the targets of a project.

    boto3 reads this process's environment. So connecting to the local cloud takes every real AWS setting out of it, and puts
    those of the local cloud in.
    """

    project: Project
    environ: Mapping[str, str]

    def account_id(self, target: Target) -> str | None:
        return ACCOUNT_ID if target is Target.LOCAL else None

    def environment(self, target: Target, environ: Mapping[str, str]) -> Mapping[str, str]:
        if target is Target.AWS:
            return environ
        cloud = LocalCloud(self.project.local_cloud)
        return stripped(environ) | (cloud.environment() if cloud.status().endpoint is not None else {})

    def offline(self) -> NoAccount:
        self._hide_home()
        return NoAccount(project=self.project, environ=self.environ)

    def connect(self, target: Target, *, start: bool) -> CloudAccount | None:
        self._hide_home()
        if target is Target.AWS:
            require_no_overrides(self.environ)
            return CloudAccount(project=self.project, target=target, session=aws_session(self.environ), cloud=None)
        cloud = LocalCloud(self.project.local_cloud)
        status = cloud.start() if start else cloud.status()
        if status.endpoint is None:
            return None
        session = local_session(_isolate(cloud), endpoint=status.endpoint, account_id=status.account_id)
        return CloudAccount(project=self.project, target=target, session=session, cloud=cloud)

    def _hide_home(self) -> None:
        """Let Git ignore the project's home in a repository that does not know platformctl."""
        file = self.project.home / ".gitignore"
        if not self.project.has_suffixes and not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_text("*\n", encoding="utf-8")


def _isolate(cloud: LocalCloud) -> dict[str, str]:
    """Let this process know the local cloud and no other: boto3 and every child read its environment."""
    # First, because it reads the user's exceptions to the proxy, which are dropped with the proxy.
    session = cloud.environment()
    kept = stripped(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(session)
    return dict(os.environ)
