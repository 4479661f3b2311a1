"""What an organization forbids in its member accounts: the mandatory preventive controls of AWS Control Tower.

They are service control policies: they bind every principal of the account, its root user included, and no policy of the account allows
what they deny. Of the published ones, those that deployments can meet.

https://docs.aws.amazon.com/controltower/latest/controlreference/mandatory-controls.html
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from http import HTTPStatus
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

_EVERYTHING = "*"
_OWN = "aws-controltower-"

_CONFIG = (
    "DeleteConfigurationRecorder",
    "DeleteDeliveryChannel",
    "DeleteRetentionConfiguration",
    "PutConfigurationRecorder",
    "PutDeliveryChannel",
    "PutRetentionConfiguration",
    "StopConfigurationRecorder",
)
_TRAIL = ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")
_ROLE = (
    "AttachRolePolicy",
    "CreateRole",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
    "UpdateRoleDescription",
)

DENIED: Mapping[tuple[str, str], str] = {
    **{("config", action): _EVERYTHING for action in _CONFIG},
    **{("cloudtrail", action): f"*{_OWN}*" for action in _TRAIL},
    **{("iam", action): f"*{_OWN}*" for action in _ROLE},
    ("logs", "DeleteLogGroup"): "*aws-controltower*",
    ("logs", "PutRetentionPolicy"): "*aws-controltower*",
    ("s3", "DeleteBucket"): f"*{_OWN}*",
}
"""By service and action, a pattern of the requests that are denied: of their path, their form and their body."""


def obey(inner: Handler, shape: AccountShape) -> Handler:
    """Build the layer that denies what the organization forbids."""
    if shape is not AccountShape.CONTROL_TOWER:
        return inner

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        pattern = DENIED.get((operation.service, operation.action))
        if pattern is None or not fnmatchcase(_text(environ), pattern):
            return inner(environ)
        return _denial(operation)

    return handle


def _text(environ: WSGIEnvironment) -> str:
    """Return what names the resource in a request: its path, its form's values, or its JSON body."""
    stream = environ["wsgi.input"]
    body: str = stream.read().decode("utf-8", "replace")
    stream.seek(0)
    form = [value for values in parse_qs(body).values() for value in values]
    return " ".join([str(environ.get("PATH_INFO", "")), body, *form])


def _denial(operation: Operation) -> Response:
    code = "AccessDeniedException" if operation.protocol in ("json", "rest-json", "cbor") else "AccessDenied"
    message = (
        f"User: arn:aws:iam::{ACCOUNT_ID}:user/local is not authorized to perform: {operation.label} "
        "with an explicit deny in a service control policy"
    )
    return error_response(operation, code=code, status=HTTPStatus.FORBIDDEN, message=message)
