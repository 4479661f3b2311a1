"""Talks to the server's own endpoints, on loopback and past any proxy setting."""

import json
import re
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, CONTROL_PREFIX, REGION

_TIMEOUT = 5.0
# Databases end with the account.
_RESET_TIMEOUT = 60.0
_OK = 200
_OF_SESSION = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


class UnreachableError(Exception):
    """Nobody listens on the port, or another program does."""


class SilentError(LocalCloudError):
    """Somebody listens, but does not answer in time."""

    def __init__(self, endpoint: str = "", seconds: float = _TIMEOUT) -> None:
        super().__init__(
            "The local cloud does not answer",
            detail=f"{endpoint} gave no answer in {seconds:.0f} seconds.",
            hint='Try again; "platformctl local stop" ends it.',
        )


def health(endpoint: str) -> dict[str, Any]:
    """Ask the server who it is.

    Raises:
        UnreachableError: nothing there speaks like the local cloud.
        SilentError: no answer in time.

    """
    _, content = _call(endpoint, "GET", "/health", None)
    return content


def models(endpoint: str) -> dict[str, Any]:
    """Ask how many requests were checked against AWS's service models, and which of them those forbid.

    Raises:
        UnreachableError: nothing there speaks like the local cloud.
        SilentError: no answer in time.

    """
    _, content = _call(endpoint, "GET", "/models", None)
    return content


def retire(endpoint: str, after_seconds: float | None) -> bool:
    """Schedule the server's exit, or cancel it with None; false when it is leaving already.

    Raises:
        SilentError: no answer in time.

    """
    try:
        status, _ = _call(endpoint, "POST", "/retire", {"after_seconds": after_seconds})
    except UnreachableError:
        return False
    return status == _OK


def reset(endpoint: str) -> None:
    """Empty the account.

    Raises:
        UnreachableError: nothing there speaks like the local cloud.
        SilentError: no answer in time.

    """
    status, _ = _call(endpoint, "POST", "/reset", {}, timeout=_RESET_TIMEOUT)
    if status != _OK:
        raise UnreachableError(endpoint)


def assume(endpoint: str, role_arn: str) -> dict[str, str]:
    """Assume a role through STS and return the variables of its session.

    Raises:
        LocalCloudError: STS refuses, or the server does not answer.

    """
    address = urlsplit(endpoint)
    connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=_TIMEOUT)
    body = urlencode(
        {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role_arn, "RoleSessionName": "platformctl"}
    )
    scope = f"{ACCESS_KEY_ID}/20260101/{REGION}/sts/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        connection.request("POST", "/", body=body, headers=headers)
        answer = connection.getresponse().read().decode()
    except (OSError, HTTPException) as error:
        raise SilentError(endpoint) from error
    finally:
        connection.close()
    found = {
        variable: match[1]
        for variable, element in _OF_SESSION.items()
        if (match := re.search(f"<{element}>([^<]+)</{element}>", answer))
    }
    if len(found) < len(_OF_SESSION):
        raise LocalCloudError(
            "The role cannot be assumed",
            detail=f"STS of the local cloud gave no session of {role_arn}.",
            hint="Create the role first, or unset PLATFORMCTL_LOCAL_ROLE.",
        )
    return found


def _call(
    endpoint: str, method: str, path: str, content: dict[str, Any] | None, *, timeout: float = _TIMEOUT
) -> tuple[int, dict[str, Any]]:
    address = urlsplit(endpoint)
    connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout)
    try:
        body = None if content is None else json.dumps(content)
        connection.request(method, CONTROL_PREFIX + path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        parsed = json.loads(answer.read())
    except TimeoutError as error:
        raise SilentError(endpoint, timeout) from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnreachableError(endpoint) from error
    finally:
        connection.close()
    if not isinstance(parsed, dict):
        raise UnreachableError(endpoint)
    return answer.status, parsed
