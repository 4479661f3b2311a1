"""Recover: repair a deployment after a run was killed.

kill -9 leaves three things behind: Terraform processes that outlive platformctl, locks on states, and resources in no state.
``up`` and ``destroy`` repair that by themselves on the local cloud. On AWS they refuse to start: somebody has to look first.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Findings, Operator, Question
from orchestrator.commands.ports import KeptLeftover, Lock, Ports, TerraformProcess
from orchestrator.commands.requests import DeploymentRequest, RecoverRequest, Target
from orchestrator.commands.unregistered import require_register
from orchestrator.errors import PlatformctlError, UsageError

_POLL_SECONDS = 0.5


def recover(request: RecoverRequest, ports: Ports, operator: Operator) -> Findings:
    """Remove what a killed run left behind; nothing that is in a state is touched.

    Waits for Terraform processes that outlived their platformctl, removes resources that are in no state, and releases
    the locks of dead processes. The operator sees what was found and is asked first. Raises UsageError: bad input,
    somebody else may be at work, or the operator refused, nothing was changed; PlatformctlError: a resource that is in
    no state could not be removed.
    """
    require_register(has_suffixes=ports.project.has_suffixes, command="recover")
    target = request.target
    with ports.journal.exclusive(target=str(target), suffix=request.suffix):
        deployment = open_deployment(request, ports, operator, start=False)
        if deployment is None:
            operator.say(f'Nothing to recover: there is no "{request.suffix}" on {target.description}.')
            return Findings()
        if not request.dry_run:
            _wait_for_terraform(deployment, operator)
        found = examine(deployment)
        operator.show(found)
        if not found:
            operator.say(f'Nothing to recover: "{request.suffix}" on {target.description} matches its states.')
        if not found or request.dry_run:
            return found
        if found.foreign and not request.release_foreign_locks:
            raise _held_by_others(found.foreign, request)
        if not request.confirmed:
            operator.approve(_question(deployment, found))
        _clean_up(deployment, (*found.left_behind, *found.foreign), operator, types=None)
        operator.say(f'"{request.suffix}" matches its states, and nobody holds a lock on it.')
        return found


def make_way(deployment: Deployment, operator: Operator) -> None:
    """Prepare for a run that changes something: repair on the local cloud what an earlier run left; on AWS refuse to start.

    Raises UsageError if somebody else may be at work, or on AWS the deployment is locked; PlatformctlError: a resource
    that is in no state could not be removed.
    """
    if deployment.request.target is Target.LOCAL:
        _repair(deployment, operator)
    else:
        _require_unlocked(deployment)


def examine(deployment: Deployment) -> Findings:
    """Look for everything that a killed run leaves behind; nothing is changed."""
    working = deployment.terraform.at_work()
    left_behind, foreign = _sorted_out(deployment, deployment.locks.list(), working)
    missing = () if working else deployment.sweeper.unrecorded()
    return Findings(working=working, left_behind=left_behind, foreign=foreign, unrecorded=tuple(missing))


def _repair(deployment: Deployment, operator: Operator) -> None:
    """Repair what is certain; costs one call if there is nothing to repair.

    Locks whose holder is dead are released. Resources in no state are removed only if the modules of the locked units can have
    created them.
    """
    if not deployment.locks.list():
        return
    _wait_for_terraform(deployment, operator)
    left_behind, foreign = _sorted_out(deployment, deployment.locks.list(), ())
    if foreign:
        raise _held_by_others(foreign, deployment.request)
    if left_behind:
        operator.say(f"a run was killed here: {', '.join(lock.unit for lock in left_behind)} left locked")
        _clean_up(deployment, left_behind, operator, types=_types(deployment, left_behind))


def _require_unlocked(deployment: Deployment) -> None:
    locks = deployment.locks.list()
    if not locks:
        return
    working = deployment.terraform.at_work()
    left_behind, foreign = _sorted_out(deployment, locks, working)
    lines = [
        *(f"{child.unit}: process {child.pid}, left by an earlier run, is still at work." for child in working),
        *(f"{lock}. That process has ended." for lock in left_behind),
        *(f"{lock}. It may still be at work." for lock in foreign),
    ]
    raise UsageError(
        "Units of this deployment are locked",
        detail="\n".join(lines),
        hint=f"Where others work, wait for them. After a run was killed: {deployment.request.command('recover')}",
    )


def _wait_for_terraform(
    deployment: Deployment, operator: Operator, *, sleep: Callable[[float], None] = time.sleep
) -> None:
    announced: set[int] = set()
    while working := deployment.terraform.at_work():
        for child in working:
            if child.pid not in announced:
                operator.say(f'waiting for process {child.pid}, which is still at work on unit "{child.unit}"')
        announced |= {child.pid for child in working}
        sleep(_POLL_SECONDS)


def _sorted_out(
    deployment: Deployment, locks: Sequence[Lock], working: Sequence[TerraformProcess]
) -> tuple[tuple[Lock, ...], tuple[Lock, ...]]:
    """Separate locks whose holder is dead from those whose holder may be alive; drop those of working processes."""
    names = {child.unit for child in working}
    ours = {deployment.locks.unit_of(key) for name, key in deployment.state_keys().items() if name in names}
    busy = set(ours)
    # A local cloud belongs to one project; an account is shared by all copies of it on this machine.
    if deployment.request.target is Target.AWS:
        elsewhere = deployment.terraform.states_at_work(deployment.bucket.name)
        busy |= {deployment.locks.unit_of(key) for key in elsewhere}
    left_behind = tuple(lock for lock in locks if deployment.locks.is_left_behind(lock, working=busy))
    return left_behind, tuple(lock for lock in locks if lock not in left_behind and lock.unit not in ours)


def _clean_up(
    deployment: Deployment, locks: Sequence[Lock], operator: Operator, *, types: frozenset[str] | None
) -> None:
    """Remove resources that are in no state, then release the locks.

    If this process is killed too, the locks are still there, and the next one finds everything unchanged. All other states are
    locked meanwhile, so that nothing that another Terraform creates is taken for a leftover.
    """
    locked = {lock.key for lock in locks}
    with ExitStack() as stack:
        if deployment.bucket.exists():
            states = (key for key in deployment.bucket.keys(f"{deployment.suffix}/") if key.endswith(".tfstate"))
            keys = {*states, *deployment.state_keys().values()}
            stack.enter_context(deployment.locks.hold(key for key in keys if f"{key}.tflock" not in locked))
        kept = deployment.sweeper.sweep(types=types, say=operator.say)
        if kept:
            raise _not_removed(kept)
        for lock in locks:
            if not deployment.locks.release(lock):
                raise PlatformctlError(
                    "A lock has changed hands",
                    detail=f"{lock}: somebody else has taken {lock.key} since it was looked at.",
                    hint="Wait for the other run to end.",
                )
            operator.say(f"released the lock on {lock}")


def _types(deployment: Deployment, locks: Sequence[Lock]) -> frozenset[str] | None:
    """Return the Terraform types that the locked units can have created; None for any.

    A unit that is no longer in the live tree was being destroyed, so it created nothing.
    """
    names = {key: name for name, key in deployment.state_keys().items()}
    types: set[str] = set()
    for lock in locks:
        name = names.get(lock.key.removesuffix(".tflock"))
        if name is not None:
            found = deployment.terraform.resource_types(deployment.stack.units[name].evaluate({}))
            if found is None:
                return None
            types |= found
    return frozenset(types)


def _not_removed(kept: Sequence[KeptLeftover]) -> PlatformctlError:
    lines = [f"{problem.thing}: {problem.reason}\n  by hand: {problem.thing.command}" for problem in kept]
    return PlatformctlError(
        "A resource that is in no state could not be removed",
        detail="\n".join(lines),
        hint="The locks stay until it is gone. Fix the cause or delete it by hand, then run the command again.",
    )


def _held_by_others(locks: Sequence[Lock], request: DeploymentRequest) -> UsageError:
    return UsageError(
        "Somebody else may be working on this deployment",
        detail="\n".join(str(lock) for lock in locks),
        hint="Wait until they are done; what they create is in no state yet, and nothing was changed here. "
        f"If you are sure that nobody is: {request.command('recover')} --release-foreign-locks",
    )


def _question(deployment: Deployment, found: Findings) -> Question:
    suffix, place = deployment.suffix, deployment.place()
    locks = len(found.left_behind) + len(found.foreign)
    return Question(
        text=f"This deletes what is in no state ({len(found.unrecorded)} things, with all that is in them) and releases "
        f'{locks} {"lock" if locks == 1 else "locks"} of "{suffix}" on {place}.',
        word=suffix,
        detail=f'Recovering "{suffix}" on {place} deletes what is in no state, and there is no terminal to ask on.',
        hint="Look at it with --dry-run, then pass --yes.",
        refused="Nothing was changed.",
    )
