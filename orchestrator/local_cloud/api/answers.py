"""API Gateway's own answers: its kinds of errors, and the API's wording of them.

Source of types, statuses and fallbacks: API Gateway Developer Guide, "Gateway response types for API Gateway".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from orchestrator.local_cloud.api.call import ApiRequest, Progress
from orchestrator.local_cloud.api.definition import GatewayResponse
from orchestrator.local_cloud.api.variables import text
from orchestrator.local_cloud.wsgi import Response

_BODY = '{"message":$context.error.messageString}'
_HEADER = "gatewayresponse.header."


@dataclass(frozen=True, slots=True)
class _Kind:
    status: int
    message: str
    exception: str


# By gateway response type: its own status, its message, and the exception that the header x-amzn-ErrorType names.
KINDS = {
    "ACCESS_DENIED": _Kind(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _Kind(500, "Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_FAILURE": _Kind(500, "Internal server error", "InternalServerErrorException"),
    "API_CONFIGURATION_ERROR": _Kind(500, "Internal server error", "InternalServerErrorException"),
    "BAD_REQUEST_BODY": _Kind(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _Kind(400, "Missing required request parameters", "BadRequestException"),
    "DEFAULT_5XX": _Kind(502, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _Kind(504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": _Kind(403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": _Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": _Kind(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": _Kind(413, "Request Too Long", "RequestTooLargeException"),
    "THROTTLED": _Kind(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": _Kind(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Kind(415, "Unsupported Media Type", "BadRequestException"),
}


class RefusedError(Exception):
    """API Gateway answers by itself.

    Args:
        kind: one of ``KINDS``.
        message: replaces the kind's own.
        detail: for the execution log, never for the client.

    """

    def __init__(self, kind: str, *, message: str = "", detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.message = message or KINDS[kind].message
        self.detail = detail


def gateway_response(refused: RefusedError, progress: Progress) -> Response:
    """Answer in the API's wording, else in that of its DEFAULT_4XX or DEFAULT_5XX, else in AWS's; note the error in ``progress``."""
    kind = KINDS[refused.kind]
    progress.error = (refused.kind, refused.message)
    wording = _wording(progress.stage.definition.responses, refused.kind, kind.status)
    status = wording.status or kind.status
    values = progress.values(status=status, length=0)
    template = wording.template if wording.template is not None else _BODY
    body = text(template).render(values, missing="").encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", kind.exception),
        *trace_headers(progress.call),
    ]
    for name, value in wording.headers:
        worded = _header_value(value, progress.call, values)
        if worded:
            headers.append((name.removeprefix(_HEADER), worded))
    return Response(status=status_of(status), headers=tuple(headers), body=body)


def forbidden(request_id: str) -> Response:
    """Answer for a URL that names no stage, where no API's wording applies."""
    body = b'{"message":"Forbidden"}'
    headers = (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", "ForbiddenException"),
        ("x-amzn-RequestId", request_id),
    )
    return Response(status=status_of(HTTPStatus.FORBIDDEN), headers=headers, body=body)


def trace_headers(call: ApiRequest) -> tuple[tuple[str, str], ...]:
    """Return the ids that lead from a response to the logs."""
    return (("x-amzn-RequestId", call.request_id), ("x-amz-apigw-id", call.extended_id))


def status_of(code: int) -> str:
    """Format a status line; a code without a reason phrase gets a neutral one."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Status"


def _wording(responses: Mapping[str, GatewayResponse], kind: str, status: int) -> GatewayResponse:
    default = "DEFAULT_4XX" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "DEFAULT_5XX"
    return responses.get(kind) or responses.get(default) or GatewayResponse()


def _header_value(source: str, call: ApiRequest, values: Mapping[str, str]) -> str:
    """Evaluate a text in quotes, a part of the request, or a variable; empty when it does not exist."""
    if source.startswith("'"):
        return source[1:].removesuffix("'")
    if source.startswith("method.request.header."):
        return _one_line(call.header(source.removeprefix("method.request.header.")))
    if source.startswith("method.request.querystring."):
        given = call.query.get(source.removeprefix("method.request.querystring."), [])
        return _one_line(given[-1]) if given else ""
    return _one_line(values.get(source, ""))


def _one_line(value: str) -> str:
    """Remove line ends, which would begin a header of the sender's choice."""
    return value.replace("\r", "").replace("\n", "")
