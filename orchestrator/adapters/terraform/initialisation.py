"""Runs ``terraform init`` in a workspace that has changed since the last init."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.adapters.terraform.attempt import run_logged
from orchestrator.adapters.terraform.binaries import cache_key
from orchestrator.adapters.terraform.command import FLAG, Invocation, ending_signal
from orchestrator.adapters.terraform.hooks import Hooks
from orchestrator.adapters.terraform.lock import FILE_NAME
from orchestrator.adapters.terraform.sharing import needs_more
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import write_private
from orchestrator.config import Composition, EvaluatedUnit, text_of, walk
from orchestrator.engine.ports import Applied, Phase, Progress
from orchestrator.hcl import dump_json, to_json_value
from orchestrator.model.status import Changes

_STAMP = "platformctl-init.json"
_BACKEND_FILE = "backend.tfbackend"
_KEPT_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialisation:
    """The init of one unit's workspace: its providers, module calls and backend."""

    toolchain: Toolchain
    unit: EvaluatedUnit
    composition: Composition
    invocation: Invocation

    def run(self, *, log: Path, report: Callable[[Progress], None], hooks: Hooks | None = None) -> Applied | None:
        """Initialise the workspace if needed, between the hooks of init; return what went wrong, or None."""
        if "TF_REATTACH_PROVIDERS" not in self.invocation.environment:
            # Commands with a provider of their own rely on this check: their lock file has no hashes.
            self.toolchain.install_provider()
        folder = self.invocation.folder
        stamp = self._stamp()
        record = folder / ".terraform" / _STAMP
        if record.is_file() and record.read_text(encoding="utf-8") == stamp:
            return None
        report(Phase(name="init"))
        ended = hooks.around("init", lambda: self._init(log)) if hooks is not None else self._init(log)
        if not ended.succeeded:
            return ended
        write_private(record, self._stamp())
        return None

    def _init(self, log: Path) -> Applied:
        folder = self.invocation.folder
        (folder / FILE_NAME).write_text(self.toolchain.lock_text([self.unit.folder]), encoding="utf-8")
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        code = run_logged(
            self.toolchain.with_unit(self.invocation, self.unit.behaviour, "init"),
            "init",
            processes=self.toolchain.processes,
            log=log,
            on_line=lines.append,
            input=False,
            no_color=FLAG,
            reconfigure=FLAG,
            lockfile=None
            if needs_more([self.composition], self.toolchain.locked_for([self.unit.folder]))
            else "readonly",
            backend_config=[_BACKEND_FILE] if self._backend_file() else None,
            lock_timeout=self.unit.behaviour.options("init").get("lock_timeout"),
        )
        if code == 0:
            self._keep_lock_file()
            return Applied(succeeded=True, changes=Changes())
        return self._failed(code, "\n".join(line for line in lines if line.strip()))

    def _keep_lock_file(self) -> None:
        """Copy the lock file that init wrote beside the unit, as Terragrunt does; nothing where the tree has one for all."""
        made = self.invocation.folder / FILE_NAME
        if self.toolchain.locks_units and made.is_file() and self.unit.folder.is_dir():
            text, kept = made.read_text(encoding="utf-8"), self.unit.folder / FILE_NAME
            if 'provider "' in text and not (kept.is_file() and kept.read_text(encoding="utf-8") == text):
                kept.write_text(text, encoding="utf-8")

    def _failed(self, code: int, output: str) -> Applied:
        interrupted = self.toolchain.processes.interrupted
        name = ending_signal(code, interrupted=interrupted)
        ended = f"terraform init was ended by {name}, which platformctl did not send." if name else ""
        error = "\n".join(text for text in (ended, output) if text) or f"terraform init ended with exit code {code}"
        return Applied(succeeded=False, interrupted=interrupted, died=bool(name), changes=Changes(), errors=(error,))

    def _backend_file(self) -> bool:
        """Write the settings of a backend without a generated file into a file, as Terragrunt does; return whether it is one."""
        state = self.unit.remote_state
        if state is None or state.generate is not None or state.backend == "local":
            return False
        settings = {name: to_json_value(value) for name, value in state.config.items()}
        text = "".join(f"{name} = {dump_json(value)}\n" for name, value in sorted(settings.items()))
        write_private(self.invocation.folder / _BACKEND_FILE, text)
        return True

    def _stamp(self) -> str:
        """Return a text that changes whenever the workspace has to be initialised again, and sometimes when it has not.

        Init depends on providers, module calls and the backend; any change of the files counts as a change of these.
        """
        unit = self.unit
        texts = [
            path + text_of(entry) for path, entry in walk(self.composition.module) if path.endswith((".tf", ".tf.json"))
        ]
        backend = str(sorted(unit.remote_state.config.items())) if unit.remote_state else ""
        facts: Mapping[str, str | bool] = {
            "terraform": cache_key(self.toolchain.binary),
            "providers": self.toolchain.lock_text([unit.folder]),
            "shared": "TF_REATTACH_PROVIDERS" in self.invocation.environment,
            "configuration": hashlib.sha256("".join([backend, *texts]).encode()).hexdigest(),
        }
        return json.dumps(facts, sort_keys=True)
