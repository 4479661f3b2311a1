"""The server's own endpoints below /_platformctl/ (health, models, retirement, reset), and the check of the host name.

Only requests that name this machine or a host of AWS are served. The plain-HTTP proxy setting that leads S3 Control here must not become a proxy
for anything else, and a page in a browser must not reach the server under a name of its own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.identity import CONTROL_PREFIX
from orchestrator.local_cloud.wsgi import Handler, Response, plain, status_line

_HOSTS = re.compile(
    r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9.-]+\.)?localhost|[a-z0-9.-]+\.amazonaws\.com)(?::\d+)?", re.IGNORECASE
)

_ENDPOINTS = (("GET", "/health"), ("GET", "/models"), ("POST", "/retire"), ("POST", "/reset"))


@dataclass(slots=True)
class Retirement:
    """Decides when the server exits by itself: once nothing has called it for the agreed time.

    The decision is final: from then on the server refuses to be kept, and whoever wants one starts another.
    """

    clock: Callable[[], float] = monotonic
    _after: float | None = field(default=None, init=False)
    _last: float = field(default=0.0, init=False)
    _active: int = field(default=0, init=False)
    _leaving: bool = field(default=False, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def request_begins(self) -> None:
        with self._lock:
            self._active += 1

    def request_ends(self) -> None:
        with self._lock:
            self._active -= 1
            self._last = self.clock()

    def schedule(self, after_seconds: float | None) -> bool:
        """Set the time or, with None, cancel the exit; false when it is too late."""
        with self._lock:
            self._after = after_seconds
            self._last = self.clock()
            return not self._leaving

    def due(self) -> bool:
        """Decide whether to exit now."""
        with self._lock:
            if self._after is not None and not self._active and self.clock() - self._last >= self._after:
                self._leaving = True
            return self._leaving

    @property
    def leaving(self) -> bool:
        with self._lock:
            return self._leaving


def control_endpoints(
    inner: Handler,
    health: dict[str, Any],
    retirement: Retirement,
    reset: Callable[[], None] = lambda: None,
    models: Callable[[], dict[str, Any]] = dict,
) -> Handler:
    """Build the outermost layer.

    Args:
        inner: the layers around moto.
        health: what ``GET /_platformctl/health`` answers.
        retirement: notified of every request but those to the control endpoints.
        reset: empties the account.
        models: what ``GET /_platformctl/models`` answers: the requests that AWS's service models forbid.

    """

    def handle(environ: WSGIEnvironment) -> Response:
        if not _HOSTS.fullmatch(str(environ.get("HTTP_HOST", ""))):
            return plain(
                403, "This is platformctl's local cloud, and no proxy: it serves 127.0.0.1 and AWS host names only."
            )
        path = str(environ.get("PATH_INFO", ""))
        if path == CONTROL_PREFIX or path.startswith(CONTROL_PREFIX + "/"):
            return control(environ, path.removeprefix(CONTROL_PREFIX))
        retirement.request_begins()
        try:
            return inner(environ)
        finally:
            retirement.request_ends()

    def control(environ: WSGIEnvironment, path: str) -> Response:
        match environ["REQUEST_METHOD"], path:
            case "GET", "/health":
                return _json(503 if retirement.leaving else 200, health)
            case "GET", "/models":
                return _json(200, models())
            case "POST", "/retire":
                try:
                    after = json.loads(environ["wsgi.input"].read())["after_seconds"]
                    seconds = None if after is None else max(0.0, float(after))
                except (ValueError, KeyError, TypeError):
                    return plain(400, 'Expected {"after_seconds": <number or null>}.')
                kept = retirement.schedule(seconds)
                return _json(200 if kept else 409, {"after_seconds": seconds, "leaving": not kept})
            case "POST", "/reset":
                reset()
                return _json(200, {"reset": True})
            case _:
                return plain(
                    404, f"There are {', '.join(f'{verb} {CONTROL_PREFIX}{name}' for verb, name in _ENDPOINTS)}."
                )

    return handle


def _json(code: int, content: dict[str, Any]) -> Response:
    body = json.dumps(content).encode()
    return Response(
        status=status_line(code),
        headers=(("Content-Type", "application/json"), ("Content-Length", str(len(body)))),
        body=body,
    )
