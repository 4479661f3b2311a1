"""Lambda proxy integration: the event for the function, and the response from its answer.

Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (input format 1.0 of REST APIs, output format), and Lambda Developer Guide,
"Handling errors with an API Gateway API" (Lambda refuses: 500; the function fails or its answer is malformed: 502).
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from orchestrator.local_cloud.api.address import domain_name
from orchestrator.local_cloud.api.answers import RefusedError, status_of, trace_headers
from orchestrator.local_cloud.api.call import ApiRequest, Progress
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.wsgi import TOKEN, Headers, Response, sendable

_MALFORMED = "Execution failed due to configuration error: Malformed Lambda proxy response"
_FIELDS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
# An interim status (1xx) does not answer a request: the client would wait for another one.
_STATUSES = range(200, 600)

# What API Gateway says itself, or keeps from the client. Source: API Gateway Developer Guide, "Important notes for REST APIs".
_REMAPPED = frozenset(
    {"authorization", "connection", "content-length", "date", "server", "user-agent", "www-authenticate"}
)
_DROPPED = frozenset({"transfer-encoding", "upgrade", "te", "trailer", "keep-alive"})


def proxy_event(progress: Progress) -> bytes:
    """Build the payload for the function, an event of format 1.0; ``progress`` must have its resource."""
    call, stage = progress.call, progress.stage
    assert progress.resource is not None
    body, encoded = _event_body(call, stage.definition.binary_types)
    headers = {
        **call.headers,
        "Host": domain_name(stage.api_id),
        "X-Amzn-Trace-Id": call.trace_id,
        "X-Forwarded-For": ", ".join(filter(None, (call.header("X-Forwarded-For"), call.source_ip))),
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    event = {
        "resource": progress.resource.path,
        "path": _decoded_path(progress),
        "httpMethod": call.verb,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in call.query.items()} or None,
        "multiValueQueryStringParameters": call.query or None,
        "pathParameters": dict(progress.path_parameters) or None,
        "stageVariables": dict(stage.variables) or None,
        "requestContext": _request_context(progress),
        "body": body,
        "isBase64Encoded": encoded,
    }
    return json.dumps(event).encode()


def proxy_response(payload: bytes, progress: Progress) -> Response:
    """Turn a function's answer, JSON, into the response for the client.

    Raises:
        RefusedError: the answer is malformed (502).

    """
    answer = _answer(payload)
    status = _status(answer.get("statusCode"))
    headers = _headers(answer)
    body = _body(answer, progress)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = (("Content-Type", "application/json"), *headers)
    call = progress.call
    return Response(
        status=status_of(status),
        headers=(*headers, *trace_headers(call), ("X-Amzn-Trace-Id", call.trace_id)),
        body=body,
    )


def _event_body(call: ApiRequest, binary_types: Sequence[str]) -> tuple[str | None, bool]:
    if not call.length and not call.body:
        return None, False
    if _matches(call.content_type, binary_types):
        return b64encode(call.body).decode(), True
    return call.body.decode("utf-8", "replace"), False


def _decoded_path(progress: Progress) -> str:
    """Fill in the parameters of the resource's path: API Gateway decodes them, as powertools' router expects."""
    assert progress.resource is not None
    path = progress.resource.path
    for name, value in progress.path_parameters.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    return path


def _request_context(progress: Progress) -> dict[str, Any]:
    call, stage, resource, key = progress.call, progress.stage, progress.resource, progress.key
    assert resource is not None
    identity: dict[str, Any] = {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": call.source_ip,
        "user": None,
        "userAgent": call.header("User-Agent") or None,
        "userArn": None,
    }
    if key is not None:
        identity |= {"apiKey": call.header("X-Api-Key"), "apiKeyId": key.id}
    identity |= progress.identity
    authorizer = {"authorizer": progress.authorizer} if progress.authorizer else {}
    return {
        **authorizer,
        "accountId": ACCOUNT_ID,
        "apiId": stage.api_id,
        "domainName": domain_name(stage.api_id),
        "domainPrefix": stage.api_id,
        "extendedRequestId": call.extended_id,
        "httpMethod": call.verb,
        "identity": identity,
        "path": call.path,
        "protocol": call.protocol,
        "requestId": call.request_id,
        "requestTime": call.clf_time,
        "requestTimeEpoch": call.epoch_ms,
        "resourceId": resource.id,
        "resourcePath": resource.path,
        "stage": stage.name,
    }


def _answer(payload: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        raise _malformed("it is not JSON") from None
    if not isinstance(answer, dict):
        raise _malformed("it is not an object")
    unknown = sorted(answer.keys() - _FIELDS)
    if unknown:
        raise _malformed(f"unknown fields {', '.join(unknown)}")
    return answer


def _status(given: object) -> int:
    if given is None:
        return 200
    try:
        # Text counts as a number, as it does on AWS; true does not.
        status = -1 if isinstance(given, bool) else int(given) if isinstance(given, int | str) else -1
    except ValueError:
        status = -1
    if status not in _STATUSES:
        raise _malformed("statusCode is not an HTTP status")
    return status


def _headers(answer: Mapping[str, Any]) -> Headers:
    single, multiple = ({} if answer.get(name) is None else answer[name] for name in ("headers", "multiValueHeaders"))
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        raise _malformed("headers is not an object")
    found: list[tuple[str, str]] = []
    # The same name in both: both are sent, the list once.
    for name, value in single.items():
        if isinstance(value, dict | list):
            raise _malformed(f"the header {name} is not text")
        also = next((values for other, values in multiple.items() if other.lower() == name.lower()), ())
        if value is not None and value not in also:
            found.append((name, _text(value)))
    for name, values in multiple.items():
        if not isinstance(values, list):
            raise _malformed(f"the values of the header {name} are not a list")
        found.extend((name, _text(value)) for value in values if value is not None)
    if not all(TOKEN.fullmatch(name) for name, _ in found):
        raise _malformed("a header has no valid name")
    return tuple(
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in found
        if name.lower() not in _DROPPED
    )


def _text(value: object) -> str:
    written = str(value).lower() if isinstance(value, bool) else str(value)
    if not sendable(written):
        raise _malformed("the value of a header is not one line of ISO-8859-1")
    return written


def _body(answer: Mapping[str, Any], progress: Progress) -> bytes:
    body, encoded = answer.get("body"), answer.get("isBase64Encoded", False)
    if body is None:
        return b""
    if not isinstance(body, str):
        raise _malformed("body is not text")
    if not isinstance(encoded, bool | None):
        raise _malformed("isBase64Encoded is not a boolean")
    accepted = progress.call.header("Accept").partition(",")[0].partition(";")[0].strip().lower()
    if not encoded or not _matches(accepted or "*/*", progress.stage.definition.binary_types):
        # A lone surrogate is valid JSON and no valid text.
        return body.encode(errors="replace")
    try:
        return b64decode(body, validate=True)
    except (Base64Error, ValueError):
        raise RefusedError(
            "API_CONFIGURATION_ERROR",
            detail="Execution failed due to configuration error: Unable to base64 decode the body.",
        ) from None


def _matches(media_type: str, binary_types: Sequence[str]) -> bool:
    return any(fnmatchcase(media_type, binary.lower()) for binary in binary_types)


def _malformed(why: str) -> RefusedError:
    return RefusedError("DEFAULT_5XX", detail=f"{_MALFORMED} ({why})")
