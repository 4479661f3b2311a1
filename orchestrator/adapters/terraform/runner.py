"""Runs Terraform on units: the engine's ``Terraform`` protocol over one binary and, where it is safe, one provider."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.attempt import Attempt, note
from orchestrator.adapters.terraform.backends import BACKEND_FILE, backend_file, local_state_file
from orchestrator.adapters.terraform.command import Invocation
from orchestrator.adapters.terraform.hooks import Hooks, hook_environment
from orchestrator.adapters.terraform.initialisation import Initialisation
from orchestrator.adapters.terraform.places import located
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.retries import ATTEMPTS, ignored, may_continue, transient_reason, wait_before
from orchestrator.adapters.terraform.sharing import check_constraints, provider_configuration
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspace, Workspaces
from orchestrator.config import Behaviour, Composition, EvaluatedUnit, declared_inputs
from orchestrator.config.arguments import RUN
from orchestrator.engine.ports import Accept, Applied, Progress, Retrying
from orchestrator.model.status import Changes


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Implements ``orchestrator.engine.ports.Terraform``.

    Args:
        providers: shared provider processes; None gives every command a provider of its own.
        parallelism: how many resources of one unit Terraform works on at once.
        draw: returns a random number from 0 up to 1.
        pause: waits, and returns whether an interrupt cut the wait short; by default that of the toolchain's processes.

    """

    toolchain: Toolchain
    workspaces: Workspaces
    modules: Modules
    providers: SharedProviders | None
    parallelism: int
    draw: Callable[[], float] = random.random
    pause: Callable[[float], bool] | None = None

    def apply(
        self,
        unit: EvaluatedUnit,
        *,
        destroy: bool,
        log: Path,
        report: Callable[[Progress], None],
        accept: Accept | None = None,
    ) -> Applied:
        """See the protocol.

        An attempt that fails with transient errors is repeated, up to three attempts in all, and one that fails with errors
        of the unit's own rules as often as they say.
        """
        composition = self.modules.compose(unit)
        state = local_state_file(unit, composition)
        if state is not None:
            composition.module[BACKEND_FILE] = backend_file(state)
        # Terraform destroys with the files that hooks of an apply have made.
        keep = destroy and bool(unit.behaviour.hooks)
        workspace = self.workspaces.prepare(unit.name, composition, keep=keep)
        log.parent.mkdir(parents=True, exist_ok=True)
        invocation = self._invocation(unit, workspace, composition)
        command = "destroy" if destroy else "apply"
        hooks = self._hooks(unit, workspace, invocation, command, log=log)
        initialisation = Initialisation(
            toolchain=self.toolchain, unit=unit, composition=composition, invocation=invocation
        )
        attempt = Attempt(
            invocation=invocation,
            processes=self.toolchain.processes,
            workspace=workspace,
            inputs=declared_inputs(unit, composition.interface),
            ephemeral=frozenset(
                name for name, variable in composition.interface.variables.items() if variable.ephemeral
            ),
            log=log,
            report=report,
            parallelism=self.parallelism,
            locate=partial(located, composition),
            behaviour=unit.behaviour,
            for_command=lambda invocation, step: self.toolchain.with_unit(
                invocation, unit.behaviour, "destroy" if destroy else step
            ),
        )

        def run() -> Applied:
            failed = initialisation.run(log=log, report=report, hooks=hooks)
            return failed or hooks.around(command, lambda: attempt.run(destroy=destroy, accept=accept))

        changes = Changes()
        for number in count(2):
            ended = run()
            changes += ended.changes
            again = self._again(unit.behaviour, ended, number, destroy=destroy)
            if again is None:
                break
            limit, seconds, reason = again
            report(Retrying(attempt=number, seconds=seconds, reason=reason))
            note(log, f"attempt {number} of {limit} in {seconds:.1f} s: {reason}")
            if (self.pause or self.toolchain.processes.pause)(seconds):
                ended = replace(ended, interrupted=True)
                break
        return replace(ignored(unit.behaviour, ended, workspace.folder), changes=changes)

    def _again(
        self, behaviour: Behaviour, ended: Applied, number: int, *, destroy: bool
    ) -> tuple[int, float, str] | None:
        """Return the number of attempts, the seconds to wait and the reason if an attempt is to be repeated."""
        rule = behaviour.retry(ended.errors) if may_continue(ended) else None
        if rule is not None and number <= rule.attempts:
            return rule.attempts, rule.seconds, " ".join(ended.errors[0].split())
        reason = transient_reason(ended, destroy=destroy)
        return (ATTEMPTS, wait_before(number, draw=self.draw), reason) if reason and number <= ATTEMPTS else None

    def _hooks(
        self, unit: EvaluatedUnit, workspace: Workspace, invocation: Invocation, command: str, *, log: Path
    ) -> Hooks:
        return Hooks(
            unit=unit.name,
            behaviour=unit.behaviour,
            processes=self.toolchain.processes,
            folder=workspace.folder,
            environment=hook_environment(self.toolchain.with_unit(invocation, unit.behaviour, command), unit),
            terraform=" ".join(self.toolchain.binary.arguments),
            log=log,
        )

    def interrupt(self) -> None:
        """See the protocol. Applies to processes that have not started yet, and to waits between attempts, too."""
        self.toolchain.processes.interrupt()

    def wind_down(self) -> None:
        self.toolchain.processes.wind_down()

    def _invocation(self, unit: EvaluatedUnit, workspace: Workspace, composition: Composition) -> Invocation:
        check_constraints(unit.name, composition, self.toolchain.locked_for([unit.folder]))
        invocation = Invocation(
            arguments=self.toolchain.binary.arguments,
            folder=workspace.folder,
            environment=self.toolchain.environment,
            unit=unit.name,
        )
        # A provider process that others use has not the unit's environment.
        own = any(self.toolchain.unit_environment(unit.behaviour, command) for command in RUN)
        configuration = provider_configuration(composition) if self.providers is not None and not own else None
        if self.providers is None or configuration is None:
            return invocation
        return self.providers.attach(invocation, configuration)
