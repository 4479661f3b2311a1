"""A request of the cloud's API as IAM sees it: parameters by their names in the API, and what they ask for."""

import json
import re
from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One action on one resource that a request needs.

    Attributes:
        action: "s3:GetObject".
        resource: its ARN; "*" where the action knows no resources.
        context: condition keys, in lower case, that only this action has.

    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        service: signing name, for example "sqs".
        operation: name in the API, for example "SendMessage".
        region: of the signature.
        parameters: of the API; of a form flat, as in "Entry.1.Id", elsewhere as in JSON.
        headers: in lower case.
        body: all of it; empty for services whose bodies are data.

    """

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def prefix(self) -> str:
        """How IAM calls the service."""
        return _PREFIXES.get(self.service, self.service)

    def action(self, name: str = "") -> str:
        """The IAM action of that name, or of the operation itself."""
        return f"{self.prefix}:{name or self.operation}"

    def arn(self, resource: str, service: str = "") -> str:
        """ARN of a resource of this account in the region of the call."""
        return f"arn:aws:{service or self.prefix}:{self.region}:{ACCOUNT_ID}:{resource}"

    def text(self, *names: str) -> str:
        """The first of these parameters that is a text that is not empty; empty when none is."""
        for name in names:
            value = self.parameters.get(name)
            if isinstance(value, str) and value:
                return value
        return ""

    def listed(self, name: str) -> Iterator[Any]:
        """The members of a list, whether of JSON or of a form ("Name.1", "Name.member.1")."""
        value = self.parameters.get(name)
        if isinstance(value, list):
            yield from value
            return
        member = re.compile(rf"{re.escape(name)}\.(?:member\.|entry\.)?\d+")
        yield from (found for key, found in self.parameters.items() if member.fullmatch(key))


def read_call(environ: WSGIEnvironment, operation: Operation) -> Call:
    """Reads a request, whose body must be seekable and is left at its start.

    Raises:
        ValueError: the body is not what the protocol says.

    """
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
        case "cbor":
            parameters = query
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return Call(
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
    """Parameters in the body of a REST request, where it holds parameters and not data."""
    if operation.protocol != "rest-json" or "Invoke" in operation.action:
        return {}
    try:
        return _json(body)
    except ValueError:
        return {}


def _json(body: bytes) -> dict[str, Any]:
    loaded = json.loads(body) if body else {}
    return loaded if isinstance(loaded, dict) else {}


def _path_parameters(service: str, environ: WSGIEnvironment) -> dict[str, str]:
    from moto.core.request import Request  # noqa: PLC0415 - moto's side of the house
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415 - comes with moto

    try:
        _, found = _router(service).match(Request({**environ, "wsgi.input": BytesIO()}))
    except HTTPException:
        return {}
    return {name: str(value) for name, value in found.items()}


@cache
def _router(service: str) -> Any:
    from moto.core.routing import get_service_router  # noqa: PLC0415 - moto's side of the house

    return get_service_router(_BOTO_NAMES.get(service, service))
