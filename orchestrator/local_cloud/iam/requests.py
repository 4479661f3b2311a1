"""From a call of a role's session to the questions that IAM answers: principal, action, resource and condition keys.

Source of the keys: IAM User Guide, "AWS global condition context keys".
"""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.local_cloud.iam.calls import Call, Wanted
from orchestrator.local_cloud.iam.evaluate import AccessRequest
from orchestrator.local_cloud.iam.principals import Caller
from orchestrator.local_cloud.iam.services import wanted
from orchestrator.local_cloud.identity import ACCOUNT_ID

_VIA_SERVICE = "kms:viaservice"


def access_requests(
    call: Call, caller: Caller, *, now: datetime, source_ip: str, endpoint: tuple[str, str] | None = None
) -> Iterator[AccessRequest]:
    """Everything that must be allowed for a call to go on, in the order in which AWS asks. ``serial.MOTO`` must be held.

    Args:
        call: what is asked.
        caller: who asks.
        now: for aws:CurrentTime.
        source_ip: address of the connection.
        endpoint: VPC and id of the endpoint through which the call comes; None for the way over the internet.

    """
    shared = {
        **principal_keys(caller),
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (call.region,),
        # The local cloud listens on loopback in plain text; for policies the connection counts as what it would be on AWS.
        "aws:securetransport": ("true",),
        "aws:resourceaccount": (ACCOUNT_ID,),
        "aws:principalisawsservice": ("false",),
    }
    for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if header in call.headers:
            shared[key] = (call.headers[header],)
    if endpoint is None:
        shared["aws:sourceip"] = (source_ip,)
    else:
        shared["aws:sourcevpc"], shared["aws:sourcevpce"] = (endpoint[0],), (endpoint[1],)
    for one in wanted(call):
        yield AccessRequest(
            principal=caller.principal,
            action=one.action,
            resource=one.resource,
            context=shared | {"aws:viaawsservice": (_via(one),)} | dict(one.context),
        )


def principal_keys(caller: Caller) -> dict[str, tuple[str, ...]]:
    """The condition keys that follow from the caller alone."""
    keys: dict[str, tuple[str, ...]] = {
        "aws:principalaccount": (caller.principal.account,),
        # Of a session the role, not the session.
        "aws:principalarn": (caller.principal.role_arn,),
        "aws:principaltype": ("AssumedRole",),
        "aws:userid": (caller.user_id,),
    }
    keys |= {f"aws:principaltag/{name.lower()}": (value,) for name, value in caller.tags}
    if caller.function_arn:
        keys["lambda:sourcefunctionarn"] = (caller.function_arn,)
    else:
        keys["aws:multifactorauthpresent"] = ("false",)
    return keys


def through_service(request: AccessRequest) -> bool:
    """Whether a service asks in the caller's name, not the caller itself."""
    return _VIA_SERVICE in request.context


def _via(one: Wanted) -> str:
    return "true" if _VIA_SERVICE in one.context else "false"
