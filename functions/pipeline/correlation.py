"""The id by which everything that follows from one upload or one request is found in the logs of all functions.

A client may bring its own: the header of a request, the metadata of an object. What ingest writes carries it on as metadata.
"""

import re
from collections.abc import Mapping
from typing import Any

_HEADER = "x-correlation-id"
METADATA = "correlation-id"
# It goes into log lines, headers and metadata: nothing that would need quoting in any of them.
_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def correlation_id(brought: str | None, own: str) -> str:
    """The id that was brought along, or one's own where there is none or none that is usable."""
    return brought if brought and _USABLE.fullmatch(brought) else own


def of_request(event: Mapping[str, Any]) -> str:
    """The id of a request of the API: the client's, or else that of API Gateway, which its access log has, too."""
    headers = event.get("headers") or {}
    brought = next((value for name, value in headers.items() if name.lower() == _HEADER), None)
    return correlation_id(brought, str(event["requestContext"]["requestId"]))


def answer_headers(correlation: str) -> dict[str, list[str]]:
    """What every answer carries: the id, and what API Gateway's own refusals carry, too (modules/apigw)."""
    return {
        _HEADER: [correlation],
        "Cache-Control": ["no-store"],
        "Strict-Transport-Security": ["max-age=63072000; includeSubDomains"],
        "X-Content-Type-Options": ["nosniff"],
    }
