"""Answers a repeated request with the response to the first attempt.

An SDK repeats a request whose response is lost, with the same ``amz-sdk-invocation-id``. AWS recognises most repeats by client tokens; moto does not,
and creates a second subnet or route table, on which the deletion of the VPC hangs later. So the first complete response is kept
and given again, even to a repeat that arrives while the first attempt is still running.

Two requests are the same if invocation id, method, path, query and body agree: a poll with a new id is never answered from memory. GET
and HEAD are harmless to repeat and pass through, and so do large uploads.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Condition
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.wsgi import Handler, Response, plain

_LARGEST_REQUEST = 8 << 20
_LARGEST_RESPONSE = 1 << 20
_RETRYABLE = frozenset({429, 500, 502, 503, 504})


@dataclass(slots=True)
class ReplayMemory:
    """The responses of the most recent requests, bounded in number and in bytes.

    Attributes:
        patience: seconds that a repeat waits for the first attempt to finish.

    """

    entries: int = 4096
    size: int = 64 << 20
    patience: float = 300.0
    replayed: int = field(default=0, init=False)
    _kept: OrderedDict[bytes, Response] = field(default_factory=OrderedDict, init=False)
    _bytes: int = field(default=0, init=False)
    _running: set[bytes] = field(default_factory=set, init=False)
    _changed: Condition = field(default_factory=Condition, init=False)

    def answer(self, key: bytes, environ: WSGIEnvironment, inner: Handler) -> Response:
        """Return the remembered response, or a new one, which is then remembered."""
        with self._changed:
            if not self._changed.wait_for(lambda: key not in self._running, self.patience):
                return plain(503, "The first attempt of this request is still running.")
            known = self._kept.get(key)
            if known is not None:
                self.replayed += 1
                self._kept.move_to_end(key)
                return known
            self._running.add(key)
        response: Response | None = None
        try:
            response = inner(environ)
            return response
        finally:
            with self._changed:
                self._running.discard(key)
                if response is not None:
                    self._keep(key, response)
                self._changed.notify_all()

    def _keep(self, key: bytes, response: Response) -> None:
        # An answer that asks for a repeat must not be the answer to the repeat.
        if response.code in _RETRYABLE or len(response.body) > _LARGEST_RESPONSE:
            return
        self._kept[key] = response
        self._bytes += len(response.body)
        while len(self._kept) > self.entries or self._bytes > self.size:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)


def replay_repeats(inner: Handler, memory: ReplayMemory) -> Handler:
    """Build the layer; requests without an invocation id pass through."""

    def handle(environ: WSGIEnvironment) -> Response:
        key = _key(environ)
        return inner(environ) if key is None else memory.answer(key, environ, inner)

    return handle


def _key(environ: WSGIEnvironment) -> bytes | None:
    invocation = str(environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))
    method = str(environ["REQUEST_METHOD"])
    if not invocation or method in ("GET", "HEAD"):
        return None
    if int(environ.get("CONTENT_LENGTH") or 0) > _LARGEST_REQUEST:
        return None
    digest = blake2b(digest_size=20)
    head = (
        invocation,
        method,
        str(environ.get("HTTP_HOST", "")),
        str(environ.get("RAW_URI", environ.get("PATH_INFO", ""))),
        str(environ.get("HTTP_X_AMZ_TARGET", "")),
    )
    digest.update("\n".join(head).encode())
    body = environ["wsgi.input"]
    digest.update(b"\n" + body.read())
    body.seek(0)
    return digest.digest()
