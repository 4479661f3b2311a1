"""The warm processes of one function: reserved concurrency refuses calls, the machine's limit makes them wait."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition

from orchestrator.local_cloud.functions.model import throttled
from orchestrator.local_cloud.functions.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """A process, its log stream and its folder for temporary files.

    ``fingerprint`` names what the process is made of; ``since`` is when it was last used, on the monotonic clock.
    """

    worker: Worker
    stream: str
    scratch: Path
    fingerprint: str
    since: float = 0.0

    def end(self) -> None:
        self.worker.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)


@dataclass(slots=True)
class Slot:
    """The right to use one process: a warm one, or one that the holder starts and hands to ``Pool.adopt``."""

    warm: Warm | None
    reusable: bool = False

    def take(self, warm: Warm) -> None:
        self.warm = warm

    def keep(self) -> None:
        """Let the process be used again."""
        self.reusable = True


class Pool:
    """The processes of one function, all versions together, as reserved concurrency counts them.

    ``changed`` guards everything here; ``limit`` is the number of processes in use at once.
    """

    def __init__(self, changed: Condition, limit: int) -> None:
        self._changed, self._limit = changed, limit
        self._idle: list[Warm] = []
        self._used: list[Warm] = []
        self._calls = self._running = 0
        self._closed = False

    @contextmanager
    def slot(self, fingerprint: str, reserved: int | None) -> Iterator[Slot]:
        """Wait for a place; on leaving, the process returns to the pool or ends.

        Only a process with the same fingerprint is reused. Calls above the reserved concurrency are throttled.
        """
        with self._changed:
            if self._closed or (reserved is not None and self._calls >= reserved):
                raise throttled()
            self._calls += 1
            # If the pool is closed meanwhile, adopt() refuses.
            self._changed.wait_for(lambda: self._closed or self._running < self._limit)
            self._running += 1
            stale = [warm for warm in self._idle if warm.fingerprint != fingerprint]
            self._idle = [warm for warm in self._idle if warm.fingerprint == fingerprint]
            slot = Slot(self._idle.pop() if self._idle else None)
            if slot.warm is not None:
                self._used.append(slot.warm)
        for warm in stale:
            warm.end()
        try:
            yield slot
        finally:
            self._leave(slot)

    def adopt(self, slot: Slot, warm: Warm) -> Warm:
        """Give a slot the process that was started for it, so that closing the pool ends it."""
        with self._changed:
            if not self._closed:
                self._used.append(warm)
                slot.take(warm)
                return warm
        warm.end()
        raise throttled()

    def end_idle(self, seconds: float) -> None:
        """End the processes that have been idle for so long."""
        with self._changed:
            limit = time.monotonic() - seconds
            ended = [warm for warm in self._idle if warm.since <= limit]
            self._idle = [warm for warm in self._idle if warm.since > limit]
        for warm in ended:
            warm.end()

    def close(self) -> None:
        """End every process, also those in use."""
        with self._changed:
            self._closed = True
            ended, self._idle = [*self._idle], []
            used = [*self._used]
            self._changed.notify_all()
        for warm in ended:
            warm.end()
        for warm in used:
            # Its user sees the end, and frees its resources.
            warm.worker.kill()

    def process_ids(self) -> list[int]:
        with self._changed:
            return [warm.worker.pid for warm in (*self._idle, *self._used)]

    def _leave(self, slot: Slot) -> None:
        warm = slot.warm
        with self._changed:
            self._calls -= 1
            self._running -= 1
            kept = slot.reusable and not self._closed
            if warm is not None:
                self._used.remove(warm)
                if kept:
                    self._idle.append(replace(warm, since=time.monotonic()))
            # One place is free; waking everybody costs more than the calls when thousands wait.
            self._changed.notify()
        if warm is not None and not kept:
            warm.end()
