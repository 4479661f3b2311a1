"""List and reap: all deployments on a target, and the destruction of expired ones."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orchestrator.commands.deployment import expiry, parse_moment
from orchestrator.commands.destroy import destroy
from orchestrator.commands.opening import find_bucket, likely_environments, load, state_keys
from orchestrator.commands.operators import DeploymentList, Operator, Question
from orchestrator.commands.ports import Account, Ports, RegisteredDeployment, StateBucket
from orchestrator.commands.requests import DeploymentRequest, DestroyRequest, Target
from orchestrator.commands.unregistered import require_register
from orchestrator.config import environments
from orchestrator.diagnostics import ConfigurationError
from orchestrator.engine.environments import Environment, has_expired, state_units
from orchestrator.errors import ExitCode, PlatformctlError

_ANY_SUFFIX = "stand-in-for-suffix"
"""Stands for any suffix: the live tree decides on the keys of states, which differ by the suffix only."""
_READERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Every deployment on a target, by suffix.

    ``unreadable``: environments with mistakes in the live tree, so the orphans of their deployments are not known.
    """

    environments: tuple[Environment, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReapResult:
    """The suffixes that were destroyed, and those that were not."""

    code: ExitCode = ExitCode.OK
    destroyed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def list_deployments(target: Target, ports: Ports, operator: Operator) -> Listing:
    """List the deployments that are registered on a target, and those that only have states.

    Raises UsageError if there are no credentials; ConfigurationError: no environment of the live tree can be read;
    PlatformctlError: AWS did not answer.
    """
    register = _open(target, ports, operator)
    return register.listing() if register else Listing()


def reap(
    target: Target, ports: Ports, operator: Operator, *, confirmed: bool = False, dry_run: bool = False
) -> ReapResult:
    """Destroy every expired deployment, one after the other; a failure does not stop the rest.

    The operator is asked once, with the list. Each deployment is checked again when its turn comes: somebody may have
    given it more time, or destroyed it. Raises UsageError if there are no credentials, or the operator refused.
    """
    now = datetime.now(UTC)
    register = _open(target, ports, operator)
    expired = tuple(item for item in register.listing().environments if item.has_expired(now)) if register else ()
    if register is None or not expired:
        operator.say(f"Nothing has expired on {target.description}.")
        return ReapResult()
    operator.show(DeploymentList(environments=expired))
    if dry_run:
        return ReapResult()
    if not confirmed:
        operator.approve(_question(len(expired), target))

    def still_expired(suffix: str) -> bool:
        known = register.bucket.deployment(suffix)
        return known is not None and has_expired(expiry(known), datetime.now(UTC))

    return _reap_each(expired, still_expired, ports, operator)


def _reap_each(
    expired: Iterable[Environment], still_expired: Callable[[str], bool], ports: Ports, operator: Operator
) -> ReapResult:
    destroyed: list[str] = []
    failed: list[str] = []
    for item in expired:
        try:
            if not still_expired(item.suffix):
                operator.say(f'"{item.suffix}" is no longer expired; skipping it.')
                continue
            operator.say(f'\ndestroying "{item.suffix}"')
            request = DestroyRequest(
                suffix=item.suffix, environment=item.environment, target=Target(item.target), confirmed=True
            )
            code = destroy(request, ports, operator).code
        except PlatformctlError as error:
            operator.report(error)
            code = error.exit_code
        if code is ExitCode.INTERRUPTED:
            return ReapResult(code=code, destroyed=tuple(destroyed), failed=tuple(failed))
        (destroyed if code is ExitCode.OK else failed).append(item.suffix)
    if failed:
        operator.say(f"Not destroyed: {', '.join(failed)}.")
    code = ExitCode.FAILED if failed else ExitCode.OK
    return ReapResult(code=code, destroyed=tuple(destroyed), failed=tuple(failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Register:
    """The register of one target, beside the live tree as it is now."""

    request: DeploymentRequest
    ports: Ports
    operator: Operator
    account: Account
    bucket: StateBucket
    unreadable: list[str] = field(default_factory=list)
    _keys: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def listing(self) -> Listing:
        if not self.bucket.exists():
            return Listing()
        by_suffix: dict[str, list[str]] = {}
        for key in self.bucket.keys(prefix=""):
            suffix, slash, _ = key.partition("/")
            if slash:
                by_suffix.setdefault(suffix, []).append(key)
        with ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="state") as pool:
            records = dict(zip(by_suffix, pool.map(self.bucket.deployment, by_suffix), strict=True))
            states = {suffix: self._states(suffix, keys, records[suffix]) for suffix, keys in by_suffix.items()}
            every = sorted({key for units in states.values() for key in units.values()})
            resources = dict(zip(every, pool.map(self.bucket.resources, every), strict=True))
        found = tuple(
            self._environment(suffix, records[suffix], {unit: resources[key] for unit, key in states[suffix].items()})
            for suffix in sorted(by_suffix)
            if records[suffix] is not None or states[suffix]
        )
        return Listing(environments=found, unreadable=tuple(self.unreadable))

    def _states(self, suffix: str, keys: Iterable[str], record: RegisteredDeployment | None) -> dict[str, str]:
        known = (self._known(record.environment) if record else None) or {}
        return state_units(suffix, keys, {name: key.replace(_ANY_SUFFIX, suffix) for name, key in known.items()})

    def _environment(self, suffix: str, record: RegisteredDeployment | None, resources: dict[str, int]) -> Environment:
        known = self._known(record.environment) if record else None
        return Environment(
            suffix=suffix,
            environment=(record.environment or None) if record else None,
            target=str(self.request.target),
            created=parse_moment(record.created) if record and record.created else None,
            expires=expiry(record) if record else None,
            last_run=record.last_run if record else None,
            resources=resources,
            orphans=() if known is None else tuple(sorted(resources.keys() - known.keys())),
        )

    def _known(self, environment: str) -> dict[str, str] | None:
        """Return the keys of an environment's states by unit; None if its live tree cannot be read, or the record names none."""
        if not environment:
            return None
        if environment not in self._keys:
            self._keys[environment] = self._read(environment)
        return self._keys[environment]

    def _read(self, environment: str) -> dict[str, str] | None:
        if environment not in environments(self.ports.project.live):
            # The whole folder has been removed, so all its units are orphans.
            return {}
        try:
            stack = load(self.request, self.ports, self.operator, environment=environment, account=self.account)
        except ConfigurationError:
            self.unreadable.append(environment)
            return None
        return state_keys(stack)


def _open(target: Target, ports: Ports, operator: Operator) -> _Register | None:
    """Connect to the target's register; None if the target is a local cloud that does not run."""
    require_register(has_suffixes=ports.project.has_suffixes, command="list")
    account = ports.connector.connect(target, start=False)
    if account is None:
        return None
    request = DeploymentRequest(suffix=_ANY_SUFFIX, target=target)
    bucket = account.bucket(find_bucket(request, ports, account, likely_environments(ports)))
    return _Register(request=request, ports=ports, operator=operator, account=account, bucket=bucket)


def _question(count: int, target: Target) -> Question:
    what = f"{count} deployment{'s' if count != 1 else ''} on {target.description}"
    return Question(
        text=f"This destroys {what}, with all their data.",
        word="reap",
        detail=f"Destroying {what} has to be confirmed, and there is no terminal to ask on.",
    )
