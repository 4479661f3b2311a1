"""Derives the service and operation of a request from the request alone.

The credential scope of the signature names the service. The operation is in the form ("Action"), in the X-Amz-Target header, in the path (Smithy RPC) or,
for REST services, follows from method and path.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from moto.core.request import Request
from moto.core.routing import get_service_router

Protocol = Literal["ec2", "query", "rest-xml", "s3", "json", "rest-json", "cbor"]

_SCOPE = re.compile(r"Credential=([^/\s,]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
_REST_XML = frozenset({"s3", "s3control", "route53", "cloudfront"})
_BOTO_NAMES = {"monitoring": "cloudwatch", "email": "ses", "execute-api": "apigatewaymanagementapi"}
_FORM_LIMIT = 1 << 20
_KEY = "platformctl.operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The operation that a request calls.

    Attributes:
        service: the signing name ("ec2", "s3", "kms"), with "s3control" distinguished; empty when the request is not signed.
        action: "CreateVpc"; empty when it is unknown.
        protocol: the form of its errors.
        access_key_id: of the signature; empty when the request is not signed.

    """

    service: str
    action: str
    protocol: Protocol
    access_key_id: str

    @property
    def label(self) -> str:
        """Join service and action ("ec2:CreateVpc"), with "?" for what is unknown."""
        return f"{self.service or '?'}:{self.action or '?'}"


def operation_of(environ: WSGIEnvironment) -> Operation:
    """Identify the operation, once per request; the request body must be seekable, and is left at its start."""
    known = environ.get(_KEY)
    if not isinstance(known, Operation):
        known = environ[_KEY] = _read(environ)
    return known


def _read(environ: WSGIEnvironment) -> Operation:
    access_key_id, service = _signature(environ)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    path = str(environ.get("PATH_INFO", ""))
    if environ.get("HTTP_SMITHY_PROTOCOL"):
        action = path.rpartition("/operation/")[2]
        return Operation(service=service, action=action, protocol="cbor", access_key_id=access_key_id)
    if target:
        return Operation(
            service=service, action=target.rpartition(".")[2], protocol="json", access_key_id=access_key_id
        )
    action = _form_action(environ)
    if action:
        protocol: Protocol = "ec2" if service == "ec2" else "query"
        return Operation(service=service, action=action, protocol=protocol, access_key_id=access_key_id)
    protocol = "rest-json"
    if service in _REST_XML or not service:
        protocol = "rest-xml" if service and service != "s3" else "s3"
    return Operation(
        service=service, action=_routed_action(service, environ), protocol=protocol, access_key_id=access_key_id
    )


def _signature(environ: WSGIEnvironment) -> tuple[str, str]:
    """Read access key id and service from a header signature, a presigned URL, or an old version 2 signature."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    presigned = query.get("X-Amz-Credential", [""])[0]
    match = _SCOPE.search(header) or _SCOPE.search(f"Credential={presigned}")
    if match is not None:
        key, _, service = match.groups()
        service = service.lower()
        if service == "s3" and (
            str(environ.get("PATH_INFO", "")).startswith("/v20180820/") or "s3-control" in environ.get("HTTP_HOST", "")
        ):
            service = "s3control"
        return key, service
    if header.startswith("AWS "):
        return header[4:].partition(":")[0], "s3"
    return query.get("AWSAccessKeyId", [""])[0], ""


def _form_action(environ: WSGIEnvironment) -> str:
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    if "Action" in query:
        return query["Action"][0]
    if not str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        return ""
    body = environ["wsgi.input"]
    text: str = body.read(_FORM_LIMIT).decode("utf-8", "replace")
    body.seek(0)
    return parse_qs(text).get("Action", [""])[0]


def _routed_action(service: str, environ: WSGIEnvironment) -> str:
    """Ask moto's router, which knows botocore's models; it must not consume the body."""
    if not service:
        return ""
    copy = {**environ, "wsgi.input": BytesIO()}
    try:
        operation, _ = get_service_router(_BOTO_NAMES.get(service, service)).match(Request(copy))
    except Exception:  # noqa: BLE001 - no such route, or no model of such a service: then the action is not known
        return ""
    return str(operation.name)
