"""Loads moto's services and applies the patches while the server is already up.

Importing the services takes two seconds of CPU (EC2's zones and instance types, API Gateway's validators). Terraform needs longer than that
before its first call, so the server announces itself at once and holds requests until the patches are in place: no request ever meets
moto without them.
"""

import logging
from collections.abc import Callable
from threading import Event
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.faults import DEFECT, error_response
from orchestrator.local_cloud.operation import operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

_LOG = logging.getLogger("platformctl.local_cloud")


class Preparation:
    """Work that must be done before the first request.

    Args:
        work: runs once; a LocalCloudError that it raises becomes the answer to every request.

    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._done = Event()
        self._failure = "The local cloud failed while it loaded; see server.log."

    def run(self) -> None:
        """Do the work; to be called once, in a thread of its own."""
        try:
            self._work()
            self._failure = ""
        except LocalCloudError as error:
            _LOG.exception("the local cloud cannot serve")
            self._failure = f"{error.summary}. {error.detail} {error.hint}"
        finally:
            self._done.set()

    def wait(self) -> None:
        """Wait until the work is done, successfully or not."""
        self._done.wait()

    def hold(self, inner: Handler) -> Handler:
        """Build the layer in which requests wait for the work, and learn why it failed."""

        def handle(environ: WSGIEnvironment) -> Response:
            self.wait()
            if self._failure:
                return error_response(operation_of(environ), code=DEFECT, status=501, message=self._failure)
            return inner(environ)

        return handle
