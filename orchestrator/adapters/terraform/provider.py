"""Runs one provider process for all Terraform commands of a run that configure it the same way.

Terraform attaches to it through TF_REATTACH_PROVIDERS instead of starting a provider, and decoding its schema, several
times per command. The last configuration sent to a provider process wins (docs/benchmarks.md). So a process is shared only
by units whose evaluated provider block, environment and provider binary are the same, and whose only provider block it is.
"""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from orchestrator.adapters.output import quote
from orchestrator.adapters.terraform.command import Invocation
from orchestrator.adapters.terraform.mirror import LockedProvider, satisfies
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.plan.root_module import has_references
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import Body, Expression, Scope, evaluate, parse_file, parse_text, print_expression


def provider_configuration(unit: EvaluatedUnit, module: Path) -> str | None:
    """Return the text of the unit's only provider block, which is the key of the process that it may share.

    None when the unit needs a provider of its own: it configures none or several, uses an alias, computes a value (which
    may differ between units under the same text), or its module passes aliases on or calls modules.
    """
    names = [file.path for file in unit.generated] + [file.name for file in module.glob("*.tf.json")]
    if any(name.endswith(".tf.json") for name in names):
        # Terraform's other syntax may hold anything that is checked below.
        return None
    bodies = [parse_text(file.contents, Path(file.path)).body for file in unit.generated if file.path.endswith(".tf")]
    bodies.extend(_module_bodies(module))
    blocks = [block for body in bodies for block in body.blocks]
    providers = [block.body for block in blocks if block.type == "provider"]
    if len(providers) != 1 or "alias" in providers[0].attributes or has_references(providers[0]):
        return None
    if any(block.type == "module" for block in blocks):
        return None
    if any("configuration_aliases" in print_expression(required) for _, required in _required(bodies)):
        return None
    return _text(providers[0])


def check_constraints(unit: EvaluatedUnit, module: Path, locked: LockedProvider) -> None:
    """Check the module's version constraints, which Terraform does not do for a provider that it is attached to.

    Raises UsageError: the locked version does not meet the constraint, or the module needs a provider that is not
    locked.
    """
    for name, source, constraint in _requirements(_module_bodies(module)):
        if source != locked.source:
            raise UsageError(
                "A provider is not locked",
                detail=f'The module of unit "{unit.name}" requires {source} ({name}); only {locked.source} is locked.',
                hint="Do without it, or lock it in live/.terraform.lock.hcl.",
            )
        if not satisfies(locked.version, constraint):
            raise UsageError(
                "The locked provider does not meet a module's constraint",
                detail=f'The module of unit "{unit.name}" requires {source} {constraint}; locked is {locked.version}.',
                hint="Change the constraint or the lock file, live/.terraform.lock.hcl.",
            )


def _module_bodies(module: Path) -> tuple[Body, ...]:
    return tuple(_parsed(file, file.stat().st_mtime_ns if file.exists() else 0) for file in sorted(module.glob("*.tf")))


@lru_cache(maxsize=2048)
def _parsed(file: Path, _modified: int) -> Body:
    """Parse a file; a program that uses platformctl as a library may change it between two calls."""
    return parse_file(file).body


def _requirements(bodies: Iterable[Body]) -> Iterator[tuple[str, str, str]]:
    """Yield the name, source and version constraint of each required provider."""
    scope = Scope(variables={}, functions={})
    for name, expression in _required(bodies):
        if "configuration_aliases" in print_expression(expression):
            continue
        value = evaluate(expression, scope)
        if isinstance(value, str):
            # The form of Terraform 0.12: a constraint alone.
            yield name, f"hashicorp/{name}", value
        elif isinstance(value, Mapping):
            yield name, str(value.get("source") or f"hashicorp/{name}"), str(value.get("version") or "")


def _required(bodies: Iterable[Body]) -> Iterator[tuple[str, Expression]]:
    for body in bodies:
        for terraform in (block for block in body.blocks if block.type == "terraform"):
            for block in (inner for inner in terraform.body.blocks if inner.type == "required_providers"):
                yield from ((name, attribute.expression) for name, attribute in block.body.attributes.items())


