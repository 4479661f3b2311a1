"""Talks to the server's own endpoints, on loopback and past any proxy setting."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import CONTROL_PREFIX

_TIMEOUT = 5.0
# Databases end with the account.
_RESET_TIMEOUT = 60.0
_OK = 200


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
