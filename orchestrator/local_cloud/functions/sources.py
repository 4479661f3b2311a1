"""Queues as event sources: polled, handed over in batches, and emptied of what the function did not report as failed.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html describes what happens to a batch. Messages
that fail stay hidden until the visibility timeout ends (or ``Pace.hidden``, if that is shorter), and move to the
dead-letter queue of the source once they have been received as often as it allows. A throttled batch is no failure: it
is retried while the queue hides its messages.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from orchestrator.local_cloud.functions.asynchronous import Pace
from orchestrator.local_cloud.functions.cloud import Cloud, Mapped, Received
from orchestrator.local_cloud.functions.model import (
    MAX_SYNCHRONOUS,
    InvocationRefusedError,
    InvocationResult,
    throttled,
)

_LOG = logging.getLogger("platformctl.local_cloud")
# Lambda's limit, and what one request to SQS receives.
_LARGEST_BATCH = 10_000
_RECEIVED_AT_ONCE = 10

Call = Callable[[str, bytes], InvocationResult]
"""Runs a function, named by its ARN, for an event."""


class QueuePoller:
    """One thread that polls the queues, and one more per batch, of which ``at_most`` run per mapping."""

    def __init__(
        self, cloud: Cloud, call: Call, pace: Pace, *, at_most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cloud, self._call, self._pace, self._at_most, self._clock = cloud, call, pace, at_most, clock
        # By mapping: the batches under way, and since when messages wait for their batch to fill.
        self._running: Counter[str] = Counter()
        self._waiting_since: dict[str, float] = {}
        self._lock = Lock()
        self._stopped = Event()

    def start(self) -> None:
        """Start polling."""
        Thread(target=self._run, name="functions-queues", daemon=True).start()

    def stop(self) -> None:
        """Take no more messages; batches under way end by themselves."""
        self._stopped.set()

    def settled(self) -> bool:
        """Return whether no batch is under way."""
        with self._lock:
            return self._running.total() == 0

    def look(self) -> None:
        """Poll every mapped queue once."""
        mappings = self._cloud.mappings()
        known = {mapping.identifier for mapping in mappings}
        self._waiting_since = {name: since for name, since in self._waiting_since.items() if name in known}
        for mapping in mappings:
            while not self._stopped.is_set() and self._take(mapping):
                pass

    def _run(self) -> None:
        while not self._stopped.wait(self._pace.poll):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the next poll may succeed
                _LOG.exception("the queues of the functions could not be polled")

    def _take(self, mapping: Mapped) -> bool:
        """Hand over one batch, if there is one and it may run."""
        name = mapping.identifier
        with self._lock:
            if self._running[name] >= min(mapping.maximum_concurrency, self._at_most):
                return False
        waiting = self._cloud.waiting(mapping.queue_arn)
        if not waiting:
            self._waiting_since.pop(name, None)
            return False
        if not self._cloud.may_poll(mapping):
            return False
        since = self._waiting_since.setdefault(name, self._clock())
        if waiting < mapping.batch_size and self._clock() - since < mapping.window:
            return False
        batch = self._receive(mapping)
        del self._waiting_since[name]
        if not batch:
            return False
        with self._lock:
            self._running[name] += 1
        Thread(target=self._process, args=(mapping, batch), name="functions-batch", daemon=True).start()
        return True

    def _receive(self, mapping: Mapped) -> list[Received]:
        """Receive a batch, and no more once it fills half of an invocation's payload."""
        batch: list[Received] = []
        size, limit = 0, min(mapping.batch_size, _LARGEST_BATCH)
        while len(batch) < limit and size < MAX_SYNCHRONOUS // 2:
            received = self._cloud.receive(mapping.queue_arn, min(limit - len(batch), _RECEIVED_AT_ONCE))
            if not received:
                break
            batch += received
            size += sum(len(str(message.record)) for message in received)
        return batch

    def _process(self, mapping: Mapped, batch: Sequence[Received]) -> None:
        try:
            failed = self._failed(mapping, batch)
            done = [message.receipt_handle for message in batch if message.message_id not in failed]
            self._cloud.delete(mapping.queue_arn, done)
            if failed and self._pace.hidden is not None:
                again = [message.receipt_handle for message in batch if message.message_id in failed]
                self._cloud.show_again(mapping.queue_arn, again, self._pace.hidden)
        except Exception:  # noqa: BLE001 - the messages become visible again by themselves
            _LOG.exception("a batch of %s failed inside the local cloud", mapping.queue_arn)
        finally:
            with self._lock:
                self._running[mapping.identifier] -= 1

    def _failed(self, mapping: Mapped, batch: Sequence[Received]) -> set[str]:
        """Run the function; return the identifiers of the messages that stay in the queue."""
        everything = {message.message_id for message in batch}
        event = json.dumps({"Records": [message.record for message in batch]}).encode()
        try:
            result = self._patiently(mapping, event, min(message.until for message in batch))
        except InvocationRefusedError as refusal:
            _LOG.warning("a batch of %s was refused: %s", mapping.queue_arn, refusal)
            return everything
        except Exception:  # noqa: BLE001 - whatever happened, the messages are not processed
            _LOG.exception("a batch of %s failed inside the local cloud", mapping.queue_arn)
            return everything
        if result.function_error:
            return everything
        return reported(result.payload, everything) if mapping.reports_failures else set()

    def _patiently(self, mapping: Mapped, event: bytes, until: float) -> InvocationResult:
        """Call the function, again while it is throttled, still mapped, and the messages are hidden from others."""
        while True:
            try:
                return self._call(mapping.function_arn, event)
            except InvocationRefusedError as refusal:
                mapped = any(one.identifier == mapping.identifier for one in self._cloud.mappings())
                if not refusal.throttled or not mapped or time.time() + self._pace.throttled >= until:
                    raise
            if self._stopped.wait(self._pace.throttled):
                raise throttled()


def reported(payload: bytes, everything: set[str]) -> set[str]:
    """Return which messages a function's answer reports as failed: all of them if it cannot be understood.

    The answer is ``{"batchItemFailures": [{"itemIdentifier": ID}]}``; one without failures means success.
    """
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return everything
    if not answer:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if failures is None and isinstance(answer, dict):
        return set()
    if not isinstance(failures, list):
        return everything
    named = {str(failure.get("itemIdentifier") if isinstance(failure, dict) else None) for failure in failures}
    return named if named.issubset(everything) else everything
