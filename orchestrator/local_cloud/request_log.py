"""One line per request in server.log: time, service, action, status, duration. Never a body, a header or a query string."""

import logging
from time import perf_counter
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.operation import operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

_LOG = logging.getLogger("platformctl.local_cloud.requests")


def log_requests(inner: Handler) -> Handler:
    """Build the layer that writes a line when the response is complete."""

    def handle(environ: WSGIEnvironment) -> Response:
        start = perf_counter()
        operation = operation_of(environ)
        response = inner(environ)
        _LOG.info(
            "%s %s %d %.1fms",
            operation.service or "-",
            operation.action or environ["REQUEST_METHOD"],
            response.code,
            (perf_counter() - start) * 1000,
        )
        return response

    return handle
