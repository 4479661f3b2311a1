"""The functions of the local cloud at work: warm processes by function, and the ways to invoke them."""

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from uuid import uuid4

from orchestrator.local_cloud.functions.asynchronous import AsynchronousEvents, Pace
from orchestrator.local_cloud.functions.cloud import Cloud
from orchestrator.local_cloud.functions.environment import process_environment
from orchestrator.local_cloud.functions.model import (
    MAX_ASYNCHRONOUS,
    MAX_SYNCHRONOUS,
    MAX_TAIL,
    CallOutcome,
    Extras,
    FunctionVersion,
    InvocationRefusedError,
    InvocationResult,
    throttled,
)
from orchestrator.local_cloud.functions.package import Packages
from orchestrator.local_cloud.functions.pool import Pool, Warm
from orchestrator.local_cloud.functions.records import PlatformRecords
from orchestrator.local_cloud.functions.sources import QueuePoller
from orchestrator.local_cloud.functions.worker import Worker

_LOG = logging.getLogger("platformctl.local_cloud")
# Lambda allows ten seconds, but not on a machine that five other processes share.
_INIT_LIMIT = 60.0
_JANITOR_SECONDS = 5.0


class FunctionRuntime:
    """Runs functions between ``start()`` and ``stop()``; the threads that invoke come from outside.

    ``home`` is a folder of its own, emptied at once. ``extras`` is called for every invocation, and a change replaces
    processes. A function has at most so many processes, whatever concurrency it reserves.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        endpoint: Callable[[], str],
        extras: Callable[[], Extras] = Extras,
        home: Path,
        processes: int = 4,
        idle_seconds: float = 300.0,
        pace: Pace | None = None,
    ) -> None:
        self._cloud, self._endpoint, self._extras = cloud, endpoint, extras
        # What a killed server left behind.
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700)
        self._home = home
        self._packages = Packages(self._home / "packages")
        self._processes, self._idle_seconds = processes, idle_seconds
        self._pools: dict[str, Pool] = {}
        self._lock = Lock()
        self._stopped = Event()
        pace = pace or Pace()
        self._events = AsynchronousEvents(self._attempt, cloud, pace)
        self._poller = QueuePoller(cloud, self._from_queue, pace, at_most=processes)

    def start(self) -> None:
        """Start the threads that deliver events, poll queues and end idle processes."""
        self._events.start()
        self._poller.start()
        Thread(target=self._clean, name="functions-janitor", daemon=True).start()

    def stop(self) -> None:
        """End every process and thread; calls in progress fail."""
        self._stopped.set()
        self._poller.stop()
        self._events.stop()
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def forget(self) -> None:
        """End every process, because the account was emptied: the keys that processes hold are no longer valid."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def invoke(self, name: str, payload: bytes, qualifier: str | None = None) -> InvocationResult:
        """Run a function (by name or ARN) with a JSON payload, or raise InvocationRefusedError."""
        function = self._cloud.find(name, qualifier)
        event = checked(payload, "RequestResponse", MAX_SYNCHRONOUS)
        return self._call(function, event, arn=_invoked(function, name, qualifier), request_id=str(uuid4()))

    def submit(self, name: str, payload: bytes, qualifier: str | None = None) -> str:
        """Queue an asynchronous event, or raise InvocationRefusedError; return the request id of all attempts."""
        function = self._cloud.find(name, qualifier)
        event = checked(payload, "Event", MAX_ASYNCHRONOUS)
        request_id = str(uuid4())
        self._events.put(_invoked(function, name, qualifier), event, request_id, function.maximum_event_age)
        return request_id

    def check(self, name: str, qualifier: str | None = None) -> None:
        """Do what an invocation of type DryRun does: raise InvocationRefusedError for a missing function."""
        self._cloud.find(name, qualifier)

    def settled(self) -> bool:
        """Return whether no asynchronous event and no batch of a queue waits or runs."""
        return self._events.settled() and self._poller.settled()

    def process_ids(self) -> list[int]:
        """List every process, for tests and diagnosis."""
        with self._lock:
            pools = list(self._pools.values())
        return sorted(pid for pool in pools for pid in pool.process_ids())

    def _attempt(self, arn: str, event: bytes, request_id: str) -> tuple[FunctionVersion, InvocationResult]:
        function = self._cloud.find(arn, None)
        return function, self._call(function, event, arn=arn, request_id=request_id)

    def _from_queue(self, arn: str, event: bytes) -> InvocationResult:
        return self._call(self._cloud.find(arn, None), event, arn=arn, request_id=str(uuid4()))

    def _call(self, function: FunctionVersion, event: bytes, *, arn: str, request_id: str) -> InvocationResult:
        pool = self._pool(function.arn)
        extras = self._extras()
        fingerprint = _fingerprint(function, extras)
        with pool.slot(fingerprint, function.reserved_concurrency) as slot:
            now = time.time()
            trace_id = f"Root=1-{int(now):08x}-{uuid4().hex[:24]};Parent={uuid4().hex[:16]};Sampled=0"
            records = PlatformRecords(function)
            written: list[tuple[int, str]] = []
            init_ms: float | None = None
            loaded: CallOutcome | None = None
            if slot.warm is None:
                written += records.init_started(now)
                warm = pool.adopt(slot, self._started(function, extras, fingerprint))
                loaded = warm.worker.initialise(_INIT_LIMIT, request_id=request_id)
                init_ms = loaded.duration_ms
                written += loaded.lines
            else:
                warm = slot.warm
            written += records.started(time.time(), request_id)
            if loaded is None or loaded.status == "success":
                outcome = warm.worker.invoke(event, request_id=request_id, function_arn=arn, trace_id=trace_id)
            else:
                # A handler that cannot be loaded is reported as a failed invocation.
                outcome = replace(loaded, lines=(), duration_ms=0.0)
            if outcome.alive:
                slot.keep()
            written += [*outcome.lines, *_timeout_line(function, request_id, outcome)]
            written += records.ended(time.time(), request_id, trace_id, outcome, init_ms)
            # Before the caller gets the answer, so that it finds the call in the log.
            self._log(function, warm.stream, written)
        return InvocationResult(
            payload=outcome.payload,
            function_error="" if outcome.status == "success" else "Unhandled",
            log_tail="\n".join([text for _, text in written] + [""]).encode()[-MAX_TAIL:],
            request_id=request_id,
            version=function.version,
        )

    def _started(self, function: FunctionVersion, extras: Extras, fingerprint: str) -> Warm:
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{uuid4().hex}"
        try:
            task_root = self._packages.unpacked(function.code, function.code_sha256)
        except ValueError as error:
            raise InvocationRefusedError(
                "InvalidZipFileException", 502, f"Lambda could not unzip the deployment package: {error}"
            ) from error
        scratch = Path(tempfile.mkdtemp(prefix=f"{function.name}-", dir=self._home))
        environment = process_environment(
            function,
            task_root=task_root,
            scratch=scratch,
            keys=self._cloud.credentials(function.role_arn, function.name),
            stream=stream,
            endpoint=self._endpoint(),
            extra=extras.environment,
        )
        worker = Worker(
            path=(task_root, self._packages.runtime()),
            environment=environment,
            hosts=extras.hosts,
            timeout=function.timeout,
            memory_mb=function.memory_mb,
        )
        return Warm(worker=worker, stream=stream, scratch=scratch, fingerprint=fingerprint)

    def _log(self, function: FunctionVersion, stream: str, events: list[tuple[int, str]]) -> None:
        # Output and records are read in turn, and CloudWatch Logs wants a batch in order of time.
        events.sort(key=lambda event: event[0])
        try:
            self._cloud.write_logs(function, stream, events)
        except Exception:  # noqa: BLE001 - the call itself has happened, and its caller gets the answer
            _LOG.exception("the log of %s could not be written", function.name)

    def _pool(self, arn: str) -> Pool:
        with self._lock:
            if self._stopped.is_set():
                raise throttled()
            if arn not in self._pools:
                self._pools[arn] = Pool(Condition(), self._processes)
            return self._pools[arn]

    def _clean(self) -> None:
        while not self._stopped.wait(min(_JANITOR_SECONDS, self._idle_seconds)):
            with self._lock:
                pools = dict(self._pools)
            for arn, pool in pools.items():
                try:
                    self._cloud.find(arn, None)
                except InvocationRefusedError:
                    # It was deleted: the next function of that name must not get its processes.
                    pool.end_idle(0.0)
                else:
                    pool.end_idle(self._idle_seconds)


