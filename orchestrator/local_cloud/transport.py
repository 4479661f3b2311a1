"""HTTP on loopback: a thread per connection, kept alive, every request read to its end before it is handled.

werkzeug's own handler closes each connection after one response, which loses responses when a client's last bytes are still under way.
Reading the request first lets a connection stay open, and gives every layer a body that it can rewind. Every request gets an answer with
a status and a reason: even if it is not valid HTTP, a layer fails on it, or its response cannot be written as HTTP.
"""

import logging
import socket
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedReader
from socketserver import ThreadingMixIn
from tempfile import SpooledTemporaryFile
from time import monotonic
from wsgiref.types import WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer

from orchestrator.local_cloud.faults import defect
from orchestrator.local_cloud.framing import FramingError, check_headers, copy_body
from orchestrator.local_cloud.wsgi import Response, buffered, flaw, plain

_LOG = logging.getLogger("platformctl.local_cloud")
_IN_MEMORY = 8 << 20
_TLS_HANDSHAKE = b"\x16"
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 64 << 20


class LoopbackServer(ThreadingMixIn, BaseWSGIServer):
    """Serves one WSGI application on 127.0.0.1; port 0 lets the system choose."""

    multithread = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, app: WSGIApplication) -> None:
        super().__init__("127.0.0.1", port, app, handler=_RequestHandler)


class _RequestHandler(MotoRequestHandler):
    """moto's handler (it keeps header names with underscores) with another way of reading and writing."""

    protocol_version = "HTTP/1.1"
    # An invalid request line gets an answer with a status line, too; HTTP/0.9 has none.
    default_request_version = "HTTP/1.0"
    disable_nagle_algorithm = True
    rfile: BufferedReader

    def setup(self) -> None:
        super().setup()
        self._refused = False
        self.command = self.requestline = ""
        self.request_version = self.default_request_version

    def handle_one_request(self) -> None:
        while (first := self.rfile.peek(1)[:1]) in (b"\r", b"\n"):
            # Some clients send a line end after a body; RFC 9112 ignores it.
            self.rfile.read(1)
        if first == _TLS_HANDSHAKE:
            self.send_error(400, "This port speaks HTTP, not HTTPS: the endpoint begins with http://")
        else:
            super().handle_one_request()

    def handle_expect_100(self) -> bool:
        """Nothing yet: ``run_wsgi`` invites the body once the headers are known to be good."""
        return True

    def run_wsgi(self) -> None:
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            try:
                check_headers(self.headers)
                environ = self._environ()
                if self.headers.get("Expect", "").strip().lower() == "100-continue":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                length = copy_body(self.headers, self.rfile, body)
            except FramingError as error:
                self.send_error(error.status, error.message)
                return
            if length is not None:
                environ["CONTENT_LENGTH"] = str(length)
            body.seek(0)
            environ["wsgi.input"] = body
            self._send(self._answer(environ))

    def _environ(self) -> WSGIEnvironment:
        try:
            environ = self.make_environ()
        except ValueError as error:
            raise FramingError(400, "The request names no valid URL.") from error
        environ.pop("wsgi.input_terminated", None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def _answer(self, environ: WSGIEnvironment) -> Response:
        try:
            response = buffered(self.server.app)(environ)
        except Exception as error:  # noqa: BLE001 - whatever a layer raises becomes an answer
            _LOG.exception("a layer of the local cloud failed")
            return defect(environ, type(error).__name__)
        problem = flaw(response)
        if problem:
            _LOG.error("a response cannot be written as HTTP: %s", problem)
            return defect(environ, problem)
        return response

    def _send(self, response: Response) -> None:
        code, _, reason = response.status.partition(" ")
        self.send_response_only(int(code), reason)
        bodiless = self.command == "HEAD" or int(code) in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        # The length is that of the body, whatever an application says; only without a body its word counts.
        dropped = {"connection", "transfer-encoding"} | (set() if bodiless else {"content-length"})
        for name, value in response.headers:
            if name.lower() not in dropped:
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(response.body)))
        if not response.header("Date"):
            self.send_header("Date", self.date_time_string())
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(response.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer an invalid request. Only the status is logged, because the message may quote the request."""
        phrase = HTTPStatus(code).phrase
        _LOG.warning("refused an invalid HTTP request: %d %s", code, phrase)
        self.close_connection = self._refused = True
        self._send(plain(code, explain or message or phrase))

    def finish(self) -> None:
        """Read what a refused client still sends: closing at once would reset the connection and lose the answer."""
        super().finish()
        if not self._refused:
            return
        deadline, left = monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (seconds := deadline - monotonic()) > 0:
                self.connection.settimeout(seconds)
                received = len(self.connection.recv(1 << 16))
                if not received:
                    return
                left -= received

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the request log has a line of its own."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is BaseHTTPRequestHandler's
        BaseHTTPRequestHandler.log_message(self, format, *args)
