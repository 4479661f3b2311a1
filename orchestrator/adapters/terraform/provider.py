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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from orchestrator.adapters.output import quote
from orchestrator.adapters.terraform.command import Invocation
from orchestrator.errors import PlatformctlError

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
