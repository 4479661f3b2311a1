"""The child processes of a run: who is running, and how they are asked to stop.

Children run in sessions of their own, so that a Ctrl-C in the terminal reaches platformctl alone and platformctl decides
what becomes of them. Terraform takes one interrupt as "finish what you do, write the state, release the lock".
"""

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Processes:
    """Starts children and keeps track of them; safe to use from several threads."""

    _running: "dict[int, subprocess.Popen[str]]" = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _interrupted: bool = False

    def stream(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        keep_open: Sequence[int] = (),
    ) -> int:
        """Run a command to its end, handing over each line of its output; returns its exit code.

        Args:
            arguments: the command line; never holds a secret.
            folder: the working folder.
            environment: the whole environment of the child.
            on_line: called in this thread with each line of standard output and standard error, without line break.
            keep_open: file descriptors that the child inherits.

        """
        with self._started(arguments, folder=folder, environment=environment, keep_open=keep_open) as process:
            assert process.stdout is not None
            for line in process.stdout:
                on_line(line.rstrip("\n"))
            return process.wait()

    def interrupt(self) -> None:
        """Interrupt every running child once, and at once every child that is started from now on."""
        with self._lock:
            self._interrupted = True
            for process in self._running.values():
                _interrupt(process)

    @property
    def interrupted(self) -> bool:
        return self._interrupted

    @contextmanager
    def _started(
        self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str], keep_open: Sequence[int]
    ) -> "Iterator[subprocess.Popen[str]]":
        # Starting and registering are one step, so that no child escapes an interrupt that arrives in between.
        with self._lock:
            process = subprocess.Popen(
                list(arguments),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                pass_fds=tuple(keep_open),
            )
            self._running[process.pid] = process
            if self._interrupted:
                _interrupt(process)
        try:
            with process:
                try:
                    yield process
                except BaseException:
                    # Whoever breaks off waits for the child all the same; it should know.
                    _interrupt(process)
                    raise
        finally:
            with self._lock:
                del self._running[process.pid]


def _interrupt(process: "subprocess.Popen[str]") -> None:
    # Through the object, which knows whether the number is still this process's.
    process.send_signal(signal.SIGINT)
