"""From a call of a session or a user to what IAM decides about: principal, action, resource and condition keys.

Source of the keys: IAM User Guide, "AWS global condition context keys".
"""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.iam.evaluate import AccessRequest
from orchestrator.local_cloud.iam.principals import Caller
from orchestrator.local_cloud.iam.services import wanted
from orchestrator.local_cloud.identity import ACCOUNT_ID

_VIA_SERVICE = "kms:viaservice"


def access_requests(
    call: ApiCall, caller: Caller, *, now: datetime, source_ip: str, endpoint: tuple[str, str] | None = None
) -> Iterator[AccessRequest]:
    """Yield everything that a call needs, in the order in which AWS checks it.

    ``endpoint`` is the VPC and the id of the endpoint through which the call comes; None for the way over the internet.
    ``serial.MOTO`` must be held.
    """
    shared = {
        **principal_keys(caller),
        "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now.timestamp())),),
        "aws:requestedregion": (call.region,),
        # The local cloud speaks plain HTTP on loopback; policies see what the connection would be on AWS.
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
    """Return the condition keys that depend on the caller alone."""
    keys: dict[str, tuple[str, ...]] = {
        "aws:principalaccount": (caller.principal.account,),
        # Of a session the role, not the session.
        "aws:principalarn": (caller.principal.role_arn or caller.principal.arn,),
        "aws:principaltype": ("AssumedRole" if caller.principal.role_arn else "User",),
        "aws:userid": (caller.user_id,),
    }
    if not caller.principal.role_arn:
        keys["aws:username"] = (caller.principal.arn.rpartition("/")[2],)
    keys |= {f"aws:principaltag/{name.lower()}": (value,) for name, value in caller.tags}
    if caller.function_arn:
        keys["lambda:sourcefunctionarn"] = (caller.function_arn,)
    else:
        keys["aws:multifactorauthpresent"] = ("false",)
    return keys


def through_service(request: AccessRequest) -> bool:
    """Return whether a service makes the request in the caller's name."""
    return _VIA_SERVICE in request.context


def _via(one: Wanted) -> str:
    return "true" if _VIA_SERVICE in one.context else "false"
