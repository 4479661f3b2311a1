"""Removes what no state records, in rounds: what still uses a resource may be gone in the next one."""

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.listing import ClientFactory
from orchestrator.adapters.aws.rows import StillInUseError
from orchestrator.adapters.aws.services import ROWS, removal
from orchestrator.adapters.aws.sweep.recorded import Unrecorded, unrecorded
from orchestrator.errors import PlatformctlError

_GONE = re.compile(r"404|NotFound|NoSuch|NonExist|Nonexistent|DoesNotExist")
# Waiting cannot help against these.
_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A resource that could not be removed.

    Attributes:
        final: whether waiting cannot help.

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
        client: returns a boto3 client for a service.
        suffix: of the deployment.
        states: of all its units, which nobody works on.
        patience: seconds to keep trying while resources are in use.
        say: takes a line about each resource that was removed.
        types: as for ``unrecorded``.
        clock: for tests.

    Returns:
        what could not be removed.

    Raises:
        PlatformctlError: a service did not answer what exists.

    """
    clock = clock or Clock()
    until = clock.now() + patience
    pause = _FIRST_PAUSE
    removed: set[Unrecorded] = set()
    reported: list[Unrecorded] = []
    found = unrecorded(client, suffix, states, types=types)
    while found:
        kept = []
        for thing in sorted(found, key=lambda thing: (removal(thing.service, thing.type).turn, thing)):
            problem = _remove(client, thing)
            if problem is not None:
                kept.append(problem)
            elif thing not in removed:
                say(f"removed {thing}")
                removed.add(thing)
        if kept and all(problem.final for problem in kept):
            return tuple(kept)
        if clock.now() >= until:
            return tuple(kept or [Kept(thing=thing, reason="its service is still removing it") for thing in found])
        left = [problem.thing for problem in kept]
        if pause == _LONGEST_PAUSE and left not in ([], reported):
            reported = left
            say(f"{len(left)} still in use; {kept[0].thing}: {kept[0].reason}")
        clock.sleep(min(pause, max(0.0, until - clock.now())))
        pause = min(2 * pause, _LONGEST_PAUSE)
        # An accepted deletion is listed until it is done, and what was being created at the time of the kill may appear late. A
        # service that does not answer this time may answer the next time.
        with nullcontext() if clock.now() >= until else suppress(PlatformctlError):
            found = unrecorded(client, suffix, states, types=types)
    return ()


def reclaim(client: ClientFactory, suffix: str, *, say: Callable[[str], None]) -> None:
    """Remove what services made or kept for resources of a deployment, after those have gone.

    A service that writes late brings its log group back without the deployment's tags, and API Gateway keeps naming a role that was
    deleted. Only to be called when nothing of the deployment is left in its states.

    Args:
        client: returns a boto3 client for a service.
        suffix: of the deployment.
        say: takes a line about each resource that was removed.

    Raises:
        PlatformctlError: a service did not answer what exists.

    """
    kinds = {kind for kind, row in ROWS.items() if row.outlives_owner}
    for resource in list_resources(client, suffix, services={service for service, _ in kinds}):
        kind = (resource.service, resource.type)
        thing = Unrecorded(service=kind[0], type=kind[1], identifier=resource.identifier, name=resource.name)
        if kind in kinds and resource.made_for and _remove(client, thing) is None:
            say(f"removed {thing}, which its service made or kept")


def _remove(client: ClientFactory, thing: Unrecorded) -> Kept | None:
    """Try once; a resource that does not exist counts as removed."""
    found = removal(thing.service, thing.type)
    try:
        found.remove(client(thing.service), *found.split(thing.identifier))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return None if _GONE.search(code) else Kept(thing=thing, reason=str(error), final=code in _REFUSALS)
    except (StillInUseError, BotoCoreError) as error:
        return Kept(thing=thing, reason=str(error))
    return None
