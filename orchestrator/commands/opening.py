"""Opening a deployment, in one direction: account, bucket, register, settings, live tree (loaded once), and then the cloud.

Everything that can be refused is refused before anything is started.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Account, Ports, RegisteredDeployment, Settings
from orchestrator.commands.requests import DEFAULT_ENVIRONMENT, DeploymentRequest, slug
from orchestrator.commands.selection import narrowed
from orchestrator.commands.unregistered import Backends, NoSweeper, TerraformLocks
from orchestrator.config import (
    Generation,
    LocalSource,
    ModuleSource,
    Stack,
    Surroundings,
    environment_folder,
    environments,
    generate_stacks,
    load_stack,
    remote_states,
    unit_folders,
    uses_aws,
)
from orchestrator.diagnostics import ConfigurationError, Diagnostic, Severity
from orchestrator.engine.operations import Outputs, select
from orchestrator.errors import UsageError


def open_deployment(request: DeploymentRequest, ports: Ports, operator: Operator, *, start: bool) -> Deployment | None:
    """Connect to the deployment's cloud once the live tree has been checked.

    ``start``: start the local cloud if it does not run; otherwise None is returned, because there is no deployment.
    Raises UsageError: bad input, no credentials, or the suffix belongs to another environment; ConfigurationError:
    mistakes in the live tree; PlatformctlError if the local cloud did not start.
    """
    if not ports.project.has_suffixes:
        return _open_tree(request, ports, operator, start=start)
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
    request = narrowed(request, stack, ports, operator)
    select(stack, request.only)
    if account is None and start:
        account = ports.connector.connect(request.target, start=True)
    if account is None:
        return None
    return deployment_of(request, stack, account, settings)


def _open_tree(request: DeploymentRequest, ports: Ports, operator: Operator, *, start: bool) -> Deployment | None:
    """Open a tree without suffixes; a cloud is connected to only if one of its units uses AWS."""
    stack = load(request, ports, operator, environment=environment_of(request, ports))
    request = narrowed(request, stack, ports, operator)
    select(stack, request.only)
    if uses_aws(stack):
        account = ports.connector.connect(request.target, start=start)
        if account is None:
            return None
    else:
        account = ports.connector.offline()
    terraform = account.terraform(environment=slug(stack.environment), suffix=request.suffix)
    return Deployment(
        request=request,
        stack=stack,
        settings={},
        account=account,
        bucket=Backends(account=account, states=remote_states(stack)),
        locks=TerraformLocks(),
        sweeper=NoSweeper(),
        outputs=Outputs(stack=stack, states=terraform.states(account.states())),
        terraform=terraform,
        is_registered=False,
    )


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
    stack = read_stack(request, ports, environment=environment, settings=settings, account=account)
    require_correct(stack.check(), operator)
    return stack


def read_stack(
    request: DeploymentRequest,
    ports: Ports,
    *,
    environment: str,
    settings: Settings | None = None,
    account: Account | None = None,
) -> Stack:
    """Read an environment as ``load`` does; what ``Stack.check`` finds is left to the caller."""
    variables = tree_variables(request, ports, account, settings)
    surroundings = surroundings_of(request, ports, account, environment)
    generate_tree(environment, variables, ports, surroundings)
    return load_stack(live=ports.project.live, environment=environment, env=variables, surroundings=surroundings)


def require_correct(findings: Sequence[Diagnostic], operator: Operator) -> None:
    """Show warnings; raises ConfigurationError with the errors if there are any."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise ConfigurationError(errors)
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if warnings:
        operator.warn(warnings)


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
    variables = tree_variables(request, ports, account)
    mistakes: ConfigurationError | None = None
    for environment in names:
        folder = ports.project.live / environment
        try:
            surroundings = surroundings_of(request, ports, account, environment)
            generate_tree(environment, variables, ports, surroundings)
        except ConfigurationError as error:
            mistakes = mistakes or error
            continue
        for unit in [found.relative_to(folder).as_posix() for found in unit_folders(folder)[:1]]:
            try:
                stack = load_stack(
                    live=ports.project.live,
                    environment=environment,
                    env=variables,
                    names=[unit],
                    surroundings=surroundings,
                )
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
    """Choose the environment of what is not registered: the requested one, that of the working directory, the only one, "dev"."""
    chosen = request.environment or ports.project.working
    if chosen is not None:
        return chosen
    names = environments(ports.project.live)
    return names[0] if len(names) == 1 else DEFAULT_ENVIRONMENT


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


def surroundings_of(
    request: DeploymentRequest, ports: Ports, account: Account | None, environment: str
) -> Surroundings:
    def stand_in(what: str) -> str:
        # Without a connection AWS is not called, so any caller will do; see tree_variables.
        number = ports.connector.account_id(request.target) or "0" * 12
        stand_ins = {"account_alias": "", "arn": f"arn:aws:iam::{number}:root"}
        return stand_ins.get(what, number)

    return Surroundings(
        command=request.terraform_command,
        programs=ports.programs,
        isolated=lambda environ: ports.connector.environment(request.target, environ),
        caller=account.caller if account else stand_in,
        modules=_fetched(ports),
        workspaces=ports.project.workspaces(str(request.target), environment, request.suffix),
    )


def _fetched(ports: Ports) -> Callable[[ModuleSource], LocalSource]:
    def fetch(source: ModuleSource) -> LocalSource:
        return LocalSource(root=ports.sources.fetch(source), subdirectory=source.subdirectory)

    return fetch


def generate_tree(
    environment: str, variables: Mapping[str, str], ports: Ports, surroundings: Surroundings
) -> Generation:
    """Generate what the stack files of an environment declare, so that its units can be read.

    Raises UsageError: no such environment; ConfigurationError: every mistake in the stack files.
    """
    folder = environment_folder(ports.project.live, environment)
    return generate_stacks(folder, env=variables, fetch=ports.sources.fetch, surroundings=surroundings)


def tree_variables(
    request: DeploymentRequest, ports: Ports, account: Account | None = None, settings: Settings | None = None
) -> dict[str, str]:
    """Return the environment variables that the live tree is read with; without settings with the platform's defaults."""
    settings = ports.platform.settings(None, None) if settings is None else settings
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
    return replace(request, only=(), filters=())
