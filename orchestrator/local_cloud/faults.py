"""Turns what moto does not implement into one clear error that no SDK retries.

moto answers an unimplemented operation with 500 or with an empty 404, and an exception inside it with 500. SDKs retry a 500 with growing
pauses: Terraform hangs for minutes and then names nothing. 501 is not retried.
"""

import json
import logging
import re
from http import HTTPStatus
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment
from xml.sax.saxutils import escape

from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.wsgi import Handler, Response, plain, sendable, status_line

_LOG = logging.getLogger("platformctl.local_cloud")
_NOT_IMPLEMENTED = re.compile(
    rb"not (?:yet |been )*(?:implemented|supported) (?:yet|in moto)|has not been implemented", re.IGNORECASE
)
_LARGEST_ERROR = 64 * 1024
_UNSENDABLE = "Header value cannot be represented using ISO-8859-1."

NOT_IMPLEMENTED = "NotImplemented"
DEFECT = "LocalCloudDefect"


def clear_faults(inner: Handler) -> Handler:
    """Build the layer directly around moto."""

    def handle(environ: WSGIEnvironment) -> Response:
        if _has_unsendable_override(environ):
            return error_response(operation_of(environ), code="InvalidArgument", status=400, message=_UNSENDABLE)
        try:
            response = inner(environ)
        except (NotImplementedError, ModuleNotFoundError) as error:
            # Not a module: a service of moto's whose libraries are not installed, because nothing here uses it.
            return _not_implemented(operation_of(_rewound(environ)), str(error))
        except Exception as error:  # noqa: BLE001 - whatever moto raises becomes one clear answer
            _LOG.exception("%s raised inside the local cloud", operation_of(_rewound(environ)).label)
            return defect(environ, type(error).__name__)
        if _says_not_implemented(environ, response):
            return _not_implemented(operation_of(_rewound(environ)), "")
        return response

    return handle


def defect(environ: WSGIEnvironment, reason: str) -> Response:
    """Answer for the local cloud's own failure on a request, in the form that the client parses.

    Args:
        environ: of the request; may be what made the local cloud fail.
        reason: what went wrong, in a few words and without values of the request.

    """
    text = f"The local cloud failed on {{}} ({reason}). This is a defect of the local cloud, not of the request; see server.log."
    try:
        operation = operation_of(_rewound(environ))
    except Exception:  # noqa: BLE001 - a request that cannot be read either is answered in plain text
        return plain(501, text.format("the request"))
    if not operation.service and not operation.action:
        # Neither signed nor a call of an AWS service that needs no signature.
        return plain(501, text.format("the request"))
    return error_response(operation, code=DEFECT, status=501, message=text.format(operation.label))


def error_response(operation: Operation, *, code: str, status: int, message: str) -> Response:
    """Build an error that the SDKs parse.

    Args:
        operation: its protocol decides between XML, JSON and CBOR.
        code: the error code, as in "AccessDenied".
        status: the HTTP status.
        message: whole sentences.

    """
    kind, body = _body(operation, code, message, "Sender" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver")
    headers = (
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", code),
        ("x-amzn-RequestId", "local-cloud"),
        *((("smithy-protocol", "rpc-v2-cbor"),) if operation.protocol == "cbor" else ()),
    )
    return Response(status=status_line(status), headers=headers, body=body)


def _body(operation: Operation, code: str, message: str, fault: str) -> tuple[str, bytes]:
    xml = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    request = "<RequestId>local-cloud</RequestId>"
    match operation.protocol:
        case "ec2":
            text = f"<Response><Errors><Error>{xml}</Error></Errors><RequestID>local-cloud</RequestID></Response>"
            return "text/xml", text.encode()
        case "query" | "rest-xml":
            text = f"<ErrorResponse><Error><Type>{fault}</Type>{xml}</Error>{request}</ErrorResponse>"
            return "text/xml", text.encode()
        case "s3":
            return "application/xml", f"<Error>{xml}{request}</Error>".encode()
        case "cbor":
            fields = (("__type", code), ("message", message))
            pairs = b"".join(_cbor_text(name) + _cbor_text(value) for name, value in fields)
            return "application/cbor", bytes([0xA0 | len(fields)]) + pairs
        case "json":
            return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
        case "rest-json":
            return "application/json", json.dumps({"__type": code, "message": message}).encode()


def _cbor_text(value: str) -> bytes:
    """Encode a text string of RFC 8949: major type 3 with a two-byte length."""
    encoded = value.encode()[:0xFFFF]
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded


def _not_implemented(operation: Operation, detail: str) -> Response:
    _LOG.warning("%s is not implemented by the local cloud. %s", operation.label, detail)
    return error_response(
        operation,
        code=NOT_IMPLEMENTED,
        status=501,
        message=f"The local cloud does not implement {operation.label}. It works on AWS only (--target aws).",
    )


def _has_unsendable_override(environ: WSGIEnvironment) -> bool:
    """Detect an S3 request for a response header that HTTP cannot carry: response-content-disposition and its siblings."""
    query = str(environ.get("QUERY_STRING", ""))
    if "response-" not in query or operation_of(environ).service != "s3":
        return False
    return any(name.startswith("response-") and not sendable(value) for name, value in parse_qsl(query))


def _says_not_implemented(environ: WSGIEnvironment, response: Response) -> bool:
    """Detect the three ways in which moto says it: Flask's page for a path without a route, an empty 404, and a sentence."""
    if response.code < HTTPStatus.BAD_REQUEST:
        return False
    if response.code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        if response.header("Content-Type").startswith("text/html"):
            return response.body[:15].lower() == b"<!doctype html>"
        # S3 answers HEAD for a missing object with an empty 404, and rightly so.
        return (
            not response.body
            and environ["REQUEST_METHOD"] != "HEAD"
            and operation_of(_rewound(environ)).service != "s3"
        )
    return len(response.body) <= _LARGEST_ERROR and _NOT_IMPLEMENTED.search(response.body) is not None


def _rewound(environ: WSGIEnvironment) -> WSGIEnvironment:
    environ["wsgi.input"].seek(0)
    return environ
