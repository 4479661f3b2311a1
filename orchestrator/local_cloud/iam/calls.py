"""API requests as IAM sees them: parameters by their names in the API, and the actions that they need."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.operation import Operation, boto_names
from orchestrator.local_cloud.reference import prefix_of

_REGION = re.compile(r"Credential=[^/\s,]+/\d{8}/([^/]*)/")


class MalformedCallError(Exception):
    """A request whose body or parameters are not what the API says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One action on one resource that a request needs.

    ``resource`` is an ARN, or "*" for an action without resources; ``context`` holds condition keys, in lower case,
    that only this action has.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One request to a service, named as in signatures ("sqs").

    Parameters are named as in botocore's model of the operation; without a model they are those of the form or the JSON.
    Names of headers are in lower case. The body is empty for services whose bodies are data.
    """

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    method: str = ""
    path: str = ""
    presigned: bool = False

    @property
    def prefix(self) -> str:
        """The service's name in actions."""
        return prefix_of(self.service)

    def action(self, name: str = "") -> str:
        """Return the IAM action of that name, or of the operation."""
        return f"{self.prefix}:{name or self.operation}"

    def arn(self, resource: str, service: str = "") -> str:
        """Return the ARN of a resource of this account in the region of the call."""
        return f"arn:aws:{service or self.prefix}:{self.region}:{ACCOUNT_ID}:{resource}"

    def text(self, *names: str) -> str:
        """Return the first of these parameters that is a text and not empty; "" if none is."""
        for name in names:
            value = self.parameters.get(name)
            if isinstance(value, str) and value:
                return value
        return ""

    def keys(self, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Return condition keys with the values of these parameters, without those that are missing."""
        return {key: (value,) for key, name in names.items() if (value := self.text(name))}

    def listed(self, name: str) -> list[Any]:
        """Return the members of a list; none for a parameter that is missing or no list."""
        value = self.parameters.get(name)
        return value if isinstance(value, list) else []


def read_call(environ: WSGIEnvironment, operation: Operation) -> ApiCall:
    """Parse a request, or raise MalformedCallError; its body must be seekable and is left at its start."""
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    credential = query.get("X-Amz-Credential", [""])[0]
    match = _REGION.search(f"{environ.get('HTTP_AUTHORIZATION', '')} Credential={credential}")
    model = _model(operation)
    body = b"" if model is not None and _is_data(model) else _body(environ)
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return ApiCall(
        service=operation.service,
        operation=operation.action,
        region=match.group(1) if match else "",
        parameters=_parameters(environ, operation, model, body),
        headers=headers,
        body=body,
        method=str(environ["REQUEST_METHOD"]),
        path=str(environ.get("RAW_URI") or environ.get("PATH_INFO", "")).partition("?")[0],
        presigned="X-Amz-Signature" in query,
    )


def _body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    content: bytes = stream.read()
    stream.seek(0)
    return content


def _model(operation: Operation) -> Any:
    """Return botocore's model of an operation; None if there is none."""
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - moto loads with the patches
    from moto.core.utils import get_service_model  # noqa: PLC0415 - as above

    for name in boto_names(operation.service):
        with suppress(UnknownServiceError):
            service = get_service_model(name)
            if operation.action in service.operation_names:
                return service.operation_model(operation.action)
    return None


def _parameters(environ: WSGIEnvironment, operation: Operation, model: Any, body: bytes) -> dict[str, Any]:
    from moto.core.parse import PROTOCOL_PARSERS, RequestParserError  # noqa: PLC0415 - moto loads with the patches
    from moto.core.request import Request  # noqa: PLC0415 - as above

    if operation.protocol == "json":
        # Not by the parser, which answers a body that is no JSON as if it were empty.
        loaded = _json(body)
        if model is None:
            return loaded
    if model is None or operation.protocol == "cbor":
        return {}
    request = Request({**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    protocol = "rest-xml" if operation.protocol == "s3" else operation.protocol
    given: Any = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": body,
        "url_path": request.path,
        "url_params": operation.labels,
    }
    try:
        return dict(PROTOCOL_PARSERS[protocol](model).parse(given))
    except (RequestParserError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedCallError(f"{operation.action}: {type(error).__name__}: {error}") from error


def _is_data(model: Any) -> bool:
    """Return whether the body is a document or bytes of the caller, not parameters."""
    payload = model.input_shape.serialization.get("payload") if model.input_shape is not None else None
    return bool(payload) and model.input_shape.members[payload].type_name in ("blob", "string")


def _json(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise MalformedCallError(f"no JSON: {error}") from error
    return loaded if isinstance(loaded, dict) else {}
