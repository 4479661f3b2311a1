"""Access and execution logs: requests queue lines, and a thread delivers them to their log groups.

A request must not wait for moto's lock. A log group that does not exist gets nothing: API Gateway would create the execution log's, which nobody would
delete again.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from threading import Event, Lock, Thread
from typing import Any

from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.serial import MOTO

_LOG = logging.getLogger("platformctl.local_cloud")
_PAUSE = 0.25
_LONGEST_QUEUE = 200_000


@dataclass(frozen=True, slots=True)
class Line:
    """An event of a log; its time is in milliseconds since 1970."""

    time: int
    message: str


Deliver = Callable[[str, str, Sequence[Line]], None]
"""Puts lines, in the order of their times, into a log group's stream, which it makes if need be."""


class Records:
    """The queue and its thread; ``deliver`` puts lines into the log groups."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        # Bounded: under load without end the oldest lines go, not the memory.
        self._queue: deque[tuple[str, Line]] = deque(maxlen=_LONGEST_QUEUE)
        self._delivering = Lock()
        self._ended = Event()
        self._thread: Thread | None = None

    def write(self, group: str, line: Line) -> None:
        """Queue a line for a log group."""
        self._queue.append((group, line))

    def start(self) -> None:
        """Deliver from now on, a few times per second."""
        self._ended.clear()
        self._thread = Thread(target=self._run, name="api-logs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Deliver the rest, and end the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()

    def flush(self) -> None:
        """Deliver what is queued now. A group that fails is logged and does not affect the others."""
        with self._delivering:
            groups: dict[str, list[Line]] = {}
            for _ in range(len(self._queue)):
                group, line = self._queue.popleft()
                groups.setdefault(group, []).append(line)
            for group, lines in groups.items():
                try:
                    self._deliver(group, stream_of(group), sorted(lines, key=lambda line: line.time))
                except Exception:  # noqa: BLE001 - logs must not end with one failure
                    _LOG.exception("%d lines for the log group %s are lost", len(lines), group)

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE):
            self.flush()


def stream_of(group: str) -> str:
    """Name today's stream: a hexadecimal name without meaning, as API Gateway's."""
    return sha256(f"{group}/{datetime.now(UTC):%Y-%m-%d}".encode()).hexdigest()[:32]


def put_into_moto(group: str, stream: str, lines: Sequence[Line]) -> None:
    """Deliver to CloudWatch Logs; lines for a group that does not exist are dropped."""
    from moto.logs.models import logs_backends  # noqa: PLC0415 - moto takes a second to load

    events = [{"timestamp": line.time, "message": line.message} for line in lines]
    with MOTO:
        backend: Any = logs_backends[ACCOUNT_ID][REGION]
        if group in backend.groups:
            backend.ensure_log_stream(group, stream)
            backend.put_log_events(group, stream, events)
