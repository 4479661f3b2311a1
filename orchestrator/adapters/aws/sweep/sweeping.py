"""Removes what no state knows, in rounds: what still holds a thing may go in the next one."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.inventory.resource import ClientFactory
from orchestrator.adapters.aws.sweep.recorded import Unrecorded, unrecorded
from orchestrator.adapters.aws.sweep.removals import REMOVALS, StillInUseError, is_gone

# No waiting helps against these.
_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What could not be removed, and why not.

    Attributes:
        final: whether waiting could not help.

    """

    thing: Unrecorded
    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time, as far as waiting needs it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def sweep(
    client: ClientFactory,
    suffix: str,
    states: Sequence[Mapping[str, Any]],
    *,
    patience: float,
    say: Callable[[str], None],
    types: Collection[str] | None = None,
    clock: Clock | None = None,
) -> tuple[Kept, ...]:
    """Remove what exists of a deployment and is in none of its states, until nothing of it is left.

    Args:
        client: gives a boto3 client of a service.
        suffix: of the deployment.
        states: of all its units, as they are while nobody works on them.
        patience: seconds to go on for while things are still in use.
        say: takes a line about each thing that was removed.
        types: as for ``unrecorded``.
        clock: for tests.

    Returns:
        what could not be removed.

    Raises:
        PlatformctlError: a service could not be asked what exists.

    """
    clock = clock or Clock()
    until = clock.now() + patience
    while found := unrecorded(client, suffix, states, types=types):
        kept = remove(client, found, patience=max(0.0, until - clock.now()), say=say, clock=clock)
        if kept:
            return kept
        if clock.now() >= until:
            # Every call was accepted, and the services are still at it.
            return tuple(Kept(thing=thing, reason="its service is still removing it") for thing in found)
        clock.sleep(min(_FIRST_PAUSE, max(0.0, until - clock.now())))
    return ()


def remove(
    client: ClientFactory,
    things: Iterable[Unrecorded],
    *,
    patience: float,
    say: Callable[[str], None],
    clock: Clock | None = None,
) -> tuple[Kept, ...]:
    """Remove things in the order in which they let go of each other; returns those that stayed.

    Args:
        client: gives a boto3 client of a service.
        things: what ``unrecorded`` found.
        patience: seconds to go on trying for.
        say: takes a line about each thing that was removed.
        clock: for tests.

    """
    clock = clock or Clock()
    until = clock.now() + patience
    pause = _FIRST_PAUSE
    told: list[Unrecorded] = []
    left = sorted(things, key=lambda thing: (REMOVALS[thing.service, thing.type].turn, thing))
    while True:
        kept = []
        for thing in left:
            problem = _remove(client, thing)
            if problem is None:
                say(f"removed {thing}")
            else:
                kept.append(problem)
        left = [problem.thing for problem in kept]
        if all(problem.final for problem in kept) or clock.now() >= until:
            return tuple(kept)
        if pause == _LONGEST_PAUSE and left != told:
            told = left
            say(f"{len(left)} still in use; {kept[0].thing}: {kept[0].reason}")
        clock.sleep(min(pause, max(0.0, until - clock.now())))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _remove(client: ClientFactory, thing: Unrecorded) -> Kept | None:
    """Try once; what is not there any more is removed."""
    removal = REMOVALS[thing.service, thing.type]
    try:
        removal.remove(client(thing.service), *removal.split(thing.identifier))
    except ClientError as error:
        if is_gone(error):
            return None
        code = error.response["Error"]["Code"]
        return Kept(thing=thing, reason=str(error), final=code in _REFUSALS)
    except (StillInUseError, BotoCoreError) as error:
        return Kept(thing=thing, reason=str(error))
    return None
