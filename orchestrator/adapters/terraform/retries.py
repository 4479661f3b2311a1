"""Decides whether a failed attempt is repeated, and after how long.

The bound of the wait grows exponentially, and the wait is drawn uniformly below it ("full jitter"), so that units that were
throttled together do not retry together. Source:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import random
from collections.abc import Callable

from orchestrator.adapters.aws.transient import transient
from orchestrator.engine.ports import Applied

ATTEMPTS = 3
_FIRST_BOUND = 10.0
_LAST_BOUND = 60.0


def transient_reason(ended: Applied, *, destroy: bool) -> str:
    """Return the first error, in one line, of an attempt that failed with transient errors only; else "".

    An attempt that was interrupted or refused, or whose Terraform died, is never repeated.
    """
    if ended.succeeded or ended.interrupted or ended.refused or ended.died or not ended.errors:
        return ""
    if not all(transient(error, destroy=destroy) for error in ended.errors):
        return ""
    return " ".join(ended.errors[0].split())


def wait_before(attempt: int, *, draw: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait before an attempt, the second or a later one; ``draw`` returns a random number below 1."""
    return draw() * min(_LAST_BOUND, _FIRST_BOUND * 2.0 ** (attempt - 2))
