"""Asynchronous events: accepted at once, retried when they fail, and finally sent to the dead-letter queue.

The rules are those of https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html; only the
pauses are shorter.
"""

import heapq
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Condition, Thread

from orchestrator.local_cloud.functions.cloud import Cloud
from orchestrator.local_cloud.functions.model import FunctionVersion, InvocationRefusedError, InvocationResult

_LOG = logging.getLogger("platformctl.local_cloud")
_THREADS = 8
# The longest text of an attribute of a dead letter.
_MAX_REASON = 1024

Attempt = Callable[[str, bytes, str], tuple[FunctionVersion, InvocationResult]]
"""Runs a function, named by its ARN, for an event under a request id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Durations, in seconds, that are minutes on AWS.

    Attributes:
        retries: before the second and the third attempt; 60 and 120 on AWS.
        throttled: before a throttled event is retried; 1 to 300 on AWS.
        hidden: until a message whose processing failed is visible again; None for the rest of the queue's own
            visibility timeout, as on AWS. That timeout hides a message in any case while a function works on it.
        poll: between two polls of a queue.

    """

    retries: tuple[float, float] = (1.0, 2.0)
    throttled: float = 0.5
    hidden: int | None = 2
    poll: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    arn: str
    event: bytes = field(repr=False)
    request_id: str
    expires: float
    attempts: int = 0


class AsynchronousEvents:
    """The queue between event sources and functions."""

    def __init__(self, attempt: Attempt, cloud: Cloud, pace: Pace) -> None:
        self._attempt, self._cloud, self._pace = attempt, cloud, pace
        self._changed = Condition()
        self._heap: list[tuple[float, int, _Waiting]] = []
        self._order = count()
        self._open = 0
        self._stopped = False
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="functions-event")

    def start(self) -> None:
        """Start delivering."""
        Thread(target=self._dispatch, name="functions-events", daemon=True).start()

    def stop(self) -> None:
        """Stop delivering; waiting events are lost."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def put(self, arn: str, event: bytes, request_id: str, maximum_age: float) -> None:
        """Add an event (JSON) for a function's ARN; it is not retried after so many seconds."""
        with self._changed:
            self._open += 1
        self._later(0.0, _Waiting(arn=arn, event=event, request_id=request_id, expires=time.monotonic() + maximum_age))

    def settled(self) -> bool:
        """Return whether nothing waits or runs."""
        with self._changed:
            return self._open == 0

    def _later(self, seconds: float, waiting: _Waiting) -> None:
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), waiting))
            self._changed.notify_all()

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._stopped:
                    return
                _, _, waiting = heapq.heappop(self._heap)
                # Under the lock: stop() closes the pool of threads only after it has taken this lock.
                self._threads.submit(self._deliver, waiting)

    def _deliver(self, waiting: _Waiting) -> None:
        again: tuple[float, _Waiting] | None = None
        try:
            again = self._try(waiting)
        except Exception:  # noqa: BLE001 - one event must not end the delivery of the others
            _LOG.exception("an event for %s was lost", waiting.arn)
        if again is not None:
            self._later(*again)
            return
        with self._changed:
            self._open -= 1

    def _try(self, waiting: _Waiting) -> tuple[float, _Waiting] | None:
        """Attempt an event once; return pause and event for the next attempt, or None when there is none."""
        try:
            function, result = self._attempt(waiting.arn, waiting.event, waiting.request_id)
        except InvocationRefusedError as refusal:
            # A throttled event waits until it expires; that is no attempt.
            if refusal.throttled and time.monotonic() + self._pace.throttled < waiting.expires:
                return self._pace.throttled, waiting
            _LOG.warning("an event for %s was dropped: %s", waiting.arn, refusal)
            return None
        if not result.function_error:
            return None
        waiting = replace(waiting, attempts=waiting.attempts + 1)
        if waiting.attempts <= function.retries:
            pause = self._pace.retries[min(waiting.attempts, len(self._pace.retries)) - 1]
            if time.monotonic() + pause < waiting.expires:
                return pause, waiting
        self._give_up(function, waiting, result)
        return None

    def _give_up(self, function: FunctionVersion, waiting: _Waiting, result: InvocationResult) -> None:
        _LOG.warning("%s failed %d times on an event", waiting.arn, waiting.attempts)
        if not function.dead_letter_arn:
            return
        reason = result.payload.decode("utf-8", "replace")[:_MAX_REASON]
        attributes = {
            "RequestID": ("String", waiting.request_id),
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", reason),
        }
        self._cloud.send_dead_letter(function, waiting.event, attributes)
