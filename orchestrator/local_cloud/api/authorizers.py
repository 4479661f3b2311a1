"""Who calls: IAM's signatures, Cognito's tokens, and functions that decide.

Sources: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Control access to REST APIs using Amazon Cognito user pools as an authorizer" and
"Control access to a REST API with IAM permissions". Answers of authorizers are not kept: each request is judged anew.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.local_cloud.api.answers import RefusedError
from orchestrator.local_cloud.api.call import Progress
from orchestrator.local_cloud.api.definition import Authorizer, Method
from orchestrator.local_cloud.api.proxy import proxy_event
from orchestrator.local_cloud.functions.model import InvocationResult
from orchestrator.local_cloud.iam.enforce import sentence
from orchestrator.local_cloud.iam.evaluate import AccessRequest, Principal, allows, decide, denies
from orchestrator.local_cloud.iam.policy import PolicyError, parse
from orchestrator.local_cloud.iam.principals import caller_of
from orchestrator.local_cloud.iam.requests import principal_keys
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.serial import MOTO

_ACTION = "execute-api:Invoke"
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/\s,]+)/\d{8}/[^/]*/execute-api/aws4_request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizers:
    """Judges requests to methods that ask who calls.

    Attributes:
        invoke: calls a function by its ARN and waits.
        clock: seconds since 1970.

    """

    invoke: Callable[[str, bytes], InvocationResult]
    clock: Callable[[], float] = time.time

    def judge(self, method: Method, progress: Progress) -> bool:
        """Check who calls, and note it in ``progress``; False for a kind of authorization that is unknown here.

        Raises:
            RefusedError: the caller is unknown or not allowed.

        """
        match method.authorization, method.authorizer:
            case "NONE", _:
                return True
            case "AWS_IAM", _:
                _check_signer(progress)
                return True
            case "COGNITO_USER_POOLS", Authorizer() as authorizer:
                progress.authorizer = {"claims": self._claims(authorizer, method, _token(authorizer, progress))}
                return True
            case "CUSTOM", Authorizer() as authorizer:
                progress.authorizer = self._decided(authorizer, progress, _token(authorizer, progress))
                return True
            case _:
                return False

    def _claims(self, authorizer: Authorizer, method: Method, token: str) -> dict[str, str]:
        """Return the claims of a valid token: an ID token, or an access token with one of the method's scopes."""
        for pool in authorizer.pool_arns:
            claims = _verified(pool.rpartition("/")[2], token.removeprefix("Bearer "))
            if claims is None or float(claims.get("exp", 0)) <= self.clock():
                continue
            scopes = set(str(claims.get("scope", "")).split())
            use = claims.get("token_use")
            if (use == "access" and scopes & set(method.scopes)) if method.scopes else use == "id":
                return {name: str(value) for name, value in claims.items()}
        raise RefusedError(
            "UNAUTHORIZED", detail="The token is of none of the user pools, has expired or lacks a scope"
        )

    def _decided(self, authorizer: Authorizer, progress: Progress, token: str) -> dict[str, Any]:
        """Ask the authorizer's function, and return what it says of the caller."""
        resource = _method_arn(progress)
        if authorizer.kind == "TOKEN":
            event: dict[str, Any] = {"authorizationToken": token}
        else:
            event = {k: v for k, v in json.loads(proxy_event(progress)).items() if k not in ("body", "isBase64Encoded")}
        result = self.invoke(
            authorizer.function_arn, json.dumps(event | {"type": authorizer.kind, "methodArn": resource}).encode()
        )
        if result.function_error:
            # A function refuses by raising an error with just this message.
            if json.loads(result.payload or b"{}").get("errorMessage") == "Unauthorized":
                raise RefusedError("UNAUTHORIZED")
            raise RefusedError("AUTHORIZER_FAILURE", detail="The authorizer's function failed")
        try:
            answer = json.loads(result.payload)
            principal, policy = answer["principalId"], parse("authorizer", json.dumps(answer["policyDocument"]))
            context = dict(answer.get("context") or {})
        except (KeyError, TypeError, ValueError, PolicyError) as error:
            raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR", detail=f"The authorizer's answer: {error}") from error
        request = AccessRequest(principal=Principal(arn=str(principal)), action=_ACTION, resource=resource)
        if denies(request, policy):
            raise RefusedError("ACCESS_DENIED", message=_DENIED)
        if not allows(request, policy):
            raise RefusedError("ACCESS_DENIED")
        return {name: str(value) for name, value in context.items()} | {"principalId": str(principal)}


_DENIED = "User is not authorized to access this resource with an explicit deny"


def _token(authorizer: Authorizer, progress: Progress) -> str:
    token = progress.call.header(authorizer.header)
    if not token:
        raise RefusedError("UNAUTHORIZED", detail=f"The request has no header {authorizer.header}")
    return token


def _check_signer(progress: Progress) -> None:
    """Judge the permission of whoever signed; the signature itself is not checked, as nowhere in the local cloud."""
    signed = _SIGNED.match(progress.call.header("Authorization"))
    if signed is None:
        raise RefusedError("MISSING_AUTHENTICATION_TOKEN")
    with MOTO:
        caller = caller_of(signed["key"])
    if caller is None:
        progress.identity = {"userArn": f"arn:aws:iam::{ACCOUNT_ID}:root", "user": ACCOUNT_ID}
    else:
        request = AccessRequest(
            principal=caller.principal,
            action=_ACTION,
            resource=_method_arn(progress),
            context=principal_keys(caller),
        )
        decision = decide(
            request, identity=caller.identity, boundary=caller.boundary, resource=None, session=caller.session
        )
        if not decision.allowed:
            raise RefusedError("ACCESS_DENIED", message=sentence(request, decision))
        progress.identity = {"userArn": caller.principal.arn, "user": caller.user_id}
    progress.identity |= {
        "accessKey": signed["key"],
        "accountId": ACCOUNT_ID,
        "caller": progress.identity["user"],
    }


def _method_arn(progress: Progress) -> str:
    stage, call = progress.stage, progress.call
    path = call.target.path.partition("?")[0].lstrip("/")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{stage.api_id}/{stage.name}/{call.verb}/{path}"


def _verified(pool_id: str, token: str) -> Mapping[str, Any] | None:
    """Return the claims of a token that the user pool has signed; None for any other."""
    from joserfc import jwt  # noqa: PLC0415 - only APIs with a user pool need it
    from joserfc.errors import JoseError  # noqa: PLC0415
    from moto.cognitoidp.models import cognitoidp_backends  # noqa: PLC0415 - moto takes a second to load

    with MOTO:
        pool = cognitoidp_backends[ACCOUNT_ID][REGION].user_pools.get(pool_id)
    if pool is None:
        return None
    try:
        claims: Mapping[str, Any] = jwt.decode(token, pool.json_web_key, algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return None
    return claims if str(claims.get("iss", "")).endswith(f"/{pool_id}") else None
