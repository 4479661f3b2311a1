"""The program of a worker process: loads the handler of one function, then runs it for one event after another.

It is started with ``python -I -S bootstrap.py FD`` and sees the standard library only; the first frame on the socket FD
extends its path. The socket is also the tether: when it closes, because the server stopped or died, the process ends
whatever the handler is doing.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html and the pages below it describe what a handler sees.
"""

import importlib
import json
import logging
import os
import queue
import resource
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NoReturn

_LENGTHS = struct.Struct(">II")
# An answer has 6 MiB at most; one that is larger still must not fill the memory of the server.
_LARGEST = 16 << 20
_LARGEST_LINE = 1 << 18


class Channel:
    """Frames of a JSON header and a body over a stream socket; one thread reads, any may write."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._connection.fileno()

    def close(self) -> None:
        self._connection.close()

    def send(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        """Send one frame, or raise OSError when the other side is gone."""
        head = json.dumps(header).encode()
        with self._lock:
            self._connection.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Wait for one frame, or raise EOFError or OSError when the other side is gone."""
        head, body = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        if max(head, body) > _LARGEST:
            raise EOFError(f"a frame of {head + body} bytes")
        header: dict[str, Any] = json.loads(self._exactly(head))
        return header, self._exactly(body)

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = self._connection.recv(min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class Failure(Exception):  # noqa: N818 - Lambda calls it that
    """A handler that cannot be loaded or whose answer cannot be sent; ``kind`` is the errorType."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Context:
    """The second argument of a handler: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.aws_request_id: str = request["requestId"]
        self.invoked_function_arn: str = request["functionArn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self._deadline: float = request["deadlineMs"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline - time.time() * 1000))


class _Log(logging.Handler):
    """Writes records of the standard library's logging as Lambda does: one event each, however many lines."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
        self._request_id = ""

    def begin(self, request_id: str) -> None:
        self._request_id = request_id

    def emit(self, record: logging.LogRecord) -> None:
        moment = datetime.fromtimestamp(record.created, UTC)
        if not self._json:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
            stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
            self.write(f"[{record.levelname}]\t{stamp}\t{self._request_id}\t{text}")
            return
        fields: dict[str, Any] = {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self._request_id,
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields |= {
                "errorType": record.exc_info[0].__name__,
                "errorMessage": str(record.exc_info[1]),
                "stackTrace": _stack(record.exc_info[1]),
            }
        self.write(json.dumps(fields, default=str))

    def failed(self, error: Mapping[str, Any]) -> None:
        """Write the line of the runtime about an exception that a handler did not catch."""
        if self._json:
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.write(json.dumps({"timestamp": stamp, "log_level": "ERROR", **error}))
            return
        trace = "".join(error["stackTrace"]).rstrip()
        head = f"[ERROR] {error['errorType']}: {error['errorMessage']}"
        self.write(f"{head}\nTraceback (most recent call last):\n{trace}" if trace else head)

    def write(self, text: str) -> None:
        sys.stdout.flush()
        self._channel.send({"kind": "log"}, text[:_LARGEST_LINE].encode(errors="replace"))


def main(descriptor: int) -> None:
    """Serve frames until the socket closes."""
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    channel = Channel(connection)
    settings, _ = channel.receive()
    for stream in (sys.stdout, sys.stderr):
        # Lines must not be lost when the process is killed at its timeout.
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(channel, requests), name="tether", daemon=True).start()
    sys.path[:0] = settings["path"]
    _redirect({name: (host, port) for name, (host, port) in settings["hosts"].items()})
    log = _Log(channel)
    logging.root.addHandler(log)
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level))
    # Otherwise every function logs that botocore found its endpoint in the environment.
    logging.getLogger("botocore.configprovider").setLevel(logging.WARNING)
    try:
        handler = _load(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - whatever a module raises on import is the function's failure
        _answer(channel, "failed", _report(error, "", log))
        return
    _answer(channel, "ready", b"")
    while True:
        request, event = requests.get()
        log.begin(request["requestId"])
        os.environ["_X_AMZN_TRACE_ID"] = request["traceId"]
        try:
            body = _encode(handler(json.loads(event), Context(request)))
        except Exception as error:  # noqa: BLE001 - as above, on a call
            _answer(channel, "error", _report(error, request["requestId"], log))
        else:
            _answer(channel, "result", body)


def _read(channel: Channel, requests: "queue.SimpleQueue[tuple[dict[str, Any], bytes]]") -> NoReturn:
    while True:
        try:
            requests.put(channel.receive())
        except (EOFError, OSError):
            os._exit(0)


def _answer(channel: Channel, kind: str, body: bytes) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    channel.send({"kind": kind, "memoryMb": _peak_mb(), "size": len(body)}, body if len(body) <= _LARGEST else b"")


def _peak_mb() -> int:
    try:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 - at every call
            return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM:"))
    except OSError:
        # macOS, in bytes. On Linux this would count the server, from which the process was forked.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20


def _load(name: str) -> Callable[[Any, Context], Any]:
    module_name, dot, function = name.rpartition(".")
    if not dot:
        raise Failure("Runtime.MalformedHandlerName", f"Bad handler '{name}': it must be <file>.<function>")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise Failure("Runtime.UserCodeSyntaxError", message) from error
    handler: Callable[[Any, Context], Any] | None = getattr(module, function, None)
    if handler is None:
        raise Failure("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return handler


def _encode(result: Any) -> bytes:
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _report(error: Exception, request_id: str, log: _Log) -> bytes:
    document = {
        "errorMessage": str(error)[:_LARGEST_LINE],
        "errorType": error.kind if isinstance(error, Failure) else type(error).__name__,
        "requestId": request_id,
        "stackTrace": [] if isinstance(error, Failure) else _stack(error),
    }
    log.failed(document)
    return json.dumps(document).encode()


def _stack(error: BaseException | None) -> list[str]:
    """Format the frames of the function's own code, without those of this file."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return traceback.format_list([frame for frame in frames if frame.filename != __file__])


def _redirect(hosts: Mapping[str, tuple[str, int]]) -> None:
    """Redirect connections to "name:port" (or a name, for all its ports); TLS still verifies the name."""
    if not hosts:
        return
    resolve = socket.getaddrinfo

    def target(host: Any, port: Any) -> tuple[Any, Any]:
        name = host.decode() if isinstance(host, bytes) else host
        return hosts.get(f"{name}:{port}") or hosts.get(str(name)) or (host, port)

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        return resolve(*target(host, port), *args, **kwargs)

    def connecting(original: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                address = (*target(*address[:2]), *address[2:])
            return original(self, address)

        return connect

    socket.getaddrinfo = getaddrinfo
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, connecting(getattr(socket.socket, name)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
