"""Opening a deployment: the one place where stack, cloud, states and Terraform are wired together.

Order matters and is kept here: everything that can be refused is refused before anything is started.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from orchestrator.adapters.aws.session import (
    CloudSession,
    aws_session,
    deploying_principal,
    local_session,
    require_no_overrides,
)
from orchestrator.adapters.aws.state_bucket import Deployment as Registered
from orchestrator.adapters.aws.state_bucket import StateBucket, state_keys
from orchestrator.adapters.aws.states import S3States
from orchestrator.adapters.local_cloud import ACCOUNT_ID, LocalCloud, stripped
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.packages import ensure_packages
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.runner import Runner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.cli import console
from orchestrator.cli.options import (
    ACCOUNT_SETTINGS,
    DEFAULT_ENVIRONMENT,
    Target,
    check_account_settings,
    check_suffix,
)
from orchestrator.cli.project import Project, find_project
from orchestrator.config import Stack, load_stack
from orchestrator.diagnostics import ConfigurationError, Diagnostic, Severity
from orchestrator.display.diagnostics import print_diagnostics
from orchestrator.engine.environments import LastRun, Lifetime, has_expired, merged_units, state_units
from orchestrator.engine.operations import Outputs, select
from orchestrator.errors import PlatformctlError, UsageError

PROVIDER_MODE = "PLATFORMCTL_PROVIDER"
"""Environment variable: "shared" for one provider process, "launch" for one per Terraform command."""

DATABASE_PRINCIPALS = "PLATFORM_DATABASE_PRINCIPALS"
"""Environment variable: the IAM roles and users who may log in to the database, by ARN, with commas between."""

_UNKNOWN_ACCOUNT = "000000000000"
_LOCAL_PARALLELISM = 40
_AWS_PARALLELISM = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for, checked as far as its text goes."""

    project: Project
    suffix: str
    target: Target
    environment: str | None = None
    only: tuple[str, ...] = ()
    account_settings: tuple[str, ...] | None = None


def request(
    *,
    suffix: str,
    target: Target,
    environment: str | None,
    only: Sequence[str] | None = None,
    account_settings: str | None = None,
) -> Request:
    """Check the options that every deployment command has.

    Raises:
        UsageError: the suffix is malformed, this is no project, or the target is AWS and endpoints are overridden.

    """
    checked = check_suffix(suffix)
    if target is Target.AWS:
        require_no_overrides(os.environ)
    return Request(
        project=find_project(),
        suffix=checked,
        target=target,
        environment=environment,
        only=tuple(only or ()),
        account_settings=None if account_settings is None else check_account_settings(account_settings),
    )


def load(
    asked: Request,
    *,
    environment: str,
    account_id: str,
    account_settings: Sequence[str] = ACCOUNT_SETTINGS,
    database_principals: Sequence[str] = (),
    target: Target | None = None,
) -> Stack:
    """Read the environment and check everything that can be checked without a cloud; prints warnings.

    The functions' packages are built first if they are not as their sources are: the live tree reads their hashes.

    Raises:
        UsageError: no such environment or unit.
        ConfigurationError: every mistake found in the live tree.
        PlatformctlError: a package cannot be built.

    """
    variables = dict(os.environ) | {
        "PLATFORM_SUFFIX": asked.suffix,
        "PLATFORM_TARGET": str(target or asked.target),
        "PLATFORM_ACCOUNT_ID": account_id,
        "PLATFORM_ACCOUNT_SETTINGS": ",".join(account_settings),
        DATABASE_PRINCIPALS: ",".join(database_principals or _stand_in(account_id)),
    }
    if asked.project.functions.is_dir():
        variables["PLATFORM_PACKAGES"] = str(ensure_packages(asked.project.folder, asked.project.home, say=_say))
    stack = load_stack(live=asked.project.live, environment=environment, env=variables)
    findings = stack.check()
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise ConfigurationError(errors)
    _print_warnings(findings, asked.project)
    return stack


def _stand_in(account_id: str) -> tuple[str, ...]:
    """A role, where nothing is asked of AWS and every name will do."""
    return (f"arn:aws:iam::{account_id}:role/deployer",)


def _named_principals() -> tuple[str, ...]:
    return tuple(name.strip() for name in os.environ.get(DATABASE_PRINCIPALS, "").split(",") if name.strip())


