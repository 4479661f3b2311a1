"""The functions of a deployment: call them, and read their logs."""

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import explain
from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.outputs import OutputsResult
from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import UsageError

UNIT = "lambda"
_POLL_SECONDS = 1.0
_SPAN = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A function's answer; ``body`` is indented if it is JSON."""

    body: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One line of a function's log."""

    at: datetime
    function: str
    message: str


def invoke(deployed: OutputsResult, function: str, payload: bytes) -> Answer:
    """Call a function by its short name: the version that serves.

    Raises:
        UsageError: there is no such function, or the deployment has none.
        PlatformctlError: AWS refuses.

    """
    name = chosen(function, functions(deployed, "alias_arns"))
    try:
        answer = deployed.deployment.account.client("lambda").invoke(FunctionName=name, Payload=payload)
        body = answer["Payload"].read().decode()
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"Calling {name}") from error
    with suppress(ValueError):
        body = json.dumps(json.loads(body), indent=2)
    return Answer(body=body, failed=bool(answer.get("FunctionError")))


def log_events(
    deployed: OutputsResult, function: str | None, *, since: datetime, follow: bool
) -> Iterator[tuple[LogEvent, ...]]:
    """Yield what the functions have logged, oldest first; one batch unless they are followed.

    Raises:
        UsageError: there is no such function, or the deployment has none.
        PlatformctlError: AWS refuses.

    """
    groups = functions(deployed, "log_group_names")
    if function is not None:
        groups = {function: chosen(function, groups)}
    client = deployed.deployment.account.client("logs")
    seen: set[str] = set()
    while True:
        try:
            found = [
                (event["timestamp"], name, event)
                for name, group in sorted(groups.items())
                for page in client.get_paginator("filter_log_events").paginate(
                    logGroupName=group, startTime=int(since.timestamp() * 1000)
                )
                for event in page["events"]
                if event["eventId"] not in seen
            ]
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing="Reading the logs") from error
        seen.update(event["eventId"] for _, _, event in found)
        yield tuple(_event(*item) for item in sorted(found, key=lambda item: item[:2]))
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


def functions(deployed: OutputsResult, output: str) -> Mapping[str, str]:
    """Read an output of the unit that holds the functions.

    Raises:
        UsageError: it is not applied.

    """
    found: Mapping[str, Mapping[str, str]] = deployed.units.get(UNIT, {})
    if output not in found:
        raise no_such_deployment(deployed.deployment.request, "or it has no functions")
    return found[output]


def _event(moment: int, name: str, event: Mapping[str, Any]) -> LogEvent:
    return LogEvent(at=datetime.fromtimestamp(moment / 1000, UTC), function=name, message=event["message"].rstrip())


def chosen(function: str, names: Mapping[str, str]) -> str:
    """Look up a function by its short name; UsageError when there is none."""
    if function not in names:
        raise UsageError(
            "No such function",
            detail=f'The deployment has no function "{function}".',
            hint=did_you_mean(function, names) or f"The functions are {', '.join(sorted(names))}.",
        )
    return names[function]


def read_event(payload: str) -> bytes:
    """Read the event from text, a file (``@FILE``) or standard input (``-``).

    Raises:
        UsageError: it is not JSON, or the file cannot be read.

    """
    try:
        if payload == "-":
            payload = sys.stdin.read()
        elif payload.startswith("@"):
            payload = Path(payload[1:]).read_text(encoding="utf-8")
        return json.dumps(json.loads(payload)).encode()
    except OSError as error:
        raise UsageError(
            "The event cannot be read", detail=f"--payload {payload}: {error.strerror}.", hint="Check the path."
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "The event is not JSON", detail=f"--payload: {error}.", hint="Quote it: --payload '{\"a\": 1}'."
        ) from None


def parse_span(text: str) -> timedelta:
    """Parse a span such as "90s"; UsageError when it is malformed."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise UsageError("Malformed span", detail=f"--since {text!r} is no span.", hint="Write 90s, 10m, 2h or 1d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
