"""Derives the service and operation of a request from the request alone.

The credential scope of the signature names the service. The operation is in the form ("Action"), in the X-Amz-Target header, in the path (Smithy RPC) or,
for REST services, follows from method and path.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Literal
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from moto.core.request import Request
from moto.core.routing import get_service_router

from orchestrator.local_cloud.reference import models_of

Protocol = Literal["ec2", "query", "rest-xml", "s3", "json", "rest-json", "cbor"]

_SCOPE = re.compile(r"Credential=([^/\s,]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
_REST_XML = frozenset({"s3", "s3control", "route53", "cloudfront"})
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
        region: of the signature.
        labels: the parameters in the path of a REST request, by the names of the model.
        version: of the API, where a form states it.

    """

    service: str
    action: str
    protocol: Protocol
    access_key_id: str
    region: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    version: str = ""

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
    access_key_id, region, service = _signature(environ)
    build = partial(Operation, service=service, access_key_id=access_key_id, region=region)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    path = str(environ.get("PATH_INFO", ""))
    if environ.get("HTTP_SMITHY_PROTOCOL"):
        return build(action=path.rpartition("/operation/")[2], protocol="cbor")
    if target:
        return build(action=target.rpartition(".")[2], protocol="json")
    action, version = _form_action(environ)
    if action:
        return build(action=action, protocol="ec2" if service == "ec2" else "query", version=version)
    protocol: Protocol = "rest-json"
    if service in _REST_XML or not service:
        protocol = "rest-xml" if service and service != "s3" else "s3"
    action, labels = _route(service, environ)
    return build(action=action, protocol=protocol, labels=labels)


def _signature(environ: WSGIEnvironment) -> tuple[str, str, str]:
    """Read access key id, region and service from a header signature, a presigned URL, or an old version 2 signature."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    presigned = query.get("X-Amz-Credential", [""])[0]
    match = _SCOPE.search(header) or _SCOPE.search(f"Credential={presigned}")
    if match is not None:
        key, region, service = match.groups()
        service = service.lower()
        if service == "s3" and (
            str(environ.get("PATH_INFO", "")).startswith("/v20180820/") or "s3-control" in environ.get("HTTP_HOST", "")
        ):
            service = "s3control"
        return key, region, service
    if header.startswith("AWS "):
        return header[4:].partition(":")[0], "", "s3"
    return query.get("AWSAccessKeyId", [""])[0], "", ""


def _form_action(environ: WSGIEnvironment) -> tuple[str, str]:
    """Read the operation and the version of the API."""
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    if "Action" in query:
        return query["Action"][0], query.get("Version", [""])[0]
    if not str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        return "", ""
    body = environ["wsgi.input"]
    text: str = body.read(_FORM_LIMIT).decode("utf-8", "replace")
    body.seek(0)
    form = parse_qs(text)
    return form.get("Action", [""])[0], form.get("Version", [""])[0]


def boto_names(service: str) -> tuple[str, ...]:
    """Return the names in botocore of the services that share a name in signatures."""
    return models_of(service)


def _route(service: str, environ: WSGIEnvironment) -> tuple[str, Mapping[str, str]]:
    """Ask moto's router, which knows botocore's models, for operation and path; it must not consume the body."""
    copy = {**environ, "wsgi.input": BytesIO()}
    for name in boto_names(service) if service else ():
        # Without such a route, or a model of such a service, the action is not known.
        with suppress(Exception):
            operation, labels = get_service_router(name).match(Request(copy))
            return str(operation.name), labels
    return "", {}
