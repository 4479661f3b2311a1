"""Rollback: let an earlier version of a function serve again (requirement E5).

What calls a function calls its alias, so moving the alias is all that it takes, and code and configuration go back together. The version is
also pinned in the register of deployments: without that the next ``up`` would bring back what was just taken away. Only another rollback ends
the pin, and ``plan`` and ``up`` name what is pinned.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.listing import pages
from orchestrator.adapters.aws.session import explain
from orchestrator.commands import DeploymentRequest, Operator, OutputsResult, Ports, Target, outputs
from orchestrator.commands.operators import Question
from orchestrator.commands.ports import RegisteredDeployment, Settings
from orchestrator.errors import UsageError
from orchestrator.platform.functions import chosen, functions

ALIAS = "live"
LATEST = "latest"
PINS = "function_versions"
"""The setting in the register: "ingest=3"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback did: the versions that served before and serve now, and whether the latter is pinned."""

    function: str
    before: str
    now: str
    pinned: bool


def rollback(
    request: DeploymentRequest,
    ports: Ports,
    operator: Operator,
    function: str,
    *,
    to: str | None = None,
    confirmed: bool = False,
) -> Rollback:
    """Let another version of a function serve.

    Args:
        request: which deployment.
        ports: to everything outside.
        operator: is asked on AWS.
        function: by its short name.
        to: the number of a published version; "latest" ends a rollback; None takes the version before the one that serves.
        confirmed: do not ask.

    Raises:
        UsageError: there is no such function or version, or the operator refused; nothing was changed.
        PlatformctlError: AWS refuses.

    """
    with ports.journal.exclusive(target=str(request.target), suffix=request.suffix):
        deployed = outputs(request, ports, operator)
        name = chosen(function, functions(deployed, "function_names"))
        client = deployed.deployment.account.client("lambda")
        try:
            before = str(client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"])
            listed = pages(client, "list_versions_by_function", "Versions", FunctionName=name)
            published = sorted((str(one["Version"]) for one in listed if one["Version"] != "$LATEST"), key=int)
            now = _target(function, to, before, published)
            if request.target is Target.AWS and not confirmed:
                operator.approve(_question(deployed, function, before, now))
            # The pin comes first: an alias that moved without it would be moved back by the next up.
            pinned = to != LATEST
            _pin(deployed, function, now if pinned else None)
            client.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=now)
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Rolling back {name}") from error
    return Rollback(function=function, before=before, now=now, pinned=pinned)


def _target(function: str, to: str | None, serving: str, published: list[str]) -> str:
    if to == LATEST:
        return published[-1]
    if to is None:
        earlier = [version for version in published if int(version) < int(serving)]
        if earlier:
            return earlier[-1]
        raise UsageError(
            "No earlier version",
            detail=f"{function} serves version {serving}, the first one that was published.",
            hint="Deploy the code that is to serve: platformctl up",
        )
    if to not in published:
        raise UsageError(
            "No such version",
            detail=f"--to {to}: the published versions of {function} are {', '.join(published)}.",
            hint=f"Name one of them, or {LATEST}.",
        )
    return to


def _question(deployed: OutputsResult, function: str, before: str, now: str) -> Question:
    deployment = deployed.deployment
    return Question(
        text=f'Let version {now} of {function} serve instead of {before}, in "{deployment.suffix}", AWS account '
        f"{deployment.account.account_id}?",
        word=deployment.suffix,
        detail="The target is AWS, and there is no terminal to ask on.",
        refused="Nothing was changed.",
    )


def _pin(deployed: OutputsResult, function: str, version: str | None) -> None:
    def change(known: RegisteredDeployment | None) -> RegisteredDeployment | None:
        if known is None:
            return None
        wanted = {**pins(known.settings), function: version}
        kept = tuple(f"{name}={number}" for name, number in sorted(wanted.items()) if number)
        rest = {name: value for name, value in known.settings.items() if name != PINS}
        return replace(known, settings={**rest, PINS: kept} if kept else rest)

    deployed.deployment.bucket.update(deployed.deployment.suffix, change)


def pins(settings: Settings) -> Mapping[str, str]:
    """Return the pinned versions by function."""
    return dict(_pairs(settings.get(PINS, ())))


def _pairs(stated: Iterable[str]) -> Iterator[tuple[str, str]]:
    for pin in stated:
        name, _, version = pin.partition("=")
        yield name, version


def reminders(settings: Settings, suffix: str) -> Iterator[str]:
    """Yield a line for each pinned function, so that nobody wonders why new code does not serve."""
    for name, version in pins(settings).items():
        yield (
            f"{name} stays at version {version}, to which it was rolled back; platformctl rollback {name} --to {LATEST} "
            f"--suffix {suffix} ends that"
        )
