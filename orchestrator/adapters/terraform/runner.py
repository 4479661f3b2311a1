"""Runs Terraform on units: the engine's ``Terraform`` protocol over one binary and, where it is safe, one provider.

A failed attempt is repeated after a wait whose bound grows exponentially and which is drawn uniformly below it ("full jitter"), so
that units that were throttled together do not retry together. Source:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import hashlib
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from orchestrator.adapters.aws.transient import transient
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.attempt import Attempt, note, run_logged
from orchestrator.adapters.terraform.command import FLAG, Invocation, ending_signal
from orchestrator.adapters.terraform.mirror import FILE_NAME
from orchestrator.adapters.terraform.provider import SharedProviders, check_constraints, provider_configuration
from orchestrator.adapters.terraform.toolchain import Toolchain, cache_key
from orchestrator.adapters.workspaces import Workspace, Workspaces, write_private
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.ports import Accept, Applied, Phase, Reporter, Retrying
from orchestrator.hcl import to_json_value
from orchestrator.model.status import Changes

ATTEMPTS = 3
_FIRST_BOUND = 10.0
_LAST_BOUND = 60.0


def transient_reason(ended: Applied, *, destroy: bool) -> str:
    """Return the first error, in one line, of an attempt that failed with transient errors only; else "".

    An attempt that was interrupted or refused, or whose Terraform died, is never repeated.
    """
    if ended.succeeded or ended.interrupted or ended.refused or ended.died or not ended.errors:
        return ""
    if not all(transient(error, destroy=destroy) for error in ended.errors):
        return ""
    return " ".join(ended.errors[0].split())


def wait_before(attempt: int, *, draw: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait before an attempt, the second or a later one; ``draw`` returns a random number below 1."""
    return draw() * min(_LAST_BOUND, _FIRST_BOUND * 2.0 ** (attempt - 2))


_STAMP = "platformctl-init.json"
_BACKEND_FILE = "backend.tfbackend"
_KEPT_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialisation:
    """The init of one unit's workspace: its providers, module calls and backend."""

    toolchain: Toolchain
    unit: EvaluatedUnit
    module: Path
    invocation: Invocation

    def run(self, *, log: Path, report: Reporter) -> Applied | None:
        """Initialise the workspace if needed; return what went wrong, or None."""
        if "TF_REATTACH_PROVIDERS" not in self.invocation.environment:
            # Commands with a provider of their own rely on this check: their lock file has no hashes.
            self.toolchain.install_provider()
        folder = self.invocation.folder
        stamp = self._stamp()
        record = folder / ".terraform" / _STAMP
        if record.is_file() and record.read_text(encoding="utf-8") == stamp:
            return None
        report(Phase(name="init"))
        (folder / FILE_NAME).write_text(self.toolchain.provider.without_hashes(), encoding="utf-8")
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        code = run_logged(
            self.invocation,
            "init",
            processes=self.toolchain.processes,
            log=log,
            on_line=lines.append,
            input=False,
            no_color=FLAG,
            reconfigure=FLAG,
            lockfile="readonly",
            backend_config=[_BACKEND_FILE] if self._backend_file() else None,
        )
        if code == 0:
            write_private(record, stamp)
            return None
        return self._failed(code, "\n".join(line for line in lines if line.strip()))

    def _failed(self, code: int, output: str) -> Applied:
        interrupted = self.toolchain.processes.interrupted
        name = ending_signal(code, interrupted=interrupted)
        ended = f"terraform init was ended by {name}, which platformctl did not send." if name else ""
        error = "\n".join(text for text in (ended, output) if text) or f"terraform init ended with exit code {code}"
        return Applied(succeeded=False, interrupted=interrupted, died=bool(name), changes=Changes(), errors=(error,))

    def _backend_file(self) -> bool:
        """Write the settings of a backend without a generated file into a file, as Terragrunt does; return whether it is one."""
        state = self.unit.remote_state
        if state is None or state.generate is not None:
            return False
        settings = {name: to_json_value(value) for name, value in state.config.items()}
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in sorted(settings.items()))
        write_private(self.invocation.folder / _BACKEND_FILE, text)
        return True

    def _stamp(self) -> str:
        """Return a text that changes whenever the workspace has to be initialised again, and sometimes when it has not.

        Init depends on providers, module calls and the backend; any change of the files counts as a change of these.
        """
        unit = self.unit
        texts = [file.read_text(encoding="utf-8") for file in sorted(self.module.rglob("*.tf")) if file.is_file()]
        generated = "".join(f"{file.path}\n{file.contents}\n" for file in unit.generated)
        backend = str(sorted(unit.remote_state.config.items())) if unit.remote_state else ""
        facts: Mapping[str, str | bool] = {
            "terraform": cache_key(self.toolchain.binary),
            "provider": self.toolchain.provider.version,
            "shared": "TF_REATTACH_PROVIDERS" in self.invocation.environment,
            "configuration": hashlib.sha256("".join([generated, backend, *texts]).encode()).hexdigest(),
        }
        return json.dumps(facts, sort_keys=True)


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
        self, unit: EvaluatedUnit, *, destroy: bool, log: Path, report: Reporter, accept: Accept | None = None
    ) -> Applied:
        """See the protocol. An attempt that fails with transient errors is repeated, up to three attempts in all."""
        location = self.modules.locate(unit)
        interface = self.modules.interface(unit)
        workspace = self.workspaces.prepare(unit, module_root=location.root, subdirectory=location.subdirectory)
        log.parent.mkdir(parents=True, exist_ok=True)
        invocation = self._invocation(unit, workspace, location.folder)
        initialisation = Initialisation(
            toolchain=self.toolchain, unit=unit, module=location.folder, invocation=invocation
        )
        attempt = Attempt(
            invocation=invocation,
            processes=self.toolchain.processes,
            workspace=workspace,
            inputs={name: value for name, value in unit.inputs.items() if name in interface.variables},
            log=log,
            report=report,
            parallelism=self.parallelism,
        )
        changes = Changes()
        for number in count(2):
            ended = initialisation.run(log=log, report=report) or attempt.run(destroy=destroy, accept=accept)
            changes += ended.changes
            reason = transient_reason(ended, destroy=destroy)
            if not reason or number > ATTEMPTS:
                break
            seconds = wait_before(number, draw=self.draw)
            report(Retrying(attempt=number, seconds=seconds, reason=reason))
            note(log, f"attempt {number} of {ATTEMPTS} in {seconds:.1f} s: {reason}")
            if (self.pause or self.toolchain.processes.pause)(seconds):
                ended = replace(ended, interrupted=True)
                break
        return replace(ended, changes=changes)

    def interrupt(self) -> None:
        """See the protocol. Applies to processes that have not started yet, and to waits between attempts, too."""
        self.toolchain.processes.interrupt()

    def wind_down(self) -> None:
        self.toolchain.processes.wind_down()

    def _invocation(self, unit: EvaluatedUnit, workspace: Workspace, module: Path) -> Invocation:
        check_constraints(unit, module, self.toolchain.provider)
        invocation = Invocation(
            arguments=self.toolchain.binary.arguments,
            folder=workspace.folder,
            environment=self.toolchain.environment,
            unit=unit.name,
        )
        configuration = provider_configuration(unit, module) if self.providers is not None else None
        if self.providers is None or configuration is None:
            return invocation
        return self.providers.attach(invocation, configuration)
