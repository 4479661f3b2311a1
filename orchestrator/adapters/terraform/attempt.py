"""One attempt to apply or destroy a unit: Terraform's plan and apply in an initialised workspace.

Inputs and plans hold secrets: each is in a private file until Terraform has read it, and removed in every case.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.adapters.output import json_object, unexpected
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation, ending_signal
from orchestrator.adapters.terraform.messages import Locate, MessageReader
from orchestrator.adapters.workspaces import Workspace
from orchestrator.config import Behaviour
from orchestrator.engine.ports import Accept, Applied, Phase, Planned, Progress
from orchestrator.hcl.values import Value
from orchestrator.model.status import Changes

PLAN_FILE = "platformctl.tfplan"
LOCK_TIMEOUT = "60s"
_STALE = "Saved plan is stale"
_NOTHING_TO_DO, _SOMETHING_TO_DO = 0, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt on a unit.

    Attributes:
        inputs: hold secrets.
        ephemeral: those that no plan holds, so that Terraform asks for them again when it applies one.
        parallelism: how many resources Terraform works on at once.
        locate: says where a line of one of the unit's files is.
        behaviour: the unit's own arguments and environment variables.
        for_command: returns the invocation for a command, with the unit's environment variables.

    """

    invocation: Invocation
    processes: Processes
    workspace: Workspace
    inputs: Mapping[str, Value]
    log: Path
    report: Callable[[Progress], None]
    parallelism: int
    ephemeral: frozenset[str] = frozenset()
    locate: Locate
    behaviour: Behaviour = field(default_factory=Behaviour)
    for_command: Callable[[Invocation, str], Invocation] = lambda invocation, _command: invocation

    def run(self, *, destroy: bool, accept: Accept | None) -> Applied:
        """Apply the unit's configuration, or destroy the unit; with ``accept`` only if it accepts the plan."""
        if accept is None:
            return self._apply(destroy=destroy)
        with self._plan_file() as file:
            return self._apply_accepted(file, destroy=destroy, accept=accept)

    def _apply(self, *, destroy: bool) -> Applied:
        self.report(_phase(destroy=destroy))
        reader = MessageReader(report=self.report, locate=self.locate)
        code = self._with_inputs("apply", reader, destroy=destroy, auto_approve=FLAG)
        return self._ended("apply", code, reader, expected="what it applied")

    def _apply_accepted(self, file: Path, *, destroy: bool, accept: Accept) -> Applied:
        self.report(Phase(name="plan"))
        plan = MessageReader(report=self.report, locate=self.locate)
        code = self._with_inputs("plan", plan, destroy=destroy, out=PLAN_FILE, detailed_exitcode=FLAG)
        # A crash of Terraform may end with the same code as a plan with changes.
        if code not in {_NOTHING_TO_DO, _SOMETHING_TO_DO} or not plan.has_plan:
            return self._ended("plan", code, plan, expected="a plan")
        if self.processes.interrupted:
            return Applied(succeeded=False, interrupted=True, changes=Changes())
        if code == _SOMETHING_TO_DO:
            refused = self._judged(accept)
            if refused is not None:
                return refused
        # A plan is applied even without changes where it updates the state: it drops what has vanished from the cloud, and
        # a destroy empties it.
        if code == _NOTHING_TO_DO and not plan.has_drifted and not destroy:
            return Applied(succeeded=True, changes=Changes(), warnings=_texts(plan))
        return self._apply_plan(file, destroy=destroy)

    def _judged(self, accept: Accept) -> Applied | None:
        """Put the plan to its judge; return the end of the attempt if it is not accepted."""
        lines: list[str] = []
        # Not into the log: Terraform's JSON shows secrets.
        command = Command(self.invocation, processes=self.processes, on_line=lines.append)
        code, _, _ = command.cmd("show", PLAN_FILE, json=FLAG)
        shown = "\n".join(lines)
        if self.processes.interrupted:
            return Applied(succeeded=False, interrupted=True, changes=Changes())
        try:
            refusal = accept(json_object(shown))
        except ValueError as problem:
            arguments = [*self.invocation.arguments, "show", "-json", PLAN_FILE]
            error = unexpected(arguments, shown, expected="a plan", problem=str(problem) if code == 0 else "")
            return Applied(succeeded=False, changes=Changes(), errors=(f"{error.detail}\n{error.hint}",))
        if refusal is None:
            return None
        return Applied(succeeded=False, refused=True, changes=Changes(), errors=(refusal.reason,))

    def _apply_plan(self, file: Path, *, destroy: bool) -> Applied:
        self.report(_phase(destroy=destroy))

        def forward(progress: Progress) -> None:
            # Reported when it was planned.
            if not isinstance(progress, Planned):
                self.report(progress)

        def forget() -> None:
            file.unlink(missing_ok=True)
            self.workspace.remove_inputs()

        reader = MessageReader(report=forward, locate=self.locate)
        again = {name: value for name, value in self.inputs.items() if name in self.ephemeral}
        if again:
            self.workspace.write_inputs(again)
        try:
            code = self._terraform("apply", PLAN_FILE, on_line=_forgetting(reader, forget))
        finally:
            self.workspace.remove_inputs()
        return self._ended("apply", code, reader, expected="what it applied")

    def _with_inputs(self, command: str, reader: MessageReader, *, destroy: bool, **options: object) -> int:
        """Run a command that reads the inputs, which are on disk until it has read them."""
        self.workspace.write_inputs(self.inputs)
        try:
            on_line = _forgetting(reader, self.workspace.remove_inputs)
            return self._terraform(command, on_line=on_line, destroy=FLAG if destroy else None, **options)
        finally:
            self.workspace.remove_inputs()

    def _terraform(self, command: str, *arguments: str, on_line: Callable[[str], None], **options: object) -> int:
        general = {"parallelism": self.parallelism, "lock_timeout": LOCK_TIMEOUT}
        return run_logged(
            self.for_command(self.invocation, command),
            command,
            *arguments,
            processes=self.processes,
            log=self.log,
            on_line=on_line,
            json=FLAG,
            **options,
            input=False,
            **general | self.behaviour.options(command),
        )

    def _ended(self, command: str, code: int, reader: MessageReader, *, expected: str) -> Applied:
        if code == 0 and command == "apply" and reader.has_messages:
            return Applied(succeeded=True, changes=reader.changes, warnings=_texts(reader))
        interrupted = self.processes.interrupted
        if code == 0 and not reader.errors:
            arguments = [*self.invocation.arguments, command, "-json"]
            error = unexpected(arguments, "\n".join(reader.explanation()), expected=expected, log=self.log)
            return Applied(succeeded=False, changes=reader.changes, errors=(f"{error.detail}\n{error.hint}",))
        how = f"terraform {command} ended with exit code {code}"
        if code < 0:
            how = f"terraform {command} was interrupted before it could start"
        ended = Applied(
            succeeded=False,
            interrupted=interrupted,
            changes=reader.changes,
            errors=tuple(_explained(error) for error in reader.explanation()) or (how,),
            warnings=_texts(reader),
        )
        name = ending_signal(code, interrupted=interrupted)
        if not name:
            return ended
        doing = f" It was working on: {', '.join(reader.under_way)}." if reader.under_way else ""
        died = (
            f"terraform {command} was ended by {name}, which platformctl did not send. The lock of its state may remain, "
            f"and its last changes may be missing from the state.{doing}"
        )
        return replace(ended, died=True, errors=(died, *reader.errors))

    @contextmanager
    def _plan_file(self) -> Iterator[Path]:
        file = self.workspace.folder / PLAN_FILE
        file.unlink(missing_ok=True)
        # Terraform would make it readable by all; it keeps the mode of an existing file.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)


