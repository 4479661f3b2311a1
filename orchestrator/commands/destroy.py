"""Destroy: remove a deployment, and prove that nothing is left."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.commands.deployment import Deployment
from orchestrator.commands.exclusion import require_unprotected, units_of_run
from orchestrator.commands.opening import environment_of, load, open_deployment, without_selection
from orchestrator.commands.operators import Operator, Question
from orchestrator.commands.ports import CloudResource, Ports
from orchestrator.commands.recover import make_way
from orchestrator.commands.requests import DestroyRequest
from orchestrator.commands.running import Activity, activity
from orchestrator.commands.selection import narrowed
from orchestrator.commands.up import RunResult
from orchestrator.engine.environments import order_of_destruction
from orchestrator.engine.execution import Outcome, Work
from orchestrator.engine.operations import UnitWork, dependents_of, require_no_dependents, select
from orchestrator.errors import ExitCode

_MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyResult(RunResult):
    """How a destroy ended.

    ``left``: what the services still list after a destroy of the whole; empty if it was clean.
    """

    left: tuple[CloudResource, ...] = ()


def destroy(request: DestroyRequest, ports: Ports, operator: Operator) -> DestroyResult:
    """Destroy the selected units, dependents first, and ask every service whether anything is left.

    Without a selection this includes orphans: units that are no longer in the live tree, but still have a state.
    Destroying what does not exist is not an error. After the last deployment the local cloud ends by itself. Raises
    UsageError: bad input, or the operator refused, nothing was destroyed; PlatformctlError if something failed before
    units were destroyed.
    """
    target = request.target
    with ports.journal.exclusive(target=str(target), suffix=request.suffix):
        # A selected name may be an orphan, which is not in the live tree; it is checked below.
        deployment = open_deployment(without_selection(request), ports, operator, start=False)
        if deployment is None or not deployment.bucket.exists():
            # Nothing is deployed, so there are no orphans: a name that is not in the live tree is a mistake.
            environment = environment_of(request, ports)
            stack = deployment.stack if deployment else load(request, ports, operator, environment=environment)
            select(stack, narrowed(request, stack, ports, operator).only)
            operator.say(f'Nothing to destroy: there is no "{request.suffix}" on {target.description}.')
            return DestroyResult(code=ExitCode.OK, outcomes={})
        named = request.only
        request = narrowed(request, deployment.stack, ports, operator)
        make_way(deployment, operator)
        deployment = deployment.with_orphans()
        units = _selection(deployment, request, named, operator)
        if not request.confirmed:
            operator.approve(_question(deployment, units, whole=not request.only))
        with activity("destroy", ports, operator) as work:
            with work.step("preparing Terraform"):
                deployment.terraform.prepare()
            with deployment.terraform.open() as terraform:
                runner, nothing = terraform.runner, deployment.terraform.no_module()
                known = deployment.outputs

                def work_on(logs: Path) -> Work:
                    return UnitWork(outputs=known, terraform=runner, logs=logs, nothing=nothing).destroy

                outcomes = work.work_on_units(
                    deployment,
                    terraform,
                    work=work_on,
                    needs=_needs(deployment, units),
                    parallelism=request.parallelism,
                    fail_fast=request.fail_fast,
                )
            whole = deployment.is_registered and not request.only
            left = _finish_off(work, deployment, ports, outcomes, whole=whole)
            code = work.finish(outcomes, failed=bool(left))
    report = work.run.report_file if work.run else None
    return DestroyResult(code=code, outcomes=outcomes, report_file=report, deployment=deployment, left=left)


def _selection(
    deployment: Deployment, request: DestroyRequest, by_name: Collection[str], operator: Operator
) -> tuple[str, ...]:
    """Return the units to destroy, dependents before what they depend on.

    ``by_name``: the units that the caller names. Raises UsageError: no such unit, others depend on it, or it is protected.
    """
    orphans, only = deployment.outputs.orphans, request.only
    named = [name for name in only if name not in orphans]
    asked = select(deployment.stack, named) if named or not only else ()
    selected = set(units_of_run(deployment.stack, asked, by_name, "destroy", operator))
    if request.with_dependents:
        selected |= set(dependents_of(deployment.outputs, selected))
    require_no_dependents(deployment.outputs, selected)
    require_unprotected(deployment.stack, selected)
    live = [name for name in reversed(deployment.stack.graph.order()) if name in selected]
    return (*(name for name in orphans if not only or name in only), *live)


def _needs(deployment: Deployment, units: Collection[str]) -> dict[str, set[str]]:
    graph, orphans = deployment.stack.graph, deployment.outputs.orphans
    registered = deployment.bucket.deployment(deployment.suffix)
    waits = order_of_destruction(
        {name: set(graph.dependents[name]) & set(units) for name in units if name not in orphans},
        [name for name in units if name in orphans],
        registered.units if registered else {},
    )
    return {name: waits[name] for name in units}


def _finish_off(
    work: Activity, deployment: Deployment, ports: Ports, outcomes: Mapping[str, Outcome], *, whole: bool
) -> tuple[CloudResource, ...]:
    """Ask what is left, and unregister a deployment without states; returns what is left and should not be."""
    if work.interrupted or not all(outcome.status.is_success for outcome in outcomes.values()):
        return ()
    left = _left(work, deployment) if whole else ()
    with ports.journal.register_held(target=str(deployment.request.target)):
        _forget(deployment)
    return left


def _left(work: Activity, deployment: Deployment) -> tuple[CloudResource, ...]:
    """Ask the services themselves what they list, instead of relying on states."""
    suffix = deployment.suffix
    deployment.sweeper.reclaim(say=work.operator.say)
    with work.step("asking every service what is left") as results:
        found = tuple(deployment.account.inventory(suffix))
        if not found:
            results.append(f'proof: no service lists anything whose name or tag is of "{suffix}"')
    if found:
        lines = [f"  {item.service} {item.type} {item.name or item.identifier}" for item in found[:_MOST_LISTED]]
        if len(found) > _MOST_LISTED:
            lines.append(f"  and {len(found) - _MOST_LISTED} more")
        heading = f'Left in the account, in no state of "{suffix}" (platformctl recover removes it):'
        work.operator.say("\n".join([heading, *lines]))
    return found


def _forget(deployment: Deployment) -> None:
    """Unregister a deployment without states; let the local cloud end after the last one."""
    if not deployment.bucket.unregister(deployment.suffix):
        return
    deployment.terraform.remove_workspaces()
    if deployment.account.endpoint and not deployment.bucket.keys():
        deployment.bucket.remove()
        deployment.account.retire()


def _question(deployment: Deployment, units: Collection[str], *, whole: bool) -> Question:
    suffix, place = deployment.suffix, deployment.place()
    what = f'"{suffix}"' if whole else f'{", ".join(units)} of "{suffix}"'
    return Question(
        text=f"This destroys {what} on {place}, with all its data.",
        word=suffix,
        detail=f'Destroying "{suffix}" on {place} has to be confirmed, and there is no terminal to ask on.',
    )
