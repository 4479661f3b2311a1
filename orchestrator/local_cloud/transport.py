"""HTTP on loopback: a thread per connection, kept alive, every request read to its end before it is handled.

werkzeug's own handler closes each connection after one response, which loses responses when a client's last bytes are still under way.
Reading the request first lets a connection stay open, and gives every layer a body that it can rewind.
"""

from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn
from tempfile import SpooledTemporaryFile
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer

from orchestrator.local_cloud.wsgi import Response, buffered, plain

_IN_MEMORY = 8 << 20
_CHUNK = 1 << 20


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
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            environ = self.make_environ()
            source = environ["wsgi.input"]
            if environ.pop("wsgi.input_terminated", False):
                while chunk := source.read(_CHUNK):
                    body.write(chunk)
                environ["CONTENT_LENGTH"] = str(body.tell())
                environ.pop("HTTP_TRANSFER_ENCODING", None)
            else:
                left = int(environ.get("CONTENT_LENGTH") or 0)
                while left > 0 and (chunk := source.read(min(left, _CHUNK))):
                    body.write(chunk)
                    left -= len(chunk)
                if left:
                    self.close_connection = True
                    return  # the client has gone
            body.seek(0)
            environ["wsgi.input"] = body
            try:
                response = buffered(self.server.app)(environ)
            except Exception:
                self.server.log("error", "a layer of the local cloud failed")
                self._send(plain(501, "A layer of the local cloud failed; see server.log."))
                raise
            self._send(response)

    def _send(self, response: Response) -> None:
        code, _, reason = response.status.partition(" ")
        self.send_response_only(int(code), reason)
        names = set()
        for name, value in response.headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
                names.add(name.lower())
        bodiless = self.command == "HEAD" or int(code) in (204, 304)
        if "content-length" not in names and not bodiless:
            self.send_header("Content-Length", str(len(response.body)))
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        self.end_headers()
        if not bodiless:
            self.wfile.write(response.body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the request log has a line of its own."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is BaseHTTPRequestHandler's
        BaseHTTPRequestHandler.log_message(self, format, *args)
