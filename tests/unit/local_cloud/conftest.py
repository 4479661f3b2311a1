"""Requests and answers without a server."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from orchestrator.local_cloud.identity import ACCESS_KEY_ID
from orchestrator.local_cloud.wsgi import Response, status_line

Environ = dict[str, Any]


@pytest.fixture
def request_to() -> Callable[..., Environ]:
    """Builds the WSGI environment of a signed request."""

    def build(
        service: str = "ec2",
        *,
        method: str = "POST",
        path: str = "/",
        body: bytes = b"",
        key: str = ACCESS_KEY_ID,
        **extra: str,
    ) -> Environ:
        environ: Environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "RAW_URI": path,
            "QUERY_STRING": "",
            "HTTP_HOST": "127.0.0.1:4566",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "4566",
            "wsgi.url_scheme": "http",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        if service:
            environ["HTTP_AUTHORIZATION"] = (
                f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
            )
        if b"Action=" in body:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=utf-8"
        return {**environ, **extra}

    return build


@pytest.fixture
def answer() -> Callable[..., Response]:
    """Builds a response."""

    def build(code: int = 200, body: bytes = b"ok", **headers: str) -> Response:
        names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return Response(status=status_line(code), headers=names, body=body)

    return build
