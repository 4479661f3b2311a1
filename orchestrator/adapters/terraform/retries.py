"""When a failed attempt is worth another one, and how long to wait before it.

Waits grow exponentially and are drawn evenly between nothing and their bound ("full jitter"), so that units that were
throttled together do not come back together. Source:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import random
from collections.abc import Callable

from orchestrator.adapters.aws.transient import transient
from orchestrator.engine.ports import Applied

ATTEMPTS = 3
_FIRST_BOUND = 10.0
_LAST_BOUND = 60.0


def passing_reason(ended: Applied, *, destroy: bool) -> str:
    """The first error of an attempt that failed for nothing but reasons that pass by themselves, in one line; else "".

    An attempt that was interrupted, refused, or whose Terraform died is never repeated by itself.
    """
    if ended.succeeded or ended.interrupted or ended.refused or ended.died or not ended.errors:
        return ""
    if not all(transient(error, destroy=destroy) for error in ended.errors):
        return ""
    return " ".join(ended.errors[0].split())


def wait_before(attempt: int, *, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait before an attempt; the second one is the first that is waited for.

    Args:
        attempt: its number.
        draw: a random number from 0 up to 1.

    """
    return draw() * min(_LAST_BOUND, _FIRST_BOUND * 2.0 ** (attempt - 2))