def _text(body: Body) -> str:
    """Return a body as canonical text, so that two spellings of the same configuration are the same key."""
    lines = [f"{name} = {print_expression(item.expression)}" for name, item in sorted(body.attributes.items())]
    lines.extend(f"{block.type} {' '.join(block.labels)} {{\n{_text(block.body)}\n}}" for block in body.blocks)
    return "\n".join(lines)


PREFIX = "TF_REATTACH_PROVIDERS="
START_SECONDS = 30.0
_LONGEST_ANNOUNCEMENT = 1 << 16

# A provider that runs on its own logs everything, request bodies with their secrets included, which also costs time.
QUIET = dict.fromkeys(
    (
        "TF_LOG",
        "TF_LOG_SDK",
        "TF_LOG_PROVIDER",
        "TF_LOG_PROVIDER_AWS",
        "TF_LOG_AWS_BASE",
        "TF_LOG_PROVIDER_AWS_AWS_BASE",
    ),
    "ERROR",
)


@dataclass(slots=True)
class SharedProviders:
    """The provider processes of a run, by configuration; a context manager that leaves none behind."""

    executable: Callable[[], Path]
    environment: Mapping[str, str]
    log: Path
    _started: dict[str, str] = field(default_factory=dict)
    _tethers: "list[subprocess.Popen[str]]" = field(default_factory=list)
    _pipes: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reattach(self, configuration: str) -> str:
        """Return TF_REATTACH_PROVIDERS for a provider configuration; start its process at the first call.

        Raises PlatformctlError if the provider did not start; the end of its log is in the message.
        """
        with self._lock:
            if configuration not in self._started:
                self._started[configuration] = self._start()
            return self._started[configuration]

    def attach(self, invocation: Invocation, configuration: str) -> Invocation:
        """Return the invocation with the shared provider, which the inherited descriptors keep alive. Raises as above."""
        environment = {**invocation.environment, "TF_REATTACH_PROVIDERS": self.reattach(configuration)}
        return replace(invocation, environment=environment, keep_open=tuple(self._pipes))

    def close(self) -> None:
        """Release the processes; each ends when no Terraform process uses it."""
        with self._lock:
            for pipe in self._pipes:
                with suppress(OSError):
                    os.close(pipe)
            self._pipes.clear()
            for tether in self._tethers:
                # If a Terraform process still uses it, it ends with that one.
                with suppress(subprocess.TimeoutExpired):
                    tether.wait(timeout=15)
                    if tether.stdout is not None:
                        tether.stdout.close()
            self._tethers.clear()
            self._started.clear()

    def _start(self) -> str:
        reading, writing = os.pipe()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # The first process of the run truncates the log.
        with self.log.open("a" if self._tethers else "w", encoding="utf-8") as log:
            tether = subprocess.Popen(
                [sys.executable, "-I", str(Path(__file__).with_name("tether.py")), str(self.executable()), "-debug"],
                stdin=reading,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(self.environment) | QUIET,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        os.close(reading)
        self._pipes.append(writing)
        self._tethers.append(tether)
        value = self._read_announcement(tether)
        # What the provider prints from here on is discarded, so that its pipe does not fill up.
        assert tether.stdout is not None
        threading.Thread(target=tether.stdout.read, daemon=True).start()
        return value

    def _read_announcement(self, tether: "subprocess.Popen[str]") -> str:
        found: list[str] = []
        printed: deque[str] = deque(maxlen=10)

        def read() -> None:
            assert tether.stdout is not None
            while line := tether.stdout.readline(_LONGEST_ANNOUNCEMENT):
                printed.append(line)
                if PREFIX in line:
                    found.append(line.split(PREFIX, 1)[1].strip().strip("'"))
                    return

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(START_SECONDS)
        if found and _is_object(found[0]):
            return found[0]
        tether.terminate()
        tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
        raise PlatformctlError(
            "The provider did not start",
            detail=f"It announced no address within {START_SECONDS:.0f} s. It printed: {quote(''.join(printed))}. "
            f"The end of its log:\n{tail}",
            hint=f"The whole log is {self.log}. Set PLATFORMCTL_PROVIDER=launch to do without a shared provider.",
        )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
