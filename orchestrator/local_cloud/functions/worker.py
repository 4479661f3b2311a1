"""One process of one function: started, given one event at a time, killed at its timeout or memory limit."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import psutil

from orchestrator.local_cloud.functions import bootstrap
from orchestrator.local_cloud.functions.bootstrap import Channel
from orchestrator.local_cloud.functions.model import MAX_SYNCHRONOUS, CallOutcome, Status
from orchestrator.local_cloud.functions.output import Output

_TICK = 0.05
_GRACE = 5.0


class Worker:
    """A warm process, used by one thread at a time.

    Python looks for modules in ``path`` before its own library; the first is the process's folder. ``environment`` is
    complete. A call may take ``timeout`` seconds and ``memory_mb`` of resident memory.
    """

    def __init__(
        self,
        *,
        path: tuple[Path, ...],
        environment: Mapping[str, str],
        hosts: Mapping[str, tuple[str, int]],
        timeout: float,
        memory_mb: int,
    ) -> None:
        self._closed = False
        self._reaping = Lock()
        self._timeout, self._memory_mb = timeout, memory_mb
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        self._channel, self._output = Channel(ours), Output(reading)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._output, selectors.EVENT_READ)
        arguments = [sys.executable, "-I", "-S", "-X", "utf8", bootstrap.__file__, str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=path[0],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(writing)
        # Its start time tells it from a later process with the same id.
        self._watched = psutil.Process(self._process.pid)
        self._channel.send({"path": [str(folder) for folder in path], "hosts": dict(hosts)})

    @property
    def pid(self) -> int:
        return self._process.pid

    def initialise(self, limit: float, *, request_id: str) -> CallOutcome:
        """Wait so many seconds for the handler to load; after a failure the process is gone."""
        outcome = self._await(request_id, limit)
        if outcome.status != "success":
            self.stop()
        return outcome

    def invoke(self, event: bytes, *, request_id: str, function_arn: str, trace_id: str) -> CallOutcome:
        """Run the handler for one event (JSON); ``function_arn`` is qualified as by the caller."""
        header = {
            "requestId": request_id,
            "functionArn": function_arn,
            "traceId": trace_id,
            "deadlineMs": (time.time() + self._timeout) * 1000,
        }
        try:
            self._channel.send(header, event)
        except OSError:
            return self._gone(request_id, time.monotonic())
        outcome = self._await(request_id, self._timeout)
        if not outcome.alive:
            self.stop()
        return outcome

    def stop(self) -> None:
        """Kill the process and its children, and free its resources; harmless when it is gone."""
        self._kill()
        self._close()

    def kill(self) -> None:
        """Kill the process while another thread waits for it; that thread sees its end."""
        with self._reaping:
            if self._process.returncode is None:
                # macOS refuses when only a zombie is left.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def _await(self, request_id: str, limit: float) -> CallOutcome:
        started = time.monotonic()
        peak = 0
        while True:
            left = started + limit - time.monotonic()
            readable = [key.fileobj for key, _ in self._selector.select(max(0.0, min(left, _TICK)))]
            if self._output in readable and not self._output.drain():
                # It has closed both its outputs: only the socket is left.
                self._selector.unregister(self._output)
            if self._channel in readable:
                try:
                    header, body = self._channel.receive()
                except (EOFError, OSError):
                    return self._gone(request_id, started)
                self._output.drain()
                if header["kind"] != "log":
                    return self._answered(request_id, header, body, started)
                self._output.add(body)
            elif left <= 0:
                message = f"RequestId: {request_id} Error: Task timed out after {limit:.2f} seconds"
                return self._ended("timeout", "Sandbox.Timedout", message, started, peak)
            peak = max(peak, self._resident_mb())
            if peak > self._memory_mb:
                message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
                return self._ended("error", "Runtime.OutOfMemory", message, started, peak)

    def _answered(self, request_id: str, header: Mapping[str, Any], body: bytes, started: float) -> CallOutcome:
        kind, status, error_type = header["kind"], "success", ""  # type: str, Status, str
        if kind in ("error", "failed"):
            document = json.loads(body) | {"requestId": request_id}
            status, error_type, body = "error", document["errorType"], json.dumps(document).encode()
        elif header["size"] > MAX_SYNCHRONOUS:
            status, error_type = "error", "Function.ResponseSizeTooLarge"
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_SYNCHRONOUS} bytes)."
            body = _error(error_type, message)
        return CallOutcome(
            status=status,
            payload=body,
            error_type=error_type,
            lines=self._output.take(),
            duration_ms=(time.monotonic() - started) * 1000,
            memory_mb=header["memoryMb"],
            alive=kind != "failed",
        )

    def _gone(self, request_id: str, started: float) -> CallOutcome:
        """Report a process that ended by itself, by sys.exit or a signal."""
        ended = time.monotonic() + _GRACE
        while time.monotonic() < ended and not self._exited():
            time.sleep(_TICK / 5)
        self._kill()
        code = self._process.returncode
        reason = f"signal: {_signal_name(-code)}" if code < 0 else f"exit status {code}"
        text = "Runtime exited without providing a reason" if code == 0 else f"Runtime exited with error: {reason}"
        return self._ended("error", "Runtime.ExitError", f"RequestId: {request_id} Error: {text}", started, 0)

    def _ended(self, status: Status, error_type: str, message: str, started: float, peak: int) -> CallOutcome:
        self._kill()
        self._output.drain()
        # For the caller, running out of memory is an exit like any other; only the report names it.
        shown = "Runtime.ExitError" if error_type == "Runtime.OutOfMemory" else error_type
        return CallOutcome(
            status=status,
            payload=_error(shown, message),
            error_type=error_type,
            lines=self._output.take(),
            duration_ms=(time.monotonic() - started) * 1000,
            memory_mb=peak,
            alive=False,
        )

    def _kill(self) -> None:
        """End the process's whole session, as a handler may have started programs, and reap it."""
        self.kill()
        with self._reaping:
            self._process.wait()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._selector.close()
            self._channel.close()
            self._output.close()

    def _resident_mb(self) -> int:
        try:
            return int(self._watched.memory_info().rss) >> 20
        except psutil.Error:
            return 0

    def _exited(self) -> bool:
        """Return whether it has ended. It is not reaped: it needs its id until its session is killed."""
        try:
            return self._watched.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _signal_name(number: int) -> str:
    """Name a signal as Go's runtime does, in which Lambda's own init is written."""
    names = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGSEGV: "segmentation fault"}
    return names.get(signal.Signals(number), signal.Signals(number).name.lower())
