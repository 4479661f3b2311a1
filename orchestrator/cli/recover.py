"""``platformctl recover``: make a deployment well again after Terraform, or all of a run, was killed.

Three things are left by kill -9: Terraform processes that go on alone, locks on states, and resources that no state knows. ``up`` and
``destroy`` mend it by themselves on the local cloud and refuse to start on AWS, where somebody has to look first.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from orchestrator.adapters.aws.locks import Lock, held, is_left_behind, list_locks, release, state_folder, unit_of
from orchestrator.adapters.aws.sweep import Clock, Kept, Unrecorded, sweep, unrecorded
from orchestrator.adapters.aws.sweep.documents import require_no_lost_state, state_documents, types_of_module
from orchestrator.adapters.processes import Child, living
from orchestrator.adapters.runs import exclusive
from orchestrator.adapters.terraform.elsewhere import states_at_work
from orchestrator.cli import console
from orchestrator.cli.deployment import Deployment, open_deployment, request
from orchestrator.cli.options import EnvironmentOption, SuffixOption, Target, TargetOption, YesOption
from orchestrator.errors import PlatformctlError, UsageError

Say = Callable[[str], None]

_POLL_SECONDS = 0.5
# AWS keeps the network interfaces of deleted functions for 20 to 35 minutes, and their subnets with them.
_PATIENCE = {Target.LOCAL: 60.0, Target.AWS: 2700.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a killed run has left.

    Attributes:
        working: Terraform processes that are still at it, though their platformctl has ended.
        left_behind: locks whose holder cannot be alive.
        foreign: locks whose holder may be.
        unrecorded: what exists and is in no state; not looked for while Terraform processes are at work.

    """

    working: tuple[Child, ...] = ()
    left_behind: tuple[Lock, ...] = ()
    foreign: tuple[Lock, ...] = ()
    unrecorded: tuple[Unrecorded, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.working or self.left_behind or self.foreign or self.unrecorded)


def recover(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    release_foreign_locks: Annotated[
        bool,
        typer.Option(
            "--release-foreign-locks",
            metavar="",
            help="Also release locks whose holder may be alive: of other users and machines, or unreadable.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Only say what would be done.")] = False,
    yes: YesOption = False,
) -> None:
    """Make a deployment well again after a run was killed.

    Waits for Terraform processes that go on without their platformctl, deletes what exists and is in no state, and releases the
    locks of processes that have died. Nothing that a state records is touched. You are asked first; afterwards up and
    destroy work as ever.
    """
    asked = request(suffix=suffix, target=target, environment=environment)
    with exclusive(asked.project.home, target=str(target), suffix=asked.suffix):
        deployment = open_deployment(asked, start=False)
        if deployment is None:
            console.err.print(f'Nothing to recover: there is no "{suffix}" on {target.description}.')
            return
        if not dry_run:
            _wait_for_terraform(deployment, say=_say)
        found = examine(deployment)
        for line in describe(found):
            console.out.print(line, markup=False, soft_wrap=True)
        if not found:
            console.err.print(f'Nothing to recover: "{suffix}" on {target.description} is as its states say.')
            return
        if dry_run:
            return
        if found.foreign and not release_foreign_locks:
            raise _held_by_others(found.foreign, asked.suffix, target)
        if not yes:
            _confirm(deployment, found)
        locks = (*found.left_behind, *found.foreign)
        _require_removed(_mend(deployment, locks, types=None, say=_say))
        console.err.print(f'"{suffix}" is as its states say, and nobody holds a lock on it.')


def make_way(deployment: Deployment, *, say: Say) -> None:
    """Before a run that changes something: mend on the local cloud what an earlier one left, and on AWS refuse to start.

    Args and errors as for ``repair`` and ``require_unlocked``.
    """
    if deployment.asked.target is Target.LOCAL:
        repair(deployment, say=say)
    else:
        require_unlocked(deployment)