def run_logged(
    invocation: Invocation,
    command: str,
    *arguments: str,
    processes: Processes,
    log: Path,
    on_line: Callable[[str], None],
    **options: object,
) -> int:
    """Run a Terraform command that writes to the log itself, below a line that names it; return its exit code."""
    note(log, f"terraform {command} in {invocation.folder}")
    terraform = Command(invocation, processes=processes, on_line=on_line, log=log)
    code, _, _ = terraform.cmd(command, *arguments, **options)
    return code


def note(log: Path, text: str) -> None:
    """Add a line of our own to a log."""
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"# {text}\n")


def _forgetting(reader: MessageReader, forget: Callable[[], None]) -> Callable[[str], None]:
    """Feed the reader, and remove what Terraform has read as soon as it works: platformctl may be killed at any time."""

    def take(line: str) -> None:
        reader.feed(line)
        if reader.has_begun:
            forget()

    return take


def _phase(*, destroy: bool) -> Phase:
    return Phase(name="destroy" if destroy else "apply")


def _texts(reader: MessageReader) -> tuple[str, ...]:
    return tuple(dict.fromkeys(warning.text for warning in reader.warnings))


def _explained(error: str) -> str:
    if _STALE not in error:
        return error
    return (
        f"{_STALE}: somebody else changed this unit's state after it was planned, so the accepted plan is outdated. "
        "Nothing of it was applied. Run the same command again."
    )
