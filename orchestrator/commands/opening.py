"""Opening a deployment, in one direction: account, bucket, register, settings, live tree (loaded once), and then the cloud.

Everything that can be refused is refused before anything is started.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import (
    Account,
    Applicant,
    Locks,
    Ports,
    RegisteredDeployment,
    Settings,
    StateBucket,
    Sweeper,
    TerraformTools,
)
from orchestrator.commands.requests import DEFAULT_ENVIRONMENT, DeploymentRequest
from orchestrator.config import EvaluatedUnit, Stack, environments, load_stack, unit_folders
from orchestrator.diagnostics import ConfigurationError, Severity
from orchestrator.engine.environments import (
    LastRun,
    Lifetime,
    has_expired,
    merged_units,
    orphaned,
    stand_in,
    state_units,
)
from orchestrator.engine.operations import Outputs, select
from orchestrator.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment whose cloud can be reached. ``settings``: what the platform registers with it."""

    request: DeploymentRequest
    stack: Stack
    settings: Settings
    account: Account
    bucket: StateBucket
    locks: Locks
    sweeper: Sweeper
    outputs: Outputs
    terraform: TerraformTools

    @property
    def suffix(self) -> str:
        return self.request.suffix

    def place(self) -> str:
        """Name the target and the account, for messages."""
        return f"{self.request.target.description} (account {self.account.account_id})"

    def state_keys(self) -> dict[str, str]:
        """Return the key of each unit's state, by unit of the live tree."""
        return {name: unit.state_address().key for name, unit in self.stack.units.items()}

    def orphan_keys(self) -> dict[str, str]:
        """Return the keys of states whose units are no longer in the live tree, by unit name."""
        if not self.bucket.exists():
            return {}
        return orphaned(self.bucket.keys(f"{self.suffix}/"), self.state_keys())

    def with_orphans(self) -> "Deployment":
        """Return the deployment with its orphaned units among the outputs, so that they can be destroyed."""
        keys = self.orphan_keys()
        if not keys:
            return self
        unit = next(iter(self.stack.units.values()))
        template, key, nothing = unit.evaluate({}), unit.state_address().key, self.terraform.no_module()
        orphans: dict[str, EvaluatedUnit] = {
            name: stand_in(template, name=name, key=key, state_key=state_key, nothing=nothing)
            for name, state_key in keys.items()
        }
        return replace(self, outputs=Outputs(stack=self.stack, states=self.account.states(), orphans=orphans))

    def require_room(self, ports: Ports, units: Sequence[str]) -> None:
        """Let the platform refuse a deployment that would take something from another one in the account."""
        known = self.bucket.deployments() if self.bucket.exists() else ()
        ports.platform.require_room(
            Applicant(
                suffix=self.suffix,
                settings=self.settings,
                account=self.account,
                every=self.stack.units.keys(),
                selected=units,
                others=[other for other in known if other.suffix != self.suffix],
            )
        )

    def register(self, *, units: Sequence[str], lifetime: Lifetime | None, now: datetime) -> None:
        """Record the deployment in the state bucket, so that no other environment takes its suffix.

        ``units``: those about to be applied; their dependencies are recorded. ``lifetime``: how long it may live from
        now on; None leaves what is registered. ``now``: in UTC.
        """
        applied = {name: self.stack.graph.dependencies[name] for name in units}
        states = state_units(self.suffix, self.bucket.keys(f"{self.suffix}/"), self.state_keys())

        def change(known: RegisteredDeployment | None) -> RegisteredDeployment:
            created = now.isoformat(timespec="seconds")
            known = known or RegisteredDeployment(suffix=self.suffix, environment="", created=created)
            return replace(
                known,
                environment=self.stack.environment,
                settings=self.settings,
                expires=lifetime.end(now) if lifetime else known.expires,
                units=merged_units(known.units, applied, states),
            )

        self.bucket.update(self.suffix, change)

    def has_expired(self, now: datetime) -> bool:
        known = self.bucket.deployment(self.suffix)
        return known is not None and has_expired(expiry(known), now)

    def record_run(self, last_run: LastRun) -> None:
        """Record the run that has just ended, if the deployment is still registered."""
        self.bucket.update(self.suffix, lambda known: known and replace(known, last_run=last_run))


def expiry(known: RegisteredDeployment) -> datetime | None:
    """Read when a registered deployment expires; None for never."""
    return parse_moment(known.expires) if known.expires is not None else None