def checked(payload: bytes, kind: str, limit: int) -> bytes:
    """Return the event of a request, or raise InvocationRefusedError if it is too large or not JSON."""
    if len(payload) > limit:
        message = f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        raise InvocationRefusedError("RequestTooLargeException", 413, message)
    try:
        json.loads(payload or b"{}")
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise InvocationRefusedError("InvalidRequestContentException", 400, message) from error
    return payload or b"{}"


def _invoked(function: FunctionVersion, name: str, qualifier: str | None) -> str:
    """Return the ARN as the caller qualified the function, which is what the context shows."""
    stated = name.rpartition(":function:")[2] if ":function:" in name else name
    qualifier = qualifier or stated.partition(":")[2]
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


def _timeout_line(function: FunctionVersion, request_id: str, outcome: CallOutcome) -> list[tuple[int, str]]:
    if outcome.status != "timeout" or function.log_format == "JSON":
        return []
    now = datetime.now(UTC)
    stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    return [(int(now.timestamp() * 1000), f"{stamp} {request_id} Task timed out after {function.timeout:.2f} seconds")]


def _fingerprint(function: FunctionVersion, extras: Extras) -> str:
    """Identify what a process is made of: a change makes warm processes useless."""
    parts = (replace(function, code=b"", reserved_concurrency=None), sorted(extras.environment.items()))
    return hashlib.sha256(repr((parts, sorted(extras.hosts.items()))).encode()).hexdigest()
