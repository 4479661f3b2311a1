"""The layer that holds requests against the limits that AWS documents; it stands behind that of the models, whose parameters it reads."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.limits import limits
from orchestrator.local_cloud.limits.registry import CheckedRequest, Limit
from orchestrator.local_cloud.limits.tokens import TOKENS, TokenMemory
from orchestrator.local_cloud.models.check import ModelTally, checked_input, refusal
from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

_LOG = logging.getLogger("platformctl.local_cloud")
_STATUS = 400


def check_limits(inner: Handler, tally: ModelTally, tokens: TokenMemory) -> Handler:
    """Build the layer; some limits depend on moto's state, so ``serial.MOTO`` must be held."""

    def handle(environ: WSGIEnvironment) -> Response:
        parameters = checked_input(environ)
        if parameters is None:
            return inner(environ)
        operation = operation_of(environ)
        request = CheckedRequest(operation=operation.action, region=operation.region, parameters=parameters)
        rule = TOKENS.get(operation.service)
        token = request[rule.parameter] if rule else None
        key = (operation.label, operation.region, str(token))
        first = tokens.first(key) if token else None
        if rule and first is not None and first[0] == parameters:
            return first[1]
        found = _breach(operation, request)
        if rule and first is not None:
            found = rule.code, _STATUS, rule.message
        if found is not None:
            code, status, message = found
            tally.count(operation.label, "limited")
            _LOG.warning("limit: %s refused with %s", operation.label, code)
            return refusal(environ, operation, code=code, status=status, message=message)
        response = inner(environ)
        if token:
            tokens.keep(key, parameters, response)
        return response

    return handle


def _breach(operation: Operation, request: CheckedRequest) -> tuple[str, int, str] | None:
    """Return code, status and message of the first limit that a request breaks."""
    for limit in _by_operation().get((operation.service, operation.action), ()):
        message = limit.breach(request)
        if message is not None:
            return limit.code, limit.status, message
    return None


@cache
def _by_operation() -> Mapping[tuple[str, str], Sequence[Limit]]:
    found: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for limit in limits():
        for operation in limit.operations:
            found[limit.service, operation].append(limit)
    return dict(found)
