"""Waiting for what other threads and processes do."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], seconds: float = 30.0) -> Found:
    """Return what a look gives, as soon as it gives anything; the machine may be loaded."""
    end = monotonic() + seconds
    while not (found := look()):
        assert monotonic() < end, "it did not happen"
        sleep(0.02)
    return found
