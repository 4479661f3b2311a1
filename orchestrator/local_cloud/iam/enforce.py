"""The layer that refuses what a caller may not do.

It decides about callers with credentials that the local cloud has issued: functions, whoever assumed a role, and users with
access keys. Whoever comes with placeholder keys passes, as the account's root user does.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.iam.calls import ApiCall, MalformedCallError, read_call
from orchestrator.local_cloud.iam.documents import endpoint_of, resource_policy
from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision, Principal, decide
from orchestrator.local_cloud.iam.principals import Caller, caller_of
from orchestrator.local_cloud.iam.record import Record
from orchestrator.local_cloud.iam.requests import access_requests, principal_keys, through_service
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.serial import MOTO
from orchestrator.local_cloud.wsgi import Handler, Headers, Response

_LOG = logging.getLogger("platformctl.local_cloud")

ENFORCED = "platformctl.enforced"
"""In the WSGI environment of a request that was allowed here, so that no patch of moto decides a second time."""

_CODES = {
    "ec2": "UnauthorizedOperation",
    "monitoring": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
}
_KEY_CODES = {"sns": "KMSAccessDenied", "sqs": "KMS.AccessDeniedException"}
_WITH_EXCEPTION = frozenset({"json", "rest-json", "cbor"})
_QUERY_ONCE = frozenset({"monitoring", "sqs"})
"""Services that once spoke the query protocol and still give its error codes."""
_FORBIDDEN = 403
_MALFORMED = 400


def enforce(
    inner: Handler, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), record: Record | None = None
) -> Handler:
    """Build the layer; it holds ``serial.MOTO`` to decide, and not to wait for the answer.

    ``record`` gets every decision about a caller that is not the code of a function.
    """

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        if not operation.access_key_id:
            return inner(environ)
        with MOTO:
            caller = caller_of(operation.access_key_id)
            refused = None
            if caller is not None:
                source_ip = str(environ.get("REMOTE_ADDR", "127.0.0.1"))
                try:
                    call = read_call(environ, operation)
                    noted = None if caller.function_arn else record
                    refused = first_refusal(call, caller, now=clock(), source_ip=source_ip, record=noted)
                except MalformedCallError:
                    return error_response(
                        operation,
                        code="SerializationException",
                        status=_MALFORMED,
                        message="The request cannot be parsed.",
                    )
        if refused is None:
            if caller is not None:
                environ[ENFORCED] = True
            return inner(environ)
        response = _answer(operation, *refused)
        if environ["REQUEST_METHOD"] != "HEAD":
            return response
        return Response(status=response.status, headers=(("Content-Length", "0"),))

    return handle


def first_refusal(
    call: ApiCall,
    caller: Caller,
    *,
    now: datetime,
    source_ip: str,
    logged: bool = True,
    record: Record | None = None,
) -> tuple[AccessRequest, Decision] | None:
    """Return the first request of a call that is not allowed, or None. ``serial.MOTO`` must be held."""
    found = endpoint_of(call.prefix, call.region, caller.subnet_ids)
    endpoint = None if found is None else found[:2]
    for request in access_requests(call, caller, now=now, source_ip=source_ip, endpoint=endpoint):
        decision = decide(
            request,
            identity=caller.identity,
            boundary=caller.boundary,
            resource=resource_policy(request.resource),
            session=caller.session,
            # A service that uses a key does not come through the caller's endpoint.
            endpoint=None if found is None or through_service(request) else found[2],
        )
        if record is not None:
            record(request, decision)
        if not decision.allowed:
            if logged:
                log_denial(request, decision)
            return request, decision
    return None


def may_connect(access_key_id: str, database_arn: str) -> Decision:
    """Decide about a login to a database ("arn:aws:rds-db:...:dbuser:CLUSTER/USER") with a token of this key.

    Keys that belong to no role and no user are allowed, as for every other call. A login has no condition keys of an API call.
    """
    with MOTO:
        caller = caller_of(access_key_id)
    if caller is None:
        return Decision(allowed=True, finding="the key belongs to no role and no user")
    request = AccessRequest(
        principal=caller.principal, action="rds-db:connect", resource=database_arn, context=principal_keys(caller)
    )
    decision = decide(
        request, identity=caller.identity, boundary=caller.boundary, resource=None, session=caller.session
    )
    if not decision.allowed:
        log_denial(request, decision)
    return decision


def service_request(service: str, action: str, resource: str, *, source_arn: str) -> AccessRequest:
    """Build the request of an AWS service that acts on its own behalf: only the resource's policy decides.

    ``source_arn`` is the bucket, rule or method for which it acts; empty if the service states neither it nor the
    account.
    """
    source = {"aws:sourceaccount": (ACCOUNT_ID,), "aws:sourcearn": (source_arn,)} if source_arn else {}
    return AccessRequest(
        principal=Principal(arn=service),
        action=action,
        resource=resource,
        context={
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (service,),
            "aws:securetransport": ("true",),
            **source,
        },
    )


def sentence(request: AccessRequest, decision: Decision, *, quoted: bool = False) -> str:
    """Describe a denial in AWS's words; S3 quotes the ARN."""
    mark = '"' if quoted else ""
    on = "" if request.resource == "*" else f" on resource: {mark}{request.resource}{mark}"
    return f"User: {request.principal.arn} is not authorized to perform: {request.action}{on} {decision.cause}"


def _answer(operation: Operation, request: AccessRequest, decision: Decision) -> Response:
    by_service = _KEY_CODES if through_service(request) else _CODES
    default = "AccessDeniedException" if operation.protocol in _WITH_EXCEPTION else "AccessDenied"
    code = by_service.get(operation.service) or _CODES.get(operation.service, default)
    message = sentence(request, decision, quoted=operation.service == "s3")
    if operation.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    response = error_response(operation, code=code, status=_FORBIDDEN, message=message)
    if operation.protocol not in ("json", "cbor") or operation.service not in _QUERY_ONCE:
        return response
    # SDKs take the code from here, and not from the body.
    headers: Headers = (*response.headers, ("x-amzn-query-error", f"{code};Sender"))
    return Response(status=response.status, headers=headers, body=response.body)


def log_denial(request: AccessRequest, decision: Decision) -> None:
    """Log who may not do what, and why."""
    who, what, where = request.principal.arn, request.action, request.resource
    _LOG.warning("denied: %s may not %s on %s %s: %s", who, what, where, decision.cause, decision.finding)
