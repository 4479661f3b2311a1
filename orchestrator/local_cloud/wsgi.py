"""Requests and responses as the layers around moto see them: a whole response, not a stream.

Buffering is what makes the layers simple and safe: a response is complete before its first byte is sent, so it can be
remembered, logged with its status, or replaced by an error.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers = tuple[tuple[str, str], ...]
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name, as RFC 9110 defines it."""

_STATUS = re.compile(r"[2-9]\d\d(?: .*)?")
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete HTTP response; its status has the reason, as WSGI writes it: "200 OK"."""

    status: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def code(self) -> int:
        return int(self.status.split(" ", 1)[0])

    def header(self, name: str) -> str:
        """Return the first header of that name, in any case; empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


Handler = Callable[[WSGIEnvironment], Response]
"""One layer: takes the WSGI environment, gives the whole response."""


def sendable(value: str) -> bool:
    """Whether a text can be the value of a header: ISO-8859-1, in one line."""
    return all(character not in "\r\n\0" and character <= "\xff" for character in value)


def flaw(response: Response) -> str:
    """Name what keeps a response from being written as HTTP; empty when nothing does."""
    if not _STATUS.fullmatch(response.status) or not sendable(response.status):
        return "its status is not one of HTTP's final statuses"
    for name, value in response.headers:
        if not TOKEN.fullmatch(name):
            return "a header has no valid name"
        if not sendable(value):
            return f"the value of the header {name} is not one line of ISO-8859-1"
    return ""


def status_line(code: int) -> str:
    """Format a code with its usual reason phrase."""
    return f"{code} {HTTPStatus(code).phrase}"


def plain(code: int, text: str) -> Response:
    """Build a short answer for people."""
    body = f"{text}\n".encode()
    return Response(
        status=status_line(code),
        headers=(("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))),
        body=body,
    )


def buffered(application: WSGIApplication) -> Handler:
    """Turn a WSGI application into a layer that runs it to its end."""

    def handle(environ: WSGIEnvironment) -> Response:
        status, headers = "", ()  # type: tuple[str, Headers]
        written: list[bytes] = []

        def start_response(
            new_status: str, new_headers: list[tuple[str, str]], _info: _ExceptionInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal status, headers
            status, headers = new_status, tuple(new_headers)
            return written.append

        chunks: Iterable[bytes] = application(environ, start_response)
        try:
            written.extend(chunks)
        finally:
            close: Any = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Response(status=status, headers=headers, body=b"".join(written))

    return handle


def application(handler: Handler) -> WSGIApplication:
    """Turn the outermost layer into a WSGI application."""

    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = handler(environ)
        start_response(response.status, list(response.headers))
        return (response.body,)

    return run
