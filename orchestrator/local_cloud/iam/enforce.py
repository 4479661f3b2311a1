"""The layer that refuses what a role may not do.

It asks about callers with the credentials of a role: functions, and whoever took a role through STS. Terraform and people come with placeholder keys
and pass; their rights are a matter of the account on AWS, not of the platform.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.iam.calls import Call, read_call
from orchestrator.local_cloud.iam.documents import endpoint_of, resource_policy
from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision, Principal, decide
from orchestrator.local_cloud.iam.principals import Caller, caller_of
from orchestrator.local_cloud.iam.requests import access_requests, principal_keys, through_service
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.serial import MOTO
from orchestrator.local_cloud.wsgi import Handler, Headers, Response

_LOG = logging.getLogger("platformctl.local_cloud")

ENFORCED = "platformctl.enforced"
"""In the WSGI environment of a request that was allowed here, so that no patch of moto decides a second time."""

Clock = Callable[[], datetime]

_CODES = {
    "ec2": "UnauthorizedOperation",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "monitoring": "AccessDenied",
}
_KEY_CODES = {"sns": "KMSAccessDenied", "sqs": "KMS.AccessDeniedException"}
_WITH_EXCEPTION = frozenset({"json", "rest-json", "cbor"})
_QUERY_ONCE = frozenset({"monitoring", "sqs"})
"""Services that once spoke the query protocol and still give its error codes."""
_FORBIDDEN = 403
_MALFORMED = 400


def _now() -> datetime:
    return datetime.now(UTC)


def enforce(inner: Handler, *, clock: Clock = _now) -> Handler:
    """The layer. It holds ``serial.MOTO`` while it decides and not while it waits for the answer.

    Args:
        inner: answers what is allowed.
        clock: for aws:CurrentTime.

    """

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        if not operation.access_key_id:
            return inner(environ)
        with MOTO:
            caller = caller_of(operation.access_key_id)
            if caller is None:
                refused = None
            else:
                try:
                    call = read_call(environ, operation)
                except ValueError:
                    return _malformed(operation)
                refused = first_refusal(
                    call, caller, now=clock(), source_ip=str(environ.get("REMOTE_ADDR", "127.0.0.1"))
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
    call: Call, caller: Caller, *, now: datetime, source_ip: str, logged: bool = True
) -> tuple[AccessRequest, Decision] | None:
    """The first of a call's requests that is not allowed, logged if not told otherwise; None when all are. ``serial.MOTO`` must be held.

    Raises:
        PolicyError: moto keeps a document that is no policy.

    """
    found = endpoint_of(call.prefix, call.region, caller.subnet_ids)
    way = None if found is None else found[:2]
    for request in access_requests(call, caller, now=now, source_ip=source_ip, endpoint=way):
        decision = decide(
            request,
            identity=caller.identity,
            boundary=caller.boundary,
            resource=resource_policy(request.resource),
            session=caller.session,
            # A service that uses a key does not come through the caller's endpoint.
            endpoint=None if found is None or through_service(request) else found[2],
        )
        if not decision.allowed:
            if logged:
                log_denial(request, decision)
            return request, decision
    return None


def may_connect(access_key_id: str, database_arn: str) -> Decision:
    """Whether a login to a database with an authentication token is allowed.

    Args:
        access_key_id: of the credentials that signed the token.
        database_arn: "arn:aws:rds-db:REGION:ACCOUNT:dbuser:CLUSTER_RESOURCE_ID/USER".

    Returns:
        Allowed for keys that are no role's, as with every other call. A login has none of the condition keys of an API call.

    """
    with MOTO:
        caller = caller_of(access_key_id)
    if caller is None:
        return Decision(allowed=True, finding="the key belongs to no role")
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
    """What an AWS service asks when it acts on a resource on its own behalf: an invocation by API Gateway, a delivery of S3.

    Args:
        service: "s3.amazonaws.com".
        action: "sqs:SendMessage".
        resource: ARN of the queue, topic or function, whose policy alone decides.
        source_arn: of the bucket, rule or method for which the service acts; empty where it does not say, nor for which account.

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
    """AWS's words for a denial.

    Args:
        request: what was refused.
        decision: why.
        quoted: whether the ARN stands in quotation marks, as in S3's answers.

    """
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


def _malformed(operation: Operation) -> Response:
    return error_response(
        operation,
        code="SerializationException",
        status=_MALFORMED,
        message="The body of the request cannot be read.",
    )


def log_denial(request: AccessRequest, decision: Decision) -> None:
    """One line of the server's log: who may not do what, and why."""
    _LOG.warning(
        "denied: %s may not %s on %s %s: %s",
        request.principal.arn,
        request.action,
        request.resource,
        decision.cause,
        decision.finding,
    )