def _say(line: str) -> None:
    console.err.print(line, markup=False, soft_wrap=True)


def _print_warnings(findings: Sequence[Diagnostic], project: Project) -> None:
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if warnings:
        print_diagnostics(console.err, warnings, base=project.folder)
        console.err.print()


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment whose cloud can be reached.

    Attributes:
        account_settings: what it owns of the things that AWS has once per account and region.
        database_principals: the IAM roles and users who may log in to its database.

    """

    asked: Request
    stack: Stack
    account_settings: tuple[str, ...]
    database_principals: tuple[str, ...]
    session: CloudSession
    cloud: LocalCloud | None
    states: S3States
    outputs: Outputs
    modules: Modules

    @cached_property
    def bucket(self) -> StateBucket:
        """The state bucket that the live tree names.

        Raises:
            UsageError: units keep their states in different buckets.

        """
        names = {unit.state_address().bucket for unit in self.stack.units.values()}
        if len(names) != 1:
            raise UsageError(
                "Several state buckets",
                detail=f"The units of {self.stack.environment} name {len(names)} buckets: {', '.join(sorted(names))}.",
                hint="Let root.hcl alone configure remote_state.",
            )
        return StateBucket(self.session, names.pop())

    @cached_property
    def toolchain(self) -> Toolchain:
        project = self.asked.project
        return Toolchain(
            live=project.live,
            folder=project.home / "terraform",
            environ=self.session.environ,
            processes=Processes(records=project.home / "processes"),
        )

    @property
    def terraform_parallelism(self) -> int:
        # Locally almost all time is waiting inside the provider; AWS throttles what asks too fast.
        return _LOCAL_PARALLELISM if self.asked.target is Target.LOCAL else _AWS_PARALLELISM

    @contextmanager
    def providers(self) -> Iterator[SharedProviders | None]:
        """The shared provider processes of the run; None where every command launches its own."""
        mode = os.environ.get(PROVIDER_MODE) or ("shared" if self.asked.target is Target.LOCAL else "launch")
        if mode not in {"shared", "launch"}:
            raise UsageError(
                "Unknown provider mode",
                detail=f'{PROVIDER_MODE} is "{mode}".',
                hint='Set it to "shared" or "launch", or unset it.',
            )
        # With a CA bundle of one's own, the second configuration of a provider process fails (provider 5.100.0: "unable to
        # add custom RootCAs HTTPClient").
        if mode == "launch" or self.session.environ.get("AWS_CA_BUNDLE"):
            yield None
            return
        with SharedProviders(
            executable=lambda: self.toolchain.provider_executable,
            environment=self.toolchain.environment,
            log=self.asked.project.home / "terraform" / "provider.log",
        ) as providers:
            yield providers

    def runner(self, providers: SharedProviders | None) -> Runner:
        return Runner(
            toolchain=self.toolchain,
            workspaces=self.workspaces,
            modules=self.modules,
            providers=providers,
            parallelism=self.terraform_parallelism,
        )

    @property
    def workspaces(self) -> Workspaces:
        folder = self.asked.project.home / "work" / f"{self.asked.target}-{self.stack.environment}" / self.asked.suffix
        return Workspaces(root=folder)

    def planner(self, providers: SharedProviders | None) -> StackPlanner:
        return StackPlanner(
            toolchain=self.toolchain,
            modules=self.modules,
            providers=providers,
            home=self.asked.project.home,
            parallelism=self.terraform_parallelism,
        )

    def register(self, *, units: Sequence[str] | None = None, lifetime: Lifetime | None = None) -> None:
        """Note the deployment in the state bucket, so that no other environment takes its suffix.

        Args:
            units: those that are about to be applied, whose dependencies are noted; None for all.
            lifetime: how long it may live from now on; None leaves what is registered.

        """
        suffix, now = self.asked.suffix, datetime.now(UTC)
        applied = {name: self.stack.graph.dependencies[name] for name in (self.stack.units if units is None else units)}
        states = state_units(suffix, self.bucket.keys(f"{suffix}/"), state_keys(self.stack))

        def change(known: Registered | None) -> Registered:
            return Registered(
                suffix=suffix,
                environment=self.stack.environment,
                created=known.created if known else now.isoformat(timespec="seconds"),
                account_settings=self.account_settings,
                database_principals=self.database_principals,
                expires=lifetime.end(now) if lifetime else known.expires if known else None,
                units=merged_units(known.units if known else {}, applied, states),
                last_run=known.last_run if known else None,
            )

        self.bucket.update(suffix, change)

    def has_expired(self) -> bool:
        """Whether its registered time to live is over."""
        known = self.bucket.deployment(self.asked.suffix)
        expires = known.expires if known is not None else None
        return expires is not None and has_expired(datetime.fromisoformat(expires), datetime.now(UTC))

    def note_run(self, *, run: str, command: str, exit_code: int) -> None:
        """Note the run that has just ended, unless nothing is left of the deployment."""
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        ended = LastRun(id=run, command=command, finished=finished, exit_code=exit_code)
        try:
            self.bucket.update(self.asked.suffix, lambda known: known and replace(known, last_run=ended))
        except PlatformctlError as error:
            # How the run ended matters more, and is said elsewhere.
            _say(f"platformctl list will not know of this run: {error.summary}. {error.detail}")


def isolate(cloud: LocalCloud) -> dict[str, str]:
    """Make this process one that knows the local cloud and no other: boto3 and every child read its environment."""
    kept = stripped(os.environ)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(cloud.environment())
    return dict(os.environ)


def open_deployment(asked: Request, *, start: bool) -> Deployment | None:
    """Connect to the deployment's cloud, after the live tree has been found in order.

    Args:
        asked: what the user asked for.
        start: start the local cloud when it does not run; else None is returned then, for there is no deployment.

    Raises:
        UsageError: bad input, no credentials, or the suffix belongs to another environment.
        ConfigurationError: mistakes in the live tree.
        PlatformctlError: the local cloud did not start.

    """
    account_id = ACCOUNT_ID if asked.target is Target.LOCAL else _UNKNOWN_ACCOUNT
    environment = asked.environment or DEFAULT_ENVIRONMENT
    owns = ACCOUNT_SETTINGS if asked.account_settings is None else asked.account_settings
    people = _named_principals() or _stand_in(account_id)
    stack = load(
        asked, environment=environment, account_id=account_id, account_settings=owns, database_principals=people
    )
    select(stack, asked.only)
    cloud = None
    if asked.target is Target.LOCAL:
        cloud = LocalCloud(asked.project.local_cloud)
        status = cloud.start() if start else cloud.status()
        if status.endpoint is None:
            return None
        session = local_session(isolate(cloud), endpoint=status.endpoint, account_id=status.account_id)
    else:
        session = aws_session(os.environ)
        stack = load(
            asked,
            environment=environment,
            account_id=session.account_id,
            account_settings=owns,
            database_principals=people,
        )
    deployment = _deployment(asked, stack, session, cloud, owns, people)
    registered = deployment.bucket.deployment(asked.suffix) if deployment.bucket.exists() else None
    if registered is not None:
        if asked.environment is not None and registered.environment != environment:
            raise UsageError(
                "The suffix belongs to another environment",
                detail=f'"{asked.suffix}" on {asked.target.description} was made of environment '
                f"{registered.environment}, not {environment}.",
                hint=f"Pass --env {registered.environment}, or choose another suffix.",
            )
        environment = registered.environment
        if asked.account_settings is None:
            owns = registered.account_settings
    people = _named_principals() or (registered.database_principals if registered else ())
    if not people:
        people = (deploying_principal(session),) if asked.target is Target.AWS else _stand_in(account_id)
    if (environment, owns, people) == (stack.environment, deployment.account_settings, deployment.database_principals):
        return deployment
    # What was guessed before the register could be read was wrong.
    stack = load(
        asked,
        environment=environment,
        account_id=session.account_id,
        account_settings=owns,
        database_principals=people,
    )
    select(stack, asked.only)
    return _deployment(asked, stack, session, cloud, owns, people)


def _deployment(
    asked: Request,
    stack: Stack,
    session: CloudSession,
    cloud: LocalCloud | None,
    account_settings: tuple[str, ...],
    database_principals: tuple[str, ...],
) -> Deployment:
    states = S3States(session)
    return Deployment(
        asked=asked,
        stack=stack,
        account_settings=account_settings,
        database_principals=database_principals,
        session=session,
        cloud=cloud,
        states=states,
        outputs=Outputs(stack=stack, states=states),
        modules=Modules(asked.project.home / "sources"),
    )
