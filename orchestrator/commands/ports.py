"""What the use cases need from outside, as protocols. Adapters implement them; ``tests/fakes`` has one fake of each."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from orchestrator.commands.requests import Target
from orchestrator.config import EvaluatedUnit, LocalSource, ModuleSource, Programs, RemoteState
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.environments import LastRun
from orchestrator.engine.events import Event
from orchestrator.engine.plan import StackPlan
from orchestrator.engine.ports import States, Terraform
from orchestrator.model.project import Project

Settings = Mapping[str, tuple[str, ...]]
"""What a platform registers with a deployment, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDeployment:
    """A deployment's record in the register.

    Attributes:
        created: when it was first registered, in ISO 8601, UTC.
        settings: what the platform registers with it.
        expires: when ``reap`` may destroy it, in ISO 8601, UTC; None for never.
        units: those that were applied and have a state, with the dependencies that they had then.
        last_run: the last run that ended; None if none was recorded.
        unknown: fields that a newer platformctl wrote; they are written back as they are.

    """

    suffix: str
    environment: str
    created: str
    settings: Settings = field(default_factory=dict)
    expires: str | None = None
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last_run: LastRun | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)


class StateBucket(Protocol):
    """The bucket of the states, and the register of deployments in it. Every method raises PlatformctlError."""

    @property
    def name(self) -> str: ...
    def exists(self) -> bool:
        """Tell whether the bucket is there; UsageError when it belongs to someone else."""

    def create(self) -> None:
        """Create the bucket; completes an earlier attempt that stopped half-way."""

    def remove(self) -> None:
        """Delete the bucket with everything in it; for the local cloud only."""

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """List the keys under the prefix, sorted."""

    def resources(self, key: str) -> int:
        """Count the resource instances in the state under the key; 0 when it has gone."""

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        """Read what is registered under the suffix."""

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        """Read everything that is registered, by suffix."""

    def update(self, suffix: str, change: Callable[[RegisteredDeployment | None], RegisteredDeployment | None]) -> None:
        """Compare and swap the record; ``change`` may be called again, and leaves everything as it is with None."""

    def unregister(self, suffix: str) -> bool:
        """Remove the record if no state is left; returns whether it was removed."""


class Lock(Protocol):
    """A Terraform lock on the state of a unit; ``str`` says who holds it."""

    @property
    def unit(self) -> str: ...
    @property
    def key(self) -> str: ...


class Locks(Protocol):
    """Terraform's locks on the states of one deployment."""

    def list(self) -> tuple[Any, ...]:
        """List the locks, by unit; costs one call if there is none."""

    def unit_of(self, key: str) -> str:
        """Name the unit whose state or lock has this key."""

    def is_left_behind(self, lock: Any, *, working: Collection[str]) -> bool:
        """Tell whether the lock's holder is certainly dead; Terraform still works on the units in ``working``."""

    def hold(self, keys: Iterable[str]) -> AbstractContextManager[None]:
        """Hold the locks on these states as Terraform does; PlatformctlError when somebody else holds one."""

    def release(self, lock: Any) -> bool:
        """Delete the lock unless somebody else has taken it; returns whether it was deleted."""


class Leftover(Protocol):
    """A resource that is in no state; ``command`` deletes it by hand, ``str`` names it."""

    @property
    def command(self) -> str: ...


class KeptLeftover(Protocol):
    """A leftover that could not be removed, and why."""

    @property
    def thing(self) -> Leftover: ...
    @property
    def reason(self) -> str: ...


class Sweeper(Protocol):
    """Compares the cloud with the states of one deployment."""

    def unrecorded(self) -> Sequence[Leftover]:
        """Find resources of the deployment that are in none of its states."""

    def sweep(self, *, types: Collection[str] | None, say: Callable[[str], None]) -> Sequence[KeptLeftover]:
        """Remove resources of these Terraform types (None: of any) that are in no state; returns what stayed.

        Raises PlatformctlError if a state was lost or cannot be read, so leftovers cannot be told from the rest.
        """

    def reclaim(self, *, say: Callable[[str], None]) -> None:
        """Remove what services made or kept by themselves; only after the last state of the deployment has gone."""


