"""Refuses real credentials.

Any placeholder will do as a key, as with every AWS emulator, and so will a key that the local cloud has issued itself. A key that AWS may have
issued means that the caller believes to be talking to AWS, or that real credentials leaked into a child process. Neither may go unnoticed. The
key itself is never logged and never repeated in an answer.
"""

import logging
import re
from threading import Lock
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.operation import operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

_LOG = logging.getLogger("platformctl.local_cloud")
_ISSUED = re.compile(rb"<AccessKeyId>([A-Z0-9]{16,32})</AccessKeyId>")
# The prefixes of access keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_REAL = re.compile(r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}")
_ISSUERS = frozenset(
    {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetSessionToken", "GetFederationToken"}
)


class IssuedKeys:
    """The access key ids that this server has issued: through STS or IAM, or to a function that it runs."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = Lock()

    def remember(self, access_key_id: str) -> None:
        with self._lock:
            self._ids.add(access_key_id)

    def __contains__(self, access_key_id: str) -> bool:
        with self._lock:
            return access_key_id in self._ids


def guard_credentials(inner: Handler, issued: IssuedKeys) -> Handler:
    """Build the layer that refuses real keys and learns the ones that STS and IAM issue."""

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        key = operation.access_key_id
        if key and _REAL.fullmatch(key) and key not in issued:
            _LOG.error("%s refused: a real AWS access key was used", operation.label)
            return error_response(operation, code="RealCredentialsRefused", status=403, message=_REAL_KEY)
        response = inner(environ)
        if operation.action in _ISSUERS or operation.action == "CreateAccessKey":
            for match in _ISSUED.finditer(response.body):
                issued.remember(match.group(1).decode())
        return response

    return handle


_REAL_KEY = (
    "Real credentials were about to be used against the local cloud. Nothing was done. Run the command in the environment that "
    '"platformctl local env" prints, or without an endpoint override if you meant AWS.'
)
