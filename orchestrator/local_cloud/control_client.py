"""Talks to the server's own endpoints, on loopback and past any proxy setting."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from orchestrator.local_cloud.identity import CONTROL_PREFIX

_TIMEOUT = 5.0
_OK = 200


class Unreachable(Exception):  # noqa: N818 - a finding, which its caller turns into an answer
    """Nobody listens on the port, or another program does."""


class Silent(Exception):  # noqa: N818 - as above
    """Somebody listens, but does not answer in time."""


def health(endpoint: str) -> dict[str, Any]:
    """Ask the server who it is.

    Raises:
        Unreachable: nothing there speaks like the local cloud.
        Silent: no answer in time.

    """
    _, content = _call(endpoint, "GET", "/health", None)
    return content


def retire(endpoint: str, after_seconds: float | None) -> bool:
    """Schedule the server's exit, or cancel it with None; false when it is leaving already.

    Raises:
        Silent: no answer in time.

    """
    try:
        status, _ = _call(endpoint, "POST", "/retire", {"after_seconds": after_seconds})
    except Unreachable:
        return False
    return status == _OK


def reset(endpoint: str) -> None:
    """Empty the account.

    Raises:
        Unreachable: nothing there speaks like the local cloud.
        Silent: no answer in time.

    """
    _call(endpoint, "POST", "/reset", {})


def _call(endpoint: str, method: str, path: str, content: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    address = urlsplit(endpoint)
    connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=_TIMEOUT)
    try:
        body = None if content is None else json.dumps(content)
        connection.request(method, CONTROL_PREFIX + path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        parsed = json.loads(answer.read())
    except TimeoutError as error:
        raise Silent(endpoint) from error
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(endpoint) from error
    finally:
        connection.close()
    if not isinstance(parsed, dict):
        raise Unreachable(endpoint)
    return answer.status, parsed
