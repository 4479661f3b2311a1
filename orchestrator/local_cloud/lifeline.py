"""Who serves a folder: the lock that a server holds for as long as it lives, and the process that holds it.

The kernel frees the lock when the process ends, however it ends, so the lock shows a living server whatever a file says. A process
number alone does not identify a process, because numbers are reused; together with the start time it does.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from time import monotonic, sleep

import psutil

TAKEN = 75
"""The exit status of a server whose folder another one has."""

_POLL = 0.05
_PATIENCE = 1.0
# The system counts in hundredths of a second, and its idea of when it started may move by one.
_SAME_START = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process, distinguished from a later one with the same number."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Identify a running process; None when it has ended."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return cls(pid=pid, started=process.create_time())
        except (psutil.NoSuchProcess, ValueError, OverflowError):
            return None

    def lives(self) -> bool:
        """Whether the process still runs; one that has ended and was never waited for does not."""
        with suppress(ChildProcessError, OverflowError):
            os.waitpid(self.pid, os.WNOHANG)
        found = Identity.of(self.pid)
        return found is not None and abs(found.started - self.started) < _SAME_START

    def signal(self, *numbers: int) -> None:
        """Send signals to this very process, if it still runs."""
        for number in numbers:
            if self.lives():
                with suppress(ProcessLookupError):
                    os.kill(self.pid, number)

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end of the process; false when it outlives the time."""
        deadline = monotonic() + seconds
        while self.lives():
            if monotonic() > deadline:
                return False
            sleep(_POLL)
        return True


class Lifeline:
    """The lock of one folder.

    Args:
        home: the folder.

    """

    def __init__(self, home: Path) -> None:
        self._file = home / "server.alive"
        self._descriptor: int | None = None

    def hold(self) -> bool:
        """Take the lock for the rest of this process's life; false when another process has it."""
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = monotonic() + _PATIENCE
        while not _locks(descriptor, LOCK_EX):
            # Somebody may only be looking whether it is held.
            if monotonic() > deadline:
                os.close(descriptor)
                return False
            sleep(_POLL)
        self._descriptor = descriptor
        me = Identity.of(os.getpid())
        assert me is not None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": me.pid, "started": me.started}).encode(), 0)
        return True

    def held(self) -> bool:
        """Whether some process has the lock."""
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return not _locks(descriptor, LOCK_SH)
        finally:
            os.close(descriptor)

    def holder(self) -> Identity | None:
        """Identify the process that has the lock; None when none has, or when the file does not say which."""
        if not self.held():
            return None
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
            found = Identity(pid=int(content["pid"]), started=float(content["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.lives() else None


def _locks(descriptor: int, kind: int) -> bool:
    try:
        flock(descriptor, kind | LOCK_NB)
    except BlockingIOError:
        return False
    return True
