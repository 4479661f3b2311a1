"""``platformctl list`` and ``reap``: every deployment there is, and the end of those whose time is over."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestrator.cli import console
from orchestrator.cli.destroy import destroy
from orchestrator.cli.options import JsonOption, Target, TargetOption, YesOption
from orchestrator.cli.project import find_project
from orchestrator.cli.register import Register, open_register
from orchestrator.display.diagnostics import print_error
from orchestrator.display.environments import render_environments
from orchestrator.engine.environments import Environment, has_expired
from orchestrator.errors import ExitCode, PlatformctlError, UsageError

Destroy = Callable[[Environment], int]
"""Destroys a deployment without asking; returns the exit code of ``platformctl destroy``."""

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="Only say what has expired; destroy nothing.")
]


def list_environments(target: TargetOption = Target.LOCAL, as_json: JsonOption = False) -> None:
    """List every deployment: age, resources, time to live, last run, and units that live/ does not have any more.

    A unit that was removed from live/ while it had resources is an orphan: it still costs money, and up does not touch it.
    """
    now = _now()
    register = open_register(target)
    found = register.find() if register else ()
    if as_json:
        document = [item.to_json(now) for item in found]
        console.out.print(json.dumps(document, indent=2), soft_wrap=True, markup=False)
    elif found:
        _print(found, now)
    else:
        console.err.print(f"No deployments on {target.description}.")
    for environment in register.unreadable if register else ():
        console.err.print(
            f"live/{environment} has mistakes, so nothing is said about orphans: platformctl validate --env {environment}",
            markup=False,
            soft_wrap=True,
        )


def reap(target: TargetOption = Target.LOCAL, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    """Destroy every deployment whose time to live (up --ttl) is over.

    One after the other, as platformctl destroy does; one that fails does not keep the others, and the exit code is 1 then.
    You are asked once, with the list, unless you pass --yes.
    """
    now = _now()
    register = open_register(target)
    expired = tuple(item for item in register.find() if item.has_expired(now)) if register else ()
    if register is None or not expired:
        console.err.print(f"Nothing has expired on {target.description}.")
        return
    _print(expired, now)
    if dry_run:
        return
    if not yes:
        _confirm(len(expired), target)
    code = destroy_expired(register, expired, now=_now, destroy=_destroy)
    raise typer.Exit(code)


def destroy_expired(
    register: Register, expired: Sequence[Environment], *, now: Callable[[], datetime], destroy: Destroy
) -> ExitCode:
    """Destroy the deployments, one after the other.

    Whether one has expired is asked again when its turn comes: somebody may have given it more time, or destroyed it.
    """
    failed: list[str] = []
    for item in expired:
        try:
            known = register.deployment(item.suffix)
            if known is None or known.expires is None or not has_expired(datetime.fromisoformat(known.expires), now()):
                console.err.print(f'"{item.suffix}" has not expired any more; it is left alone.', markup=False)
                continue
            code = destroy(item)
        except PlatformctlError as error:
            print_error(console.err, error, base=find_project().folder)
            code = int(error.exit_code)
        if code == ExitCode.INTERRUPTED:
            return ExitCode.INTERRUPTED
        if code != ExitCode.OK:
            failed.append(item.suffix)
    if failed:
        console.err.print(f"Not destroyed: {', '.join(failed)}.", markup=False, soft_wrap=True)
        return ExitCode.FAILED
    return ExitCode.OK


def _destroy(item: Environment) -> int:
    console.err.print(f'\ndestroying "{item.suffix}"', markup=False)
    try:
        destroy(suffix=item.suffix, environment=item.environment, target=Target(item.target), yes=True)
    except typer.Exit as done:
        return done.exit_code
    return int(ExitCode.OK)


def _print(found: Sequence[Environment], now: datetime) -> None:
    console.out.print(
        render_environments(found, now, terminal=console.out.is_terminal), soft_wrap=not console.out.is_terminal
    )


def _confirm(count: int, target: Target) -> None:
    what = f"{count} deployment{'s' if count != 1 else ''} on {target.description}"
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed",
            detail=f"Destroying {what} has to be confirmed, and there is no terminal to ask on.",
            hint="Pass --yes.",
        )
    if not console.ask(f"This destroys {what}, with all their data.", expected="reap"):
        raise UsageError("Not confirmed", detail="Nothing was run.")


def _now() -> datetime:
    return datetime.now(UTC)
