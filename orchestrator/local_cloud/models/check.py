"""The layer that holds every request against the model of its operation.

It stands behind the evaluation of policies, because AWS too tells only those who may call an operation what is wrong with their call.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any
from wsgiref.types import WSGIEnvironment

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.utils import get_service_model

from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.models.constraints import Flaw, FlawKind, flaws
from orchestrator.local_cloud.models.requests import UnreadableError, read_input
from orchestrator.local_cloud.models.services import EXCEPTIONS, Refusals, refusals_of
from orchestrator.local_cloud.operation import Operation, boto_names, operation_of
from orchestrator.local_cloud.wsgi import Handler, Headers, Response

_LOG = logging.getLogger("platformctl.local_cloud")
_STATUS = 400
_INPUT = "platformctl.input"
_QUERY_ONCE = frozenset({"monitoring", "sqs"})
_EXEMPT = frozenset((one.service, one.shape) for one in EXCEPTIONS)
_S3_TEXTS = {
    "MalformedXML": "The XML you provided was not well-formed or did not validate against our published schema",
    "MissingRequestBodyError": "Request Body is empty",
}


class ModelTally:
    """How many requests were checked, and which of them models or limits forbid, or had members that the model does not know."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._checked = 0
        self._found: Mapping[str, Counter[str]] = {"refused": Counter(), "unknown": Counter(), "limited": Counter()}

    def count(self, label: str, verdict: str = "") -> None:
        """Count a checked request of an operation ("iam:CreateRole"), and its verdict if there is one."""
        with self._lock:
            self._checked += not verdict
            if verdict:
                self._found[verdict][label] += 1

    def report(self) -> dict[str, Any]:
        """Return the counts: {"checked": 3, "refused": {"iam:CreateRole": 1}, "unknown": {}, "limited": {}}."""
        with self._lock:
            return {"checked": self._checked, **{name: dict(found) for name, found in self._found.items()}}


def check_models(inner: Handler, tally: ModelTally) -> Handler:
    """Build the layer; operations without a model pass, for moto to name what is not implemented."""

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        model = model_of(operation, environ)
        if model is None:
            return inner(environ)
        found = _check(environ, operation, model, tally)
        if found is None:
            return inner(environ)
        code, message, finding = found
        tally.count(operation.label, "refused")
        # Members are named, values never.
        _LOG.warning("model: %s refused with %s: %s", operation.label, code, finding)
        return refusal(environ, operation, code=code, status=_STATUS, message=message)

    return handle


def model_of(operation: Operation, environ: WSGIEnvironment) -> Any:
    """Find the model of an operation; several services may share a name in signatures."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[0]
    protocol = "rest-xml" if operation.protocol == "s3" else operation.protocol
    for name in boto_names(operation.service) if operation.action else ():
        with suppress(UnknownServiceError, OperationNotFoundError):
            service = get_service_model(name)
            about = service.metadata
            if (
                protocol in about.get("protocols", [about["protocol"]])
                and target in ("", about.get("targetPrefix"))
                and operation.version in ("", about["apiVersion"])
            ):
                return service.operation_model(operation.action)
    return None


def checked_input(environ: WSGIEnvironment) -> Mapping[str, Any] | None:
    """Return the parameters of a request that has passed the layer, by the names of the model; None if it has no model."""
    found: Mapping[str, Any] | None = environ.get(_INPUT)
    return found


def refusal(environ: WSGIEnvironment, operation: Operation, *, code: str, status: int, message: str) -> Response:
    """Build the answer of a service that refuses a request."""
    response = error_response(operation, code=code, status=status, message=message)
    if environ["REQUEST_METHOD"] == "HEAD":
        return Response(status=response.status, headers=(("Content-Length", "0"),))
    if operation.protocol != "json" or operation.service not in _QUERY_ONCE:
        return response
    # SDKs take the code from here, and not from the body.
    headers: Headers = (*response.headers, ("x-amzn-query-error", f"{code};Sender"))
    return Response(status=response.status, headers=headers, body=response.body)


def _check(
    environ: WSGIEnvironment, operation: Operation, model: Any, tally: ModelTally
) -> tuple[str, str, str] | None:
    """Return the code, the message and what to log for a request that its model forbids."""
    tally.count(operation.label)
    row = refusals_of(operation.service, operation.protocol)
    if model.input_shape is None:
        return None
    try:
        value, unknown = read_input(environ, model, protocol=operation.protocol, labels=operation.labels)
    except UnreadableError as error:
        message = _S3_TEXTS.get(row.unreadable, str(error) or "The request cannot be parsed.")
        return row.unreadable, message, "unreadable"
    if unknown:
        names = ", ".join(unknown)
        if row.unknown:
            message = _S3_TEXTS.get(row.unknown, f"The parameter {unknown[0]} is not recognized")
            return row.unknown, message, f"unknown {names}"
        tally.count(operation.label, "unknown")
        _LOG.warning("model: %s has no %s; the service skips it", operation.label, names)
    found = [flaw for flaw in flaws(model.input_shape, value) if (operation.service, flaw.shape) not in _EXEMPT]
    if not found:
        environ[_INPUT] = value
        return None
    return *_answer(operation, row, model, found), "; ".join(f"{flaw.kind.value} {flaw.path}" for flaw in found)


def _answer(operation: Operation, row: Refusals, model: Any, found: Sequence[Flaw]) -> tuple[str, str]:
    """Choose the code and the sentence for the flaws of a request, which are at least one."""
    first = found[0]
    missing = next((flaw for flaw in found if flaw.kind is FlawKind.MISSING), None)
    if operation.protocol in ("s3", "rest-xml"):
        return _xml_answer(row, model, first)
    if row.missing and missing is not None:
        name = missing.path[:1].upper() + missing.path[1:]
        return row.missing, f"The request must contain the parameter {name}"
    code = next((row.shapes[flaw.shape] for flaw in found if flaw.shape in row.shapes), row.invalid)
    if operation.protocol == "ec2":
        name = first.path[:1].upper() + first.path[1:]
        return code, f"Value ({first.value.strip()[1:-1]}) for parameter {name} is invalid. {first.constraint}"
    errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return code, f"{errors} detected: {'; '.join(flaw.sentence for flaw in found)}"


def _xml_answer(row: Refusals, model: Any, flaw: Flaw) -> tuple[str, str]:
    """Choose between the error of a header and that of a body."""
    if flaw.shape in row.shapes:
        return row.shapes[flaw.shape], flaw.sentence
    if flaw.location:
        return row.invalid, flaw.sentence
    payload = model.input_shape.serialization.get("payload", "")
    empty = flaw.kind is FlawKind.MISSING and flaw.path == payload[:1].lower() + payload[1:]
    code = "MissingRequestBodyError" if empty and row.unreadable == "MalformedXML" else row.unreadable
    return code, _S3_TEXTS.get(code, flaw.sentence)
