"""Content codings: compressed bodies of requests and responses.

Source: API Gateway Developer Guide, "Payload compression for REST APIs": gzip and deflate (zlib's format) in both directions; requests always, responses from
the API's ``minimumCompressionSize`` on, where the client names a coding and the function has not encoded the body itself.
"""

import zlib
from dataclasses import replace

from orchestrator.local_cloud.wsgi import Response

_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
# The client waits: the fast level gives most of the gain.
_LEVEL = 1


class CodingError(Exception):
    """A body is not in the coding that its header names, or the coding is not supported."""


class OversizeError(Exception):
    """A body is larger than allowed once it is decompressed."""


def decompressed(body: bytes, coding: str, *, largest: int) -> bytes:
    """Return a request's body as it was before it was compressed.

    Args:
        body: as sent.
        coding: the value of Content-Encoding.
        largest: bytes that the result may have.

    Raises:
        CodingError: the body cannot be decoded.
        OversizeError: the result would be larger.

    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in _WINDOW_BITS:
        raise CodingError(f"the coding {coding} is not supported")
    reader = zlib.decompressobj(_WINDOW_BITS[coding])
    try:
        found = reader.decompress(body, largest + 1)
    except zlib.error as error:
        raise CodingError(f"the body is not {coding}: {error}") from error
    if len(found) > largest:
        raise OversizeError
    if not reader.eof:
        raise CodingError(f"the body is not {coding}: it is cut off")
    return found


def compressed(response: Response, accepted: str, *, minimum: int | None) -> Response:
    """Compress a response where API Gateway does.

    Args:
        response: of an integration.
        accepted: the value of Accept-Encoding.
        minimum: the API's ``minimumCompressionSize``; None where it compresses nothing.

    """
    coding = _preferred(accepted)
    if minimum is None or coding not in _WINDOW_BITS or len(response.body) < minimum or not response.body:
        return response
    if response.header("Content-Encoding"):
        return response
    writer = zlib.compressobj(_LEVEL, wbits=_WINDOW_BITS[coding])
    return replace(
        response,
        headers=(*response.headers, ("Content-Encoding", coding)),
        body=writer.compress(response.body) + writer.flush(),
    )


def _preferred(accepted: str) -> str:
    """Return the coding with the highest weight, the first of several; only if that one is supported does API Gateway compress."""
    weighted = []
    for place, item in enumerate(accepted.split(",")):
        coding, _, parameter = (part.strip().lower() for part in item.partition(";"))
        try:
            weight = float(parameter.removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if coding and weight > 0:
            weighted.append((-weight, place, coding))
    return min(weighted)[2] if weighted else ""