class CloudResource(Protocol):
    """A resource that a service lists."""

    @property
    def service(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def identifier(self) -> str: ...
    @property
    def name(self) -> str: ...


class TerraformProcess(Protocol):
    """A Terraform process that outlived the platformctl that started it."""

    @property
    def pid(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def command(self) -> str: ...


class Planner(Protocol):
    """Plans units together."""

    def plan(self, units: Sequence[EvaluatedUnit], states: Mapping[str, Mapping[str, Any]]) -> StackPlan:
        """Plan the units against their states and the cloud; PlatformctlError when Terraform fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformSession:
    """Terraform with its provider processes running."""

    planner: Planner
    runner: Terraform


class TerraformTools(Protocol):
    """Terraform for one deployment."""

    def prepare(self) -> str:
        """Find and verify the binary and the provider; returns their versions, for messages."""

    def open(self) -> AbstractContextManager[TerraformSession]:
        """Start what units share; it ends with the block."""

    def at_work(self) -> tuple[TerraformProcess, ...]:
        """List Terraform processes that still work on the deployment although their platformctl has ended."""

    def states_at_work(self, bucket: str) -> tuple[str, ...]:
        """List the keys of states in the bucket that a Terraform process of this machine works on."""

    def resource_types(self, unit: EvaluatedUnit) -> frozenset[str] | None:
        """List the Terraform types that the unit's module declares; None if only Terraform could tell."""

    def fingerprint(self, unit: EvaluatedUnit) -> str:
        """Hash everything that defines the unit."""

    def states(self, direct: States) -> States:
        """Read states in any backend: with ``direct`` those in a plain S3 bucket, all others by Terraform itself."""

    def no_module(self) -> LocalSource:
        """Provide a folder without configuration, for destroying units without theirs."""

    def remove_workspaces(self) -> None:
        """Delete the folders in which Terraform ran."""


class Account(Protocol):
    """An open connection to a target."""

    @property
    def account_id(self) -> str: ...
    @property
    def endpoint(self) -> str | None:
        """The local cloud's address; None for AWS."""

    def caller(self, what: str) -> str:
        """Ask AWS who the caller is: "account_id", "account_alias", "arn" or "user_id"; PlatformctlError when it refuses."""

    def client(self, service: str) -> Any:
        """Return a boto3 client, for a platform's own use; use cases never call it."""

    def bucket(self, name: str) -> StateBucket: ...
    def missing_backends(self, states: Sequence[RemoteState]) -> tuple[str, ...]:
        """Name the buckets and lock tables of states in S3 that do not exist."""

    def create_backends(self, states: Sequence[RemoteState]) -> None:
        """Create the buckets and lock tables of states in S3 that do not exist."""

    def locks(self, bucket: str, suffix: str) -> Locks: ...
    def states(self) -> States: ...
    def sweeper(self, bucket: str, suffix: str) -> Sweeper: ...
    def terraform(self, *, environment: str, suffix: str) -> TerraformTools: ...
    def inventory(self, suffix: str) -> Sequence[CloudResource]:
        """Ask every service for resources of the deployment."""

    def examine(self, plan: StackPlan, *, singletons: bool = True) -> Sequence[Diagnostic]:
        """Find what in the account would make the plan fail: quotas, leftovers, other owners, the caller; each with the fix.

        Without ``singletons`` what an account has once is left out.
        """

    def retire(self) -> None:
        """Let the local cloud end after a while; does nothing on AWS."""


class Connector(Protocol):
    """Opens targets."""

    def account_id(self, target: Target) -> str | None:
        """Tell the account without a connection; None if only the target knows it."""

    def connect(self, target: Target, *, start: bool) -> Account | None:
        """Connect; returns None if the local cloud does not run and ``start`` is false.

        Raises UsageError: no credentials, or the target is AWS and endpoints are overridden; PlatformctlError: the
        local cloud did not start.
        """

    def environment(self, target: Target, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return an environment for programs of the repository that reaches no other target: on the local one not AWS."""

    def offline(self) -> Account:
        """Return what stands in for an account where nothing needs one."""


class Run(Protocol):
    """What one run leaves on disk."""

    @property
    def id(self) -> str: ...
    @property
    def logs(self) -> Path: ...
    @property
    def report_file(self) -> Path: ...
    def append(self, event: Event) -> None: ...


class Journal(Protocol):
    """The runs of a project, and the locks between processes on this machine."""

    def new_run(self, suffix: str) -> Run: ...
    def durations(self, *, command: str, environment: str) -> Mapping[str, float]: ...
    def record_durations(self, *, command: str, environment: str, seconds: Mapping[str, float]) -> None: ...
    def exclusive(self, *, target: str, suffix: str) -> AbstractContextManager[None]:
        """Hold the deployment for this process; UsageError when another one works on it."""

    def register_held(self, *, target: str) -> AbstractContextManager[None]:
        """Hold the register of deployments; waits for others."""


class Platform(Protocol):
    """What a platform adds to the deployments of its live tree."""

    def made_from(self) -> Mapping[Path, Path]:
        """Return the folders that hold what the platform builds, each with the folder that it is built from."""

    def settings(self, registered: Settings | None, account: Account | None) -> Settings:
        """Decide on a deployment's settings: those of the caller, else the registered ones, else defaults."""

    def variables(self, settings: Settings, account_id: str) -> Mapping[str, str]:
        """Return the environment variables that the live tree reads."""

    def require_room(self, applicant: "Applicant") -> None:
        """Refuse a deployment that would conflict with another one in the account, with UsageError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A deployment that is about to be planned or applied, for the platform to judge.

    ``every``: all units of the environment; ``selected``: those of the run; ``others``: the other deployments of the
    account.
    """

    suffix: str
    settings: Settings
    account: Account
    every: Collection[str]
    selected: Collection[str]
    others: Sequence[RegisteredDeployment]


class Sources(Protocol):
    """What the live tree takes from elsewhere."""

    def fetch(self, source: ModuleSource) -> Path:
        """Return the folder on this machine of what stands before ``//``; PlatformctlError if it cannot be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionDifference:
    """What differs between two revisions.

    ``paths``: files that were added, changed or removed, absolute. ``is_of_working_tree``: whether the working tree is
    what the second revision holds.
    """

    paths: frozenset[Path]
    is_of_working_tree: bool


class Repository(Protocol):
    """The version control of the project."""

    def difference(self, old: str, new: str) -> RevisionDifference:
        """Compare two revisions; UsageError when one does not exist, or there is no repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything outside, for one project.

    ``environ``: the environment variables that the live tree may read with ``get_env``. ``programs``: runs programs of the
    repository; None when that is not allowed.
    """

    project: Project
    connector: Connector
    journal: Journal
    platform: Platform
    sources: Sources
    repository: Repository
    environ: Mapping[str, str] = field(repr=False)
    programs: Programs | None = None
