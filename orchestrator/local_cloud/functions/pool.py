"""The warm processes of one function and who may use them: reserved concurrency refuses, the machine's limit makes wait."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition

from orchestrator.local_cloud.functions.model import throttled
from orchestrator.local_cloud.functions.worker import Worker


@dataclass(slots=True, kw_only=True)
class Warm:
    """A process with what belongs to it.

    Attributes:
        stream: its log stream.
        scratch: its folder for temporary files.
        fingerprint: of what it was made of.
        since: when it was last used, on the monotonic clock.

    """

    worker: Worker
    stream: str
    scratch: Path
    fingerprint: str = ""
    since: float = 0.0

    def end(self) -> None:
        self.worker.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)


@dataclass(slots=True)
class Slot:
    """The right to use one process.

    Attributes:
        warm: a process that waited; without one the holder starts one and puts it here.
        reusable: whether the process can be used again.

    """

    warm: Warm | None = None
    reusable: bool = False


class Pool:
    """The processes of one function, all its versions together, as reserved concurrency counts them."""

    def __init__(self, changed: Condition, limit: int) -> None:
        """Starts empty.

        Args:
            changed: guards everything here.
            limit: of processes in use at once.

        """
        self._changed, self._limit = changed, limit
        self._idle: list[Warm] = []
        self._used: list[Warm] = []
        self._asked = self._running = 0
        self._closed = False

    @contextmanager
    def slot(self, fingerprint: str, reserved: int | None) -> Iterator[Slot]:
        """Waits for a place; on leaving, the process goes back or ends.

        Args:
            fingerprint: only a process of the same one is used again.
            reserved: the function's reserved concurrency; calls above it are refused.

        Raises:
            InvocationRefusedError: throttled, or the pool is closed.

        """
        with self._changed:
            if self._closed or (reserved is not None and self._asked >= reserved):
                raise throttled()
            self._asked += 1
            # If it was closed meanwhile, adopt() refuses.
            self._changed.wait_for(self._free)
            self._running += 1
            stale = [warm for warm in self._idle if warm.fingerprint != fingerprint]
            self._idle = [warm for warm in self._idle if warm.fingerprint == fingerprint]
            slot = Slot(warm=self._idle.pop() if self._idle else None)
            if slot.warm is not None:
                self._used.append(slot.warm)
        for warm in stale:
            warm.end()
        try:
            yield slot
        finally:
            self._leave(slot, fingerprint)

    def _free(self) -> bool:
        return self._closed or self._running < self._limit

    def adopt(self, warm: Warm) -> Warm:
        """Takes note of a process that was just started, so that closing the pool ends it."""
        with self._changed:
            if not self._closed:
                self._used.append(warm)
                return warm
        warm.end()
        raise throttled()

    def end_idle(self, seconds: float) -> None:
        """Ends the processes that nobody has used for so long."""
        with self._changed:
            limit = time.monotonic() - seconds
            ended = [warm for warm in self._idle if warm.since <= limit]
            self._idle = [warm for warm in self._idle if warm.since > limit]
        for warm in ended:
            warm.end()

    def close(self) -> None:
        """Ends every process, used ones included."""
        with self._changed:
            self._closed = True
            ended, self._idle = [*self._idle], []
            used = [*self._used]
            self._changed.notify_all()
        for warm in ended:
            warm.end()
        for warm in used:
            # Its user sees the end, and frees what belongs to it.
            warm.worker.kill()

    def process_ids(self) -> list[int]:
        with self._changed:
            return [warm.worker.pid for warm in (*self._idle, *self._used)]

    def _leave(self, slot: Slot, fingerprint: str) -> None:
        warm, kept = slot.warm, False
        with self._changed:
            self._asked -= 1
            self._running -= 1
            if warm is not None:
                self._used.remove(warm)
                kept = slot.reusable and not self._closed
                if kept:
                    warm.fingerprint, warm.since = fingerprint, time.monotonic()
                    self._idle.append(warm)
            # One place became free; to wake everybody that waits costs more than the calls when there are thousands.
            self._changed.notify()
        if warm is not None and not kept:
            warm.end()