def repair(deployment: Deployment, *, say: Say) -> None:
    """Mend what a killed run has left on the local cloud, before another one starts; one call where nothing is left.

    Only what is certain is done: locks whose holder is dead are released, and of what no state knows only that is removed which
    the modules of those units can have made.

    Args:
        deployment: held for this process, and nothing of it has been read yet.
        say: takes a line about each thing that is done.

    Raises:
        UsageError: somebody else may be at work on it.
        PlatformctlError: something that is in no state could not be removed.

    """
    if not list_locks(deployment.session, deployment.bucket.name, deployment.asked.suffix):
        return
    _wait_for_terraform(deployment, say=say)
    left_behind, foreign = _locks(deployment, ())
    if foreign:
        raise _held_by_others(foreign, deployment.asked.suffix, deployment.asked.target)
    if left_behind:
        say(f"a run was killed here: {', '.join(lock.unit for lock in left_behind)} left locked")
        _require_removed(_mend(deployment, left_behind, types=_types(deployment, left_behind), say=say))


def require_unlocked(deployment: Deployment) -> None:
    """Refuse to start on a deployment with locks on it, and say whose they are; costs one call where there are none.

    Raises:
        UsageError: there are locks.

    """
    locks = list_locks(deployment.session, deployment.bucket.name, deployment.asked.suffix)
    if not locks:
        return
    working = _working(deployment)
    left_behind, foreign = _sorted_out(deployment, locks, working)
    lines = [
        *(f"{child.unit}: process {child.pid}, left by an earlier run, is still at work." for child in working),
        *(f"{lock}. That process has ended." for lock in left_behind),
        *(f"{lock}. It may still be at work." for lock in foreign),
    ]
    command = _command(deployment.asked.suffix, deployment.asked.target)
    raise UsageError(
        "Units of this deployment are locked",
        detail="\n".join(lines),
        hint=f"Where others work, wait for them. After a run was killed: {command}",
    )


def examine(deployment: Deployment) -> Findings:
    """Look for everything that a killed run leaves; changes nothing."""
    working = _working(deployment)
    left_behind, foreign = _locks(deployment, working)
    missing: tuple[Unrecorded, ...] = ()
    if not working:
        require_no_lost_state(deployment.session, deployment.bucket.name, deployment.asked.suffix)
        folder = state_folder(deployment.session, deployment.bucket.name, deployment.asked.suffix)
        states = state_documents(deployment.session, deployment.bucket.name, folder.states)
        missing = unrecorded(deployment.session.client, deployment.asked.suffix, list(states.values()))
    return Findings(working=working, left_behind=left_behind, foreign=foreign, unrecorded=missing)


def describe(found: Findings) -> Iterator[str]:
    """What was found, for people: a heading and a line for each."""
    sections: tuple[tuple[str, Sequence[object]], ...] = (
        (
            "Terraform processes that go on without their platformctl; they finish by themselves",
            [f'unit "{child.unit}": process {child.pid}, {child.command}' for child in found.working],
        ),
        ("Locks of processes that have ended", found.left_behind),
        ("Locks whose holder may be alive", found.foreign),
        ("In the cloud, and in no state", found.unrecorded),
    )
    for heading, items in sections:
        if items:
            yield f"{heading}: {len(items)}"
            yield from (f"  {item}" for item in items)


def _working(deployment: Deployment) -> tuple[Child, ...]:
    """Recorded Terraform processes that work on the deployment. No platformctl does, for this one holds it."""
    records = deployment.toolchain.processes.records
    root = deployment.workspaces.root
    children = living(records) if records is not None else ()
    return tuple(child for child in children if root == child.folder or root in child.folder.parents)


def _wait_for_terraform(deployment: Deployment, *, say: Say, clock: Clock | None = None) -> None:
    clock = clock or Clock()
    told: set[int] = set()
    while working := _working(deployment):
        for child in working:
            if child.pid not in told:
                say(f'waiting for process {child.pid}, which is still at work on unit "{child.unit}"')
        told |= {child.pid for child in working}
        clock.sleep(_POLL_SECONDS)


def _locks(deployment: Deployment, working: Sequence[Child]) -> tuple[tuple[Lock, ...], tuple[Lock, ...]]:
    locks = list_locks(deployment.session, deployment.bucket.name, deployment.asked.suffix)
    return _sorted_out(deployment, locks, working)


def _sorted_out(
    deployment: Deployment, locks: Sequence[Lock], working: Sequence[Child]
) -> tuple[tuple[Lock, ...], tuple[Lock, ...]]:
    """Locks whose holder is dead, and those whose holder may be alive; those of the working processes are neither."""
    suffix, names = deployment.asked.suffix, {child.unit for child in working}
    ours = {unit_of(key, suffix) for key, name in _state_keys(deployment).items() if name in names}
    busy = set(ours)
    # A local cloud belongs to one project, an account to every copy of it on this machine.
    if deployment.asked.target is Target.AWS:
        busy |= {unit_of(key, suffix) for key in states_at_work(deployment.bucket.name)}
    left_behind = tuple(lock for lock in locks if is_left_behind(lock, working=busy))
    return left_behind, tuple(lock for lock in locks if lock not in left_behind and lock.unit not in ours)


