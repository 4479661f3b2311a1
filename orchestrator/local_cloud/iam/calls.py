"""API requests as IAM sees them: parameters by their names in the API, and the actions that they need."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.operation import Operation

_REGION = re.compile(r"Credential=[^/\s,]+/\d{8}/([^/]*)/")
_BOTO_NAMES = {"monitoring": "cloudwatch"}
_PREFIXES = {"monitoring": "cloudwatch", "email": "ses", "s3control": "s3", "tagging": "tag", "s3": "s3"}


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

    Parameters of a form are flat ("Entry.1.Id"), others as in JSON. Names of headers are in lower case. The body is
    empty for services whose bodies are data.
    """

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def prefix(self) -> str:
        """The service's name in actions."""
        return _PREFIXES.get(self.service, self.service)

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

    def listed(self, name: str) -> Iterator[Any]:
        """Yield the members of a list, whether of JSON or of a form ("Name.1", "Name.member.1")."""
        value = self.parameters.get(name)
        if isinstance(value, list):
            yield from value
            return
        member = re.compile(rf"{re.escape(name)}\.(?:member\.|entry\.)?\d+")
        yield from (found for key, found in self.parameters.items() if member.fullmatch(key))


def read_call(environ: WSGIEnvironment, operation: Operation) -> ApiCall:
    """Parse a request, or raise MalformedCallError; its body must be seekable and is left at its start."""
    query = dict(parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True))
    match = _REGION.search(f"{environ.get('HTTP_AUTHORIZATION', '')} Credential={query.get('X-Amz-Credential', '')}")
    body = b"" if operation.service == "s3" and operation.action != "DeleteObjects" else _body(environ)
    parameters: dict[str, Any] = query
    match operation.protocol:
        case "json":
            parameters = _json(body)
        case "query" | "ec2":
            parameters = query | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        case "rest-json" | "rest-xml" | "s3":
            payload = _payload(body, operation)
            parameters = query | payload | _path_parameters(operation.service, environ)
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return ApiCall(
        service=operation.service,
        operation=operation.action,
        region=match.group(1) if match else "",
        parameters=parameters,
        headers=headers,
        body=body,
    )


def _body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    content: bytes = stream.read()
    stream.seek(0)
    return content


def _payload(body: bytes, operation: Operation) -> dict[str, Any]:
    """Return the parameters in the body of a REST request, unless it holds data."""
    if operation.protocol != "rest-json" or "Invoke" in operation.action:
        return {}
    with suppress(MalformedCallError):
        return _json(body)
    return {}


def _json(body: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise MalformedCallError(f"no JSON: {error}") from error
    return loaded if isinstance(loaded, dict) else {}


def _path_parameters(service: str, environ: WSGIEnvironment) -> dict[str, str]:
    from moto.core.request import Request  # noqa: PLC0415 - moto loads with the patches
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415 - comes with moto

    try:
        _, found = _router(service).match(Request({**environ, "wsgi.input": BytesIO()}))
    except HTTPException:
        return {}
    return {name: str(value) for name, value in found.items()}


@cache
def _router(service: str) -> Any:
    from moto.core.routing import get_service_router  # noqa: PLC0415 - moto loads with the patches

    return get_service_router(_BOTO_NAMES.get(service, service))
