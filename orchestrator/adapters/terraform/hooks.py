"""Runs the hooks of a unit around a Terraform command, in the unit's workspace, with their output in the unit's log."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.adapters.processes import Processes, Purpose
from orchestrator.adapters.terraform.attempt import note
from orchestrator.adapters.terraform.command import Invocation
from orchestrator.config import Behaviour, EvaluatedUnit, Hook, HookKind
from orchestrator.engine.ports import Applied
from orchestrator.hcl import dump_json, to_json_value
from orchestrator.hcl.values import is_wholly_known, unmark
from orchestrator.model.status import Changes

_KEPT = 10
"""The last lines of a failed hook that its error shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The hooks of one unit. ``environment``: that of its Terraform processes, with its inputs as TF_VAR_ variables."""

    unit: str
    behaviour: Behaviour
    processes: Processes
    folder: Path
    environment: Mapping[str, str]
    terraform: str
    log: Path

    def around(self, command: str, work: Callable[[], Applied]) -> Applied:
        """Do the work between the hooks of a command.

        The work is left out after a hook that fails. Once something has failed, only those hooks run that are meant for
        that; after an interrupt, none.
        """
        errors = self._run(self._hooks(HookKind.BEFORE, command), command, failed=False)
        ended = work() if not errors else Applied(succeeded=False, changes=Changes(), errors=errors)
        if ended.interrupted or self.processes.interrupted:
            return ended
        errors = self._run(self._hooks(HookKind.AFTER, command), command, failed=not ended.succeeded)
        if errors:
            ended = replace(ended, succeeded=False, errors=(*ended.errors, *errors))
        if not ended.succeeded:
            text = "\n".join(ended.errors)
            wanted = [
                hook
                for hook in self._hooks(HookKind.ERROR, command)
                if any(pattern.search(text) for pattern in hook.on_errors)
            ]
            ended = replace(ended, errors=(*ended.errors, *self._run(wanted, command, failed=False)))
        return ended

    def _hooks(self, kind: HookKind, command: str) -> tuple[Hook, ...]:
        return self.behaviour.hooks_of(kind, command)

    def _run(self, hooks: Iterable[Hook], command: str, *, failed: bool) -> tuple[str, ...]:
        errors: list[str] = []
        for hook in hooks:
            if (errors or failed) and not hook.run_on_error:
                continue
            error = self._run_one(hook, command)
            if error:
                errors.append(error)
        return tuple(errors)

    def _run_one(self, hook: Hook, command: str) -> str:
        title = f'{hook.kind} "{hook.name}"'
        note(self.log, f"{title} of {command}: {' '.join(hook.execute)}")
        lines: list[str] = []
        try:
            code = self.processes.run(
                hook.execute,
                folder=self.folder / hook.working_dir,
                environment={
                    **self.environment,
                    "TG_CTX_TF_PATH": self.terraform,
                    "TG_CTX_COMMAND": command,
                    "TG_CTX_HOOK_NAME": hook.name,
                },
                on_line=lines.append,
                log=None if hook.suppress_stdout else self.log,
                purpose=Purpose(command=title, unit=self.unit),
            )
        except OSError as error:
            return f"{title} could not be run: {error.strerror}: {error.filename}"
        if code == 0:
            return ""
        return "\n".join([f"{title} ended with exit code {code}: {' '.join(hook.execute)}", *lines[-_KEPT:]])


def hook_environment(invocation: Invocation, unit: EvaluatedUnit) -> dict[str, str]:
    """Return the environment of a unit's hooks: that of Terraform, and its inputs as TF_VAR_ variables, as under Terragrunt."""
    inputs = {name: to_json_value(unmark(value)) for name, value in unit.inputs.items() if is_wholly_known(value)}
    return {
        **invocation.environment,
        **{
            f"TF_VAR_{name}": value if isinstance(value, str) else dump_json(value)
            for name, value in inputs.items()
            if value is not None
        },
    }