def parse_moment(text: str) -> datetime:
    """Parse a moment in ISO 8601; without a zone it is in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def open_deployment(request: DeploymentRequest, ports: Ports, operator: Operator, *, start: bool) -> Deployment | None:
    """Connect to the deployment's cloud once the live tree has been checked.

    ``start``: start the local cloud if it does not run; otherwise None is returned, because there is no deployment.
    Raises UsageError: bad input, no credentials, or the suffix belongs to another environment; ConfigurationError:
    mistakes in the live tree; PlatformctlError if the local cloud did not start.
    """
    try:
        account = ports.connector.connect(request.target, start=False)
    except UsageError:
        # Mistakes in the live tree are reported first: they can be corrected without credentials.
        load(request, ports, operator, environment=environment_of(request, ports))
        raise
    registered = _registered(request, ports, account) if account else None
    # A record from before there were environments has none.
    if registered and registered.environment and request.environment not in {None, registered.environment}:
        raise UsageError(
            "The suffix belongs to another environment",
            detail=f'"{request.suffix}" on {request.target.description} was made of environment '
            f"{registered.environment}, not {request.environment}.",
            hint=f"Pass --env {registered.environment}, or choose another suffix.",
        )
    environment = (registered and registered.environment) or environment_of(request, ports)
    settings = ports.platform.settings(registered.settings if registered else None, account)
    stack = load(request, ports, operator, environment=environment, settings=settings, account=account)
    select(stack, request.only)
    if account is None and start:
        account = ports.connector.connect(request.target, start=True)
    if account is None:
        return None
    return deployment_of(request, stack, account, settings)


def deployment_of(request: DeploymentRequest, stack: Stack, account: Account, settings: Settings) -> Deployment:
    """Put a deployment together without calling the cloud."""
    bucket = account.bucket(bucket_name(stack))
    return Deployment(
        request=request,
        stack=stack,
        settings=settings,
        account=account,
        bucket=bucket,
        locks=account.locks(bucket.name, request.suffix),
        sweeper=account.sweeper(bucket.name, request.suffix),
        outputs=Outputs(stack=stack, states=account.states()),
        terraform=account.terraform(environment=stack.environment, suffix=request.suffix),
    )


def load(
    request: DeploymentRequest,
    ports: Ports,
    operator: Operator,
    *,
    environment: str,
    settings: Settings | None = None,
    account: Account | None = None,
) -> Stack:
    """Read an environment and check everything that can be checked without a cloud.

    ``settings``: what the platform registers with the deployment; None for its defaults. ``account``: None if nothing
    is connected. Raises UsageError: no such environment; ConfigurationError: every mistake found in the live tree;
    PlatformctlError: a package of the platform cannot be built.
    """
    stack = load_stack(
        live=ports.project.live,
        environment=environment,
        env=_variables(request, ports, account, ports.platform.settings(None, None) if settings is None else settings),
    )
    findings = stack.check()
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise ConfigurationError(errors)
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if warnings:
        operator.warn(warnings)
    return stack


def bucket_name(stack: Stack) -> str:
    """Name the state bucket of the units; raises UsageError if they keep their states in different buckets."""
    names = {unit.state_address().bucket for unit in stack.units.values()}
    if len(names) != 1:
        raise UsageError(
            "Several state buckets",
            detail=f"The units of {stack.environment} name {len(names)} buckets: {', '.join(sorted(names))}.",
            hint="Let root.hcl alone configure remote_state.",
        )
    return names.pop()


def state_keys(stack: Stack) -> dict[str, str]:
    """Return the key of each unit's state."""
    return {name: unit.state_address().key for name, unit in stack.units.items()}


def find_bucket(request: DeploymentRequest, ports: Ports, account: Account, names: Iterable[str]) -> str:
    """Name the state bucket by one unit; all units share root.hcl, so any that can be read will do.

    ``names``: of environments, the likeliest first. Raises ConfigurationError: none of them can be read; UsageError:
    there is none.
    """
    variables = _variables(request, ports, account, ports.platform.settings(None, None))
    mistakes: ConfigurationError | None = None
    for environment in names:
        folder = ports.project.live / environment
        for unit in [found.relative_to(folder).as_posix() for found in unit_folders(folder)[:1]]:
            try:
                stack = load_stack(live=ports.project.live, environment=environment, env=variables, names=[unit])
                return stack.units[unit].state_address().bucket
            except ConfigurationError as error:
                mistakes = mistakes or error
    if mistakes:
        raise mistakes
    raise UsageError(
        "Live tree without environments",
        detail=f"{ports.project.live} holds no folder with units.",
        hint="An environment is a folder of live/ with units in it.",
    )


def environment_of(request: DeploymentRequest, ports: Ports) -> str:
    """Choose the environment of what is not registered: the requested one, else the only one, else "dev"."""
    names = environments(ports.project.live)
    return request.environment or (names[0] if len(names) == 1 else DEFAULT_ENVIRONMENT)


def likely_environments(ports: Ports, first: str = DEFAULT_ENVIRONMENT) -> list[str]:
    """Return the environments of the live tree, the named one first."""
    return sorted(environments(ports.project.live), key=lambda name: (name != first, name))


def _registered(request: DeploymentRequest, ports: Ports, account: Account) -> RegisteredDeployment | None:
    try:
        name = find_bucket(request, ports, account, likely_environments(ports, environment_of(request, ports)))
    except ConfigurationError:
        # Loading the whole tree collects every mistake, not only those of one unit.
        return None
    bucket = account.bucket(name)
    return bucket.deployment(request.suffix) if bucket.exists() else None


def _variables(request: DeploymentRequest, ports: Ports, account: Account | None, settings: Settings) -> dict[str, str]:
    account_id = account.account_id if account else ports.connector.account_id(request.target)
    # Without a connection the account is not called, so any number will do.
    account_id = account_id or "0" * 12
    return {
        **ports.environ,
        "PLATFORM_SUFFIX": request.suffix,
        "PLATFORM_TARGET": str(request.target),
        "PLATFORM_ACCOUNT_ID": account_id,
        **ports.platform.variables(settings, account_id),
    }


def without_selection(request: DeploymentRequest) -> DeploymentRequest:
    """Return the request for the whole deployment, for a selection that is checked later."""
    return replace(request, only=())
