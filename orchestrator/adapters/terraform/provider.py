"""One provider process for all Terraform commands of a run that configure it the same way.

Terraform attaches to a running provider through TF_REATTACH_PROVIDERS instead of starting (and decoding the schema of)
its own several times per command. Rule of safety, measured in docs/benchmarks.md: the last configuration sent to a
provider process wins, so a process is shared only by units whose evaluated provider block, environment and provider
binary are the same, and only if that block is their only one.
"""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from orchestrator.adapters.output import quote
from orchestrator.errors import PlatformctlError

PREFIX = "TF_REATTACH_PROVIDERS="
START_SECONDS = 30.0
_LONGEST_ANNOUNCEMENT = 1 << 16

# A provider that is run on its own logs everything it does, request bodies with their secrets included, and spends a good
# part of its time on it.
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
    """The provider processes of a run, by configuration; a context manager that leaves none behind.

    Args:
        executable: finds the provider's executable; called once, when the first process is started.
        environment: the environment that the processes start with; it cannot change afterwards.
        log: the file that takes what they write.

    """

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
        """The value of TF_REATTACH_PROVIDERS for units with this provider configuration; starts a process for the first.

        Raises:
            PlatformctlError: the provider did not start; the end of its log is in the message.

        """
        with self._lock:
            if configuration not in self._started:
                self._started[configuration] = self._start()
            return self._started[configuration]

    @property
    def holds(self) -> tuple[int, ...]:
        """The descriptors that every Terraform process must inherit, to keep its provider alive."""
        return tuple(self._pipes)

    def close(self) -> None:
        """Let go of the processes; each ends when no Terraform process uses it any more."""
        with self._lock:
            for pipe in self._pipes:
                with suppress(OSError):
                    os.close(pipe)
            self._pipes.clear()
            for tether in self._tethers:
                # Still held by a Terraform process, if it does not end; it goes when that does.
                with suppress(subprocess.TimeoutExpired):
                    tether.wait(timeout=15)
                    if tether.stdout is not None:
                        tether.stdout.close()
            self._tethers.clear()
            self._started.clear()

    def _start(self) -> str:
        reading, writing = os.pipe()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # The log is of this run: its first process begins it anew.
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
        # Nobody reads what the provider prints from here on; a thread keeps its pipe from filling up.
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
