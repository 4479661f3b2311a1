"""The correlation id: it finds everything that follows from one upload or request in the logs of all functions.

A client may send its own, in the header of a request or the metadata of an object. Ingest writes it to the metadata of its objects.
"""

import re
from collections.abc import Mapping
from typing import Any

_HEADER = "x-correlation-id"
METADATA = "correlation-id"
# For log lines, headers and metadata: no character needs quoting in any of them.
_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def correlation_id(brought: str | None, own: str) -> str:
    """Return the client's id if it is usable, else ``own``."""
    return brought if brought and _USABLE.fullmatch(brought) else own


def of_request(event: Mapping[str, Any]) -> str:
    """Return the id of a request of the API: the client's, or else API Gateway's, which is also in its access log."""
    headers = event.get("headers") or {}
    brought = next((value for name, value in headers.items() if name.lower() == _HEADER), None)
    return correlation_id(brought, str(event["requestContext"]["requestId"]))


def answer_headers(correlation: str) -> dict[str, list[str]]:
    """Return the headers of every answer that has no others of these names: the id, and those that API Gateway's own refusals have (modules/apigw)."""
    return {
        _HEADER: [correlation],
        "Cache-Control": ["no-store"],
        "Strict-Transport-Security": ["max-age=63072000; includeSubDomains"],
        "X-Content-Type-Options": ["nosniff"],
    }
