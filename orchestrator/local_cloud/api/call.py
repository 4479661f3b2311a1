"""A request to a stage, and what is known about it: the ``$context`` of logs and templates."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from secrets import token_hex
from time import perf_counter, time_ns
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.api.address import StageAddress, domain_name
from orchestrator.local_cloud.api.codings import decompressed
from orchestrator.local_cloud.api.definition import ApiStage, Key, Resource
from orchestrator.local_cloud.identity import ACCOUNT_ID

# Fixed, because %b follows the language of the machine.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LARGEST_BODY = 10 << 20
"""Bytes of a request's body, also of what it decompresses to."""

_UNSAFE = re.compile(r'["\\\x00-\x1f\x7f]')


class ApiRequest:
    """A request.

    Args:
        environ: of WSGI; its body is read at most once.
        target: the stage and path of its URL.

    Attributes:
        began: seconds of ``perf_counter``, for durations.
        epoch_ms: its arrival, in milliseconds since 1970.

    """

    def __init__(self, environ: WSGIEnvironment, target: StageAddress) -> None:
        self._environ = environ
        self.target = target
        self.verb = str(environ["REQUEST_METHOD"])
        self.request_id = str(uuid4())
        self.extended_id = f"{token_hex(7)}="
        self.began = perf_counter()
        self.epoch_ms = time_ns() // 1_000_000
        self.source_ip = str(environ.get("REMOTE_ADDR", "127.0.0.1"))
        self.protocol = str(environ.get("SERVER_PROTOCOL", "HTTP/1.1"))

    @property
    def clf_time(self) -> str:
        """Format the time of arrival in the Common Log Format: 22/Nov/2026:15:05:18 +0000."""
        return _clf_time(self.epoch_ms // 1000)

    @property
    def path(self) -> str:
        """Return the path with the stage, as a client of AWS sends it."""
        return f"/{self.target.stage}{self.target.path}"

    @property
    def length(self) -> int:
        """Return the length of the body in bytes."""
        return int(self._environ.get("CONTENT_LENGTH") or 0)

    @property
    def content_type(self) -> str:
        """Return the media type in lower case and without parameters; JSON when none is declared, as in API Gateway."""
        declared = str(self._environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        return declared or "application/json"

    def header(self, name: str) -> str:
        """Look a header up by its name in any case; empty when it is missing."""
        return str(self._environ.get(_key(name), ""))

    @cached_property
    def trace_id(self) -> str:
        """Return the client's X-Ray trace, or a new one."""
        return self.header("X-Amzn-Trace-Id") or f"Root=1-{self.epoch_ms // 1000:08x}-{token_hex(12)}"

    @cached_property
    def headers(self) -> dict[str, str]:
        """List the headers in train case, because WSGI does not keep how their names were written."""
        found = {
            _train_case(key[5:]): str(value)
            for key, value in self._environ.items()
            if key.startswith("HTTP_") and key not in ("HTTP_CONNECTION", "HTTP_TRANSFER_ENCODING")
        }
        if self._environ.get("CONTENT_TYPE"):
            found["Content-Type"] = str(self._environ["CONTENT_TYPE"])
        return found

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """List all values by name."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(str(self._environ.get("QUERY_STRING", "")), keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    @cached_property
    def body(self) -> bytes:
        """Read the whole body, and decompress it.

        Raises:
            CodingError: it cannot be decompressed.
            OversizeError: it gets larger than ``LARGEST_BODY``.

        """
        read: bytes = self._environ["wsgi.input"].read()
        return decompressed(read, self.header("Content-Encoding"), largest=LARGEST_BODY)


@dataclass(slots=True, kw_only=True)
class Progress:
    """What a request has gone through so far.

    Attributes:
        resource: the one that the path names.
        key: the API key that the request came with.
        identity: whoever signed, as ``requestContext.identity`` has it; empty without authorization by IAM.
        authorizer: what the authorizer says of the caller, as ``requestContext.authorizer`` has it; empty without one.
        integration_status: what Lambda answered, "200"; empty before.
        integration_error: what went wrong in the integration.
        integration_seconds: how long the function took.
        error: (type, message) of the gateway response; None without one.
        validation: what the validator found.

    """

    call: ApiRequest
    stage: ApiStage
    resource: Resource | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    key: Key | None = None
    identity: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] = field(default_factory=dict)
    integration_status: str = ""
    integration_error: str = ""
    integration_seconds: float | None = None
    error: tuple[str, str] | None = None
    validation: str = ""
    _values: dict[str, str] | None = field(default=None, init=False)

    def values(self, *, status: int, length: int) -> dict[str, str]:
        """Return ``$context`` and ``$stageVariables`` by name, without those that have no value.

        Call it when the request is done: later calls differ only in what follows from the status and the length of the response.
        """
        if self._values is None:
            self._values = self.request_values()
        return self._values | {
            "context.responseLatency": str(round((perf_counter() - self.call.began) * 1000)),
            "context.responseLength": str(length),
            "context.status": str(status),
        }

    def request_values(self) -> dict[str, str]:
        """Compute what is known now, before there is a response; nothing of it is kept."""
        call = self.call
        kind, message = self.error or ("", "")
        host = domain_name(self.stage.api_id)
        found = {
            "accountId": ACCOUNT_ID,
            "apiId": self.stage.api_id,
            "domainName": host,
            "domainPrefix": self.stage.api_id,
            "error.message": message,
            "error.messageString": json.dumps(message) if message else "",
            "error.responseType": kind,
            "error.validationErrorString": self.validation,
            "extendedRequestId": call.extended_id,
            "httpMethod": _harmless(call.verb),
            "identity.apiKeyId": "" if self.key is None else self.key.id,
            "identity.sourceIp": call.source_ip,
            "identity.userAgent": _harmless(call.header("User-Agent")),
            "integration.error": self.integration_error,
            "integration.integrationStatus": self.integration_status,
            "integration.status": self.integration_status,
            "integrationErrorMessage": self.integration_error,
            "integrationStatus": self.integration_status,
            "path": _harmless(call.path),
            "protocol": call.protocol,
            "requestId": call.request_id,
            "requestTime": call.clf_time,
            "requestTimeEpoch": str(call.epoch_ms),
            "stage": self.stage.name,
            "xrayTraceId": _harmless(call.trace_id),
        }
        if self.resource is not None:
            found |= {"resourceId": self.resource.id, "resourcePath": self.resource.path}
        if self.integration_seconds is not None:
            milliseconds = str(round(self.integration_seconds * 1000))
            found |= {"integration.latency": milliseconds, "integrationLatency": milliseconds}
        found |= {f"identity.{name}": _harmless(value) for name, value in self.identity.items()}
        found |= {f"authorizer.{name}": _harmless(v) for name, v in self.authorizer.items() if isinstance(v, str)}
        claims = self.authorizer.get("claims", {})
        found |= {f"authorizer.claims.{name}": _harmless(value) for name, value in claims.items()}
        values = {f"context.{name}": value for name, value in found.items() if value}
        return values | {f"stageVariables.{name}": value for name, value in self.stage.variables.items()}


@lru_cache(maxsize=2)
def _clf_time(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


@lru_cache(maxsize=256)
def _key(name: str) -> str:
    """Return WSGI's name of a header."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _harmless(sent: str) -> str:
    """Make client input fit for a JSON log line: escape quotes, backslashes and control characters as in a URL."""
    return _UNSAFE.sub(lambda match: quote(match[0]), sent)


def _train_case(name: str) -> str:
    return "-".join(part.capitalize() for part in name.replace("_", "-").split("-"))