def _mend(deployment: Deployment, locks: Sequence[Lock], *, types: frozenset[str] | None, say: Say) -> tuple[Kept, ...]:
    """Remove what no state knows, then release the locks; returns what could not be removed.

    Until then the locks stay: should this process be killed too, the next one finds everything as it was. All other states are
    locked meanwhile, so that no Terraform anywhere makes something that is taken for a leftover.
    """
    session, bucket, suffix = deployment.session, deployment.bucket.name, deployment.asked.suffix
    folder = state_folder(session, bucket, suffix)
    locked = {lock.key for lock in locks}
    with ExitStack() as stack:
        if deployment.bucket.exists():
            keys = {*folder.states, *_state_keys(deployment)}
            stack.enter_context(held(session, bucket, (key for key in keys if f"{key}.tflock" not in locked)))
        require_no_lost_state(session, bucket, suffix)
        states = state_documents(session, bucket, folder.states)
        kept = sweep(
            session.client,
            suffix,
            list(states.values()),
            patience=_PATIENCE[deployment.asked.target],
            say=say,
            types=types,
        )
        if kept:
            return kept
        for lock in locks:
            if not release(session, bucket, lock):
                raise PlatformctlError(
                    "A lock has changed hands",
                    detail=f"{lock}: somebody else has taken {lock.key} since it was looked at.",
                    hint="Wait for the other run to end.",
                )
            say(f"released the lock on {lock}")
    return ()


def _state_keys(deployment: Deployment) -> dict[str, str]:
    """The unit of each state's key, for the units of the live tree."""
    return {unit.state_address().key: name for name, unit in deployment.stack.units.items()}


def _types(deployment: Deployment, locks: Sequence[Lock]) -> frozenset[str] | None:
    """The Terraform types that the locked units can have made; None for any.

    A unit that is not in the live tree any more was being destroyed, and nothing was made.
    """
    names = _state_keys(deployment)
    types: set[str] = set()
    for lock in locks:
        name = names.get(lock.key.removesuffix(".tflock"))
        if name is not None:
            found = types_of_module(deployment.modules.locate(deployment.stack.units[name].evaluate({})).folder)
            if found is None:
                return None
            types |= found
    return frozenset(types)


def _require_removed(kept: Sequence[Kept]) -> None:
    if kept:
        lines = [f"{problem.thing}: {problem.reason}\n  by hand: {problem.thing.command}" for problem in kept]
        raise PlatformctlError(
            "Something that is in no state could not be removed",
            detail="\n".join(lines),
            hint="Locks stay until it has gone. Mend what is in the way, or remove it by hand, then run the command again.",
        )


def _held_by_others(locks: Sequence[Lock], suffix: str, target: Target) -> UsageError:
    return UsageError(
        "Somebody else may be working on this deployment",
        detail="\n".join(str(lock) for lock in locks),
        hint="Wait until they are done; what they are making is in no state yet, and nothing was changed here. "
        f"If you know that they are not: {_command(suffix, target)} --release-foreign-locks",
    )


def _confirm(deployment: Deployment, found: Findings) -> None:
    suffix, target = deployment.asked.suffix, deployment.asked.target
    place = f"{target.description} (account {deployment.session.account_id})"
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed",
            detail=f'Recovering "{suffix}" on {place} deletes what is in no state, and there is no terminal to ask on.',
            hint="Look at it with --dry-run, then pass --yes.",
        )
    locks = len(found.left_behind) + len(found.foreign)
    question = (
        f"This deletes what is in no state ({len(found.unrecorded)} things, with all that is in them) and releases "
        f'{locks} {"lock" if locks == 1 else "locks"} of "{suffix}" on {place}.'
    )
    if not console.ask(question, expected=suffix):
        raise UsageError("Not confirmed", detail="Nothing was changed.")


def _command(suffix: str, target: Target) -> str:
    return f"platformctl recover --suffix {suffix}" + ("" if target is Target.LOCAL else f" --target {target}")


def _say(line: str) -> None:
    console.err.print(line, markup=False, soft_wrap=True)
