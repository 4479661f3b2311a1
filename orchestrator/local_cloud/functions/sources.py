"""Queues as event sources: polled, handed over in batches, and deleted from only what the function did not report as failed.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html says what happens to a batch. What fails stays hidden until the visibility
timeout ends (here as long as ``Pace.hidden`` says, if that is shorter), and goes to the dead-letter queue of the source once it has been received as often
as that allows. A batch that is throttled is no failure: it is tried again for as long as the queue hides its messages.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

from orchestrator.local_cloud.functions.asynchronous import Pace
from orchestrator.local_cloud.functions.cloud import Cloud, Mapped, Received
from orchestrator.local_cloud.functions.model import InvocationRefusedError, InvocationResult, throttled

_LOG = logging.getLogger("platformctl.local_cloud")

Call = Callable[[str, bytes], InvocationResult]
"""Runs a function, named by its ARN, for an event."""


@dataclass(slots=True)
class _State:
    """Of one mapping: batches under way, and since when messages wait for their batch to fill."""

    running: int = 0
    since: float | None = None


class QueuePoller:
    """One thread that looks at the queues, and one more per batch that is processed."""

    def __init__(self, cloud: Cloud, call: Call, pace: Pace, *, at_most: int) -> None:
        """Nothing runs yet.

        Args:
            cloud: where the queues are.
            call: runs a function.
            pace: of looking, and of failed messages.
            at_most: batches at the same time per mapping, whatever it allows.

        """
        self._cloud, self._call, self._pace, self._at_most = cloud, call, pace, at_most
        self._states: dict[str, _State] = {}
        self._lock = Lock()
        self._stopped = Event()

    def start(self) -> None:
        """Starts polling."""
        Thread(target=self._run, name="functions-queues", daemon=True).start()

    def stop(self) -> None:
        """Takes no more messages; batches under way end by themselves."""
        self._stopped.set()

    def settled(self) -> bool:
        """Whether no batch is under way."""
        with self._lock:
            return not any(state.running for state in self._states.values())

    def look(self) -> None:
        """One look at every mapped queue."""
        mappings = self._cloud.mappings()
        with self._lock:
            known = {mapping.identifier for mapping in mappings}
            for gone in [name for name, state in self._states.items() if name not in known and not state.running]:
                del self._states[gone]
        for mapping in mappings:
            while not self._stopped.is_set() and self._take(mapping):
                pass

    def _run(self) -> None:
        while not self._stopped.wait(self._pace.poll):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the next look may succeed
                _LOG.exception("the queues of the functions could not be polled")

    def _take(self, mapping: Mapped) -> bool:
        """Hands over one batch, if there is one and it may run."""
        with self._lock:
            state = self._states.setdefault(mapping.identifier, _State())
            if state.running >= min(mapping.maximum_concurrency, self._at_most):
                return False
        waiting = self._cloud.waiting(mapping.queue_arn)
        now = time.monotonic()
        if not waiting:
            state.since = None
            return False
        if not self._cloud.may_poll(mapping):
            return False
        if state.since is None:
            state.since = now
        if waiting < mapping.batch_size and now - state.since < mapping.window:
            return False
        batch = self._cloud.receive(mapping.queue_arn, mapping.batch_size)
        state.since = None
        if not batch:
            return False
        with self._lock:
            state.running += 1
        Thread(target=self._process, args=(mapping, batch, state), name="functions-batch", daemon=True).start()
        return True

    def _process(self, mapping: Mapped, batch: Sequence[Received], state: _State) -> None:
        try:
            failed = self._failed(mapping, batch)
            done = [message.receipt_handle for message in batch if message.message_id not in failed]
            self._cloud.delete(mapping.queue_arn, done)
            if failed and self._pace.hidden is not None:
                again = [message.receipt_handle for message in batch if message.message_id in failed]
                self._cloud.show_again(mapping.queue_arn, again, self._pace.hidden)
        except Exception:  # noqa: BLE001 - the messages come back by themselves
            _LOG.exception("a batch of %s failed inside the local cloud", mapping.queue_arn)
        finally:
            with self._lock:
                state.running -= 1

    def _failed(self, mapping: Mapped, batch: Sequence[Received]) -> set[str]:
        """The identifiers of the messages that stay in the queue."""
        everything = {message.message_id for message in batch}
        event = json.dumps({"Records": [message.record for message in batch]}).encode()
        try:
            result = self._patiently(mapping, event, min(message.until for message in batch))
        except InvocationRefusedError as refusal:
            _LOG.warning("a batch of %s was refused: %s", mapping.queue_arn, refusal)
            return everything
        except Exception:  # noqa: BLE001 - whatever happened, the messages are not done with
            _LOG.exception("a batch of %s failed inside the local cloud", mapping.queue_arn)
            return everything
        if result.function_error:
            return everything
        return reported(result.payload, everything) if mapping.reports_failures else set()

    def _patiently(self, mapping: Mapped, event: bytes, until: float) -> InvocationResult:
        """Calls the function, again and again while it is throttled, still mapped, and the messages are hidden from others."""
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
    """Which messages a function's answer names as failed.

    Args:
        payload: its answer; ``{"batchItemFailures": [{"itemIdentifier": ID}]}``.
        everything: the identifiers of the batch.

    Returns:
        What failed: nothing for an answer without failures, the whole batch for one that cannot be understood.

    """
    answer = json.loads(payload)
    if not answer:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if failures is None and isinstance(answer, dict):
        return set()
    if not isinstance(failures, list):
        return everything
    named = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    known = everything.intersection(str(name) for name in named)
    return known if len(known) == len(set(map(str, named))) else everything
