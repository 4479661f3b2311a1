"""``invoke`` and ``logs``: the functions of a deployment, one by one."""

import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.cli import console
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import EnvironmentOption, SuffixOption, Target, TargetOption
from orchestrator.cli.result import read_outputs
from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import ExitCode, UsageError

FunctionArgument = Annotated[
    str, typer.Argument(metavar="FUNCTION", help="A function by its short name: ingest, api ...", show_default=False)
]
_SPAN = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_POLL_SECONDS = 1.0


def invoke(
    function: FunctionArgument,
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    payload: Annotated[
        str, typer.Option("--payload", metavar="JSON", help="The event; @FILE reads a file, - standard input.")
    ] = "{}",
) -> None:
    """Call a function of a deployment and print its answer.

    Exit code 1 when the function fails; its error is printed all the same.
    """
    event = _event(payload)
    session, outputs = _functions(suffix, environment, target)
    name = _chosen(function, outputs["function_names"])
    try:
        answer = session.client("lambda").invoke(FunctionName=name, Payload=event)
        body = answer["Payload"].read().decode()
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"Calling {name}") from error
    try:
        shown = json.dumps(json.loads(body), indent=2)
    except ValueError:
        shown = body
    console.out.print(shown, soft_wrap=True, markup=False, highlight=False)
    if answer.get("FunctionError"):
        raise typer.Exit(ExitCode.FAILED)


def logs(
    suffix: SuffixOption,
    function: Annotated[
        str | None, typer.Argument(metavar="[FUNCTION]", help="Only this function. Default: all.", show_default=False)
    ] = None,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    since: Annotated[str, typer.Option("--since", metavar="SPAN", help="How far back: 90s, 10m, 2h, 1d.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", metavar="", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Print what the functions of a deployment have logged, oldest first."""
    start = datetime.now(UTC) - _span(since)
    session, outputs = _functions(suffix, environment, target)
    groups = outputs["log_group_names"]
    if function is not None:
        groups = {function: _chosen(function, groups)}
    client = session.client("logs")
    seen: set[str] = set()
    while True:
        try:
            found = [
                (event["timestamp"], name, event)
                for name, group in sorted(groups.items())
                for page in client.get_paginator("filter_log_events").paginate(
                    logGroupName=group, startTime=int(start.timestamp() * 1000)
                )
                for event in page["events"]
                if event["eventId"] not in seen
            ]
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing="Reading the logs") from error
        for moment, name, event in sorted(found, key=lambda item: item[:2]):
            seen.add(event["eventId"])
            at = datetime.fromtimestamp(moment / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
            console.out.print(Text(f"{at} {name:<{max(map(len, groups))}} {event['message'].rstrip()}"), soft_wrap=True)
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


def _functions(suffix: str, environment: str | None, target: Target) -> tuple[CloudSession, dict[str, Any]]:
    deployment = open_deployment(request(suffix=suffix, target=target, environment=environment), start=False)
    outputs = read_outputs(deployment) if deployment is not None else {}
    if deployment is None or "lambda" not in outputs:
        raise UsageError(
            "No such deployment",
            detail=f'There is no "{suffix}" with functions on {target.description}.',
            hint=f"Deploy it: platformctl up --suffix {suffix}",
        )
    return deployment.session, outputs["lambda"]


def _chosen(function: str, names: dict[str, str]) -> str:
    if function not in names:
        raise UsageError(
            "No such function",
            detail=f'The deployment has no function "{function}".',
            hint=did_you_mean(function, names) or f"The functions are {', '.join(sorted(names))}.",
        )
    return names[function]


def _event(payload: str) -> bytes:
    """The event as it is sent.

    Raises:
        UsageError: it is no JSON, or the file cannot be read.

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
    except ValueError as error:
        raise UsageError(
            "The event is not JSON", detail=f"--payload: {error}.", hint="Quote it: --payload '{\"a\": 1}'."
        ) from None


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise UsageError("Malformed span", detail=f"--since {text!r} is no span.", hint="Write 90s, 10m, 2h or 1d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
