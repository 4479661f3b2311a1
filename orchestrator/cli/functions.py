"""``smoke``, ``invoke`` and ``logs``: use a deployed platform."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.cli import console
from orchestrator.cli.options import DeploymentOption, EnvironmentOption, TargetOption, ports_for
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, OutputsResult, Target, outputs
from orchestrator.errors import ExitCode

FunctionArgument = Annotated[
    str, typer.Argument(metavar="FUNCTION", help="A function by its short name: ingest, api ...", show_default=False)
]


def smoke(
    suffix: DeploymentOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    patience: Annotated[
        int, typer.Option("--patience", metavar="SECONDS", min=1, help="How long to wait for the bars.")
    ] = 180,
) -> None:
    """Send a small day of market data through a deployed platform, and compare what its API answers.

    Uploads trades of a symbol that nobody else uses, and one invalid row. Exit code 1 if a check fails.
    """
    from orchestrator.platform.smoke import Denials, smoke_deployment  # noqa: PLC0415 - see ports_for

    denials = Denials(console.project())
    failed = False
    for check in smoke_deployment(_deployed(suffix, environment, target, show_sensitive=True), patience=patience):
        failed = failed or bool(check.problem)
        mark = ("failed  ", "bold red") if check.problem else ("ok      ", "green")
        console.result(Text.assemble(mark, check.what, f": {check.problem}" if check.problem else ""))
    if failed:
        for denial in denials.since() if target is Target.LOCAL else ():
            console.result(Text(denial))
        raise typer.Exit(ExitCode.FAILED)


def invoke(
    function: FunctionArgument,
    suffix: DeploymentOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    payload: Annotated[
        str, typer.Option("--payload", metavar="JSON", help="The event; @FILE reads a file, - standard input.")
    ] = "{}",
) -> None:
    """Call a function of a deployment and print its answer.

    Exit code 1 if the function fails; its error is printed as the answer.
    """
    from orchestrator.platform.functions import invoke as call  # noqa: PLC0415 - see ports_for
    from orchestrator.platform.functions import read_event  # noqa: PLC0415

    event = read_event(payload)
    answer = call(_deployed(suffix, environment, target), function, event)
    console.result(answer.body)
    if answer.failed:
        raise typer.Exit(ExitCode.FAILED)


def logs(
    suffix: DeploymentOption,
    function: Annotated[
        str | None, typer.Argument(metavar="FUNCTION", help="Only this function. Default: all.", show_default=False)
    ] = None,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    since: Annotated[str, typer.Option("--since", metavar="SPAN", help="How far back: 90s, 10m, 2h, 1d.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", metavar="", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Print what the functions of a deployment have logged, oldest first."""
    from orchestrator.platform.functions import functions, log_events, parse_span  # noqa: PLC0415 - see ports_for

    start = datetime.now(UTC) - parse_span(since)
    deployed = _deployed(suffix, environment, target)
    width = max(map(len, [function] if function else functions(deployed, "log_group_names")))
    for batch in log_events(deployed, function, since=start, follow=follow):
        for event in batch:
            at = event.at.strftime("%H:%M:%S.%f")[:-3]
            console.result(Text(f"{at} {event.function:<{width}} {event.message}"))
        if console.is_closed():
            return


def _deployed(suffix: str, environment: str | None, target: Target, *, show_sensitive: bool = False) -> OutputsResult:
    request = DeploymentRequest(suffix=suffix, target=target, environment=environment)
    return outputs(request, ports_for(), Terminal(), show_sensitive=show_sensitive)
