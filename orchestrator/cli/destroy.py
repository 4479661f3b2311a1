"""``platformctl destroy``: take a deployment down, leave nothing behind, and prove it."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.local_cloud import ACCOUNT_ID
from orchestrator.adapters.runs import exclusive, register_held
from orchestrator.cli import console
from orchestrator.cli.deployment import Deployment, load, open_deployment, request
from orchestrator.cli.options import (
    DEFAULT_ENVIRONMENT,
    EnvironmentOption,
    OnlyOption,
    ParallelismOption,
    SuffixOption,
    Target,
    TargetOption,
    YesOption,
)
from orchestrator.cli.orphans import no_module, orphan_units
from orchestrator.cli.recover import make_way
from orchestrator.cli.session import Session, finish, run_units, session
from orchestrator.engine.execution import Outcome, Work
from orchestrator.engine.operations import UnitWork, require_no_dependents, select, standing_on
from orchestrator.engine.orphans import order_of_destruction
from orchestrator.errors import UsageError

LINGER_SECONDS = 600.0
"""How long an empty local cloud stays for whoever wants to look at it."""
_MOST_LISTED = 50


def destroy(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    with_dependents: Annotated[
        bool, typer.Option("--with-dependents", metavar="", help="With --only: also what depends on these units.")
    ] = False,
    parallelism: ParallelismOption = 8,
    yes: YesOption = False,
) -> None:
    """Destroy a deployment, dependents first, and ask every service whether anything is left.

    Units that are not in the live tree any more, but still have a state, go with it; --only takes their names, too. You are
    asked to type the suffix unless you pass --yes. Destroying what does not exist is no error. After the last deployment
    the local cloud ends by itself.
    """
    # What --only names may be an orphan, which no live tree knows; it is looked at below.
    asked = request(suffix=suffix, target=target, environment=environment)
    with exclusive(asked.project.home, target=str(target), suffix=asked.suffix):
        deployment = open_deployment(asked, start=False)
        if deployment is None or not deployment.bucket.exists():
            # Nothing is deployed, so nothing is an orphan: a name that the live tree does not have is a mistake.
            account = ACCOUNT_ID if deployment is None else deployment.session.account_id
            select(load(asked, environment=environment or DEFAULT_ENVIRONMENT, account_id=account), only or ())
            console.err.print(f'Nothing to destroy: there is no "{suffix}" on {target.description}.')
            return
        make_way(deployment, say=lambda line: console.err.print(line, markup=False, soft_wrap=True))
        deployment.outputs.orphans = orphan_units(deployment)
        units = _selection(deployment, tuple(only or ()), with_dependents=with_dependents)
        if not yes:
            _confirm(deployment, units, whole=not only)
        with session("destroy", asked) as opened, deployment.providers() as providers:
            with opened.step("preparing Terraform"):
                _ = deployment.toolchain.provider_executable
            runner = deployment.runner(providers)

            def work(logs: Path) -> Work:
                nothing = no_module(deployment)
                return UnitWork(outputs=deployment.outputs, terraform=runner, logs=logs, nothing=nothing).destroy

            needs = _needs(deployment, units)
            outcomes = run_units(opened, deployment, runner, work=work, needs=needs, parallelism=parallelism)
            left = _finish_off(opened, deployment, outcomes, whole=not only)
            code = finish(opened, outcomes, failed=left)
    raise typer.Exit(code)


def _selection(deployment: Deployment, only: tuple[str, ...], *, with_dependents: bool) -> tuple[str, ...]:
    """What is destroyed, dependents before what they depend on.

    Raises:
        UsageError: no such unit, or others depend on it.

    """
    orphans = deployment.outputs.orphans
    named = [name for name in only if name not in orphans]
    selected = set(select(deployment.stack, named)) if named or not only else set[str]()
    if with_dependents:
        selected |= set(standing_on(deployment.outputs, selected))
    require_no_dependents(deployment.outputs, selected)
    live = [name for name in reversed(deployment.stack.graph.order()) if name in selected]
    return (*(name for name in orphans if not only or name in only), *live)


def _needs(deployment: Deployment, units: Collection[str]) -> dict[str, set[str]]:
    graph, orphans = deployment.stack.graph, deployment.outputs.orphans
    registered = deployment.bucket.deployment(deployment.asked.suffix)
    waits = order_of_destruction(
        {name: set(graph.dependents[name]) & set(units) for name in units if name not in orphans},
        [name for name in units if name in orphans],
        registered.units if registered is not None else {},
    )
    return {name: waits[name] for name in units}


def _finish_off(opened: Session, deployment: Deployment, outcomes: dict[str, Outcome], *, whole: bool) -> bool:
    """Ask what is left, then take an empty deployment off the register; returns whether anything is left that should not."""
    succeeded = all(outcome.status.is_success for outcome in outcomes.values())
    if opened.interrupt or not succeeded:
        return False
    left = whole and _is_anything_left(opened, deployment)
    with register_held(deployment.asked.project.home, target=str(deployment.asked.target)):
        _forget(deployment)
    return left


def _is_anything_left(opened: Session, deployment: Deployment) -> bool:
    """The proof of a destroy: what the services themselves list, not what states say."""
    suffix = deployment.asked.suffix
    with opened.step("asking every service what is left") as said:
        found = list_resources(deployment.session.client, suffix=suffix)
        if not found:
            said.append(f'proof: no service lists anything whose name or tag is of "{suffix}"')
    if found:
        lines = [f"  {item.service} {item.type} {item.name or item.identifier}" for item in found[:_MOST_LISTED]]
        if len(found) > _MOST_LISTED:
            lines.append(f"  and {len(found) - _MOST_LISTED} more")
        opened.display.say(
            f'Left in the account, in no state of "{suffix}" (platformctl recover looks after it):\n' + "\n".join(lines)
        )
    return bool(found)


def _forget(deployment: Deployment) -> None:
    """Take an empty deployment off the register; empty the local cloud when it was the last one."""
    if not deployment.bucket.unregister(deployment.asked.suffix):
        return
    deployment.workspaces.remove()
    if deployment.cloud is not None and not deployment.bucket.keys():
        deployment.bucket.remove()
        deployment.cloud.retire(LINGER_SECONDS)


def _confirm(deployment: Deployment, units: Collection[str], *, whole: bool) -> None:
    suffix, target = deployment.asked.suffix, deployment.asked.target
    place = f"{target.description} (account {deployment.session.account_id})"
    if not console.err.is_terminal:
        raise UsageError(
            "Confirmation needed",
            detail=f'Destroying "{suffix}" on {place} has to be confirmed, and there is no terminal to ask on.',
            hint="Pass --yes.",
        )
    what = f'"{suffix}"' if whole else f'{", ".join(units)} of "{suffix}"'
    if not console.ask(f"This destroys {what} on {place}, with all its data.", expected=suffix):
        raise UsageError("Not confirmed", detail="Nothing was run.")
