"""Starts, follows and interrupts the child processes of a run.

Children run in their own sessions, so that Ctrl-C in the terminal reaches platformctl alone. Terraform takes a first
interrupt as "finish what you do, write the state, release the lock", and a second one as "drop everything": no child
ever gets two.

A child that changes something writes its own log file and is followed there, so that it can outlive platformctl. While it
runs, a record on disk identifies it to the next run.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import msgspec
import psutil

from orchestrator.adapters.workspaces import write_private

# How often a child's log is polled: soon after output arrived, less often while none does.
_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05
_CHUNK = 1 << 20
LONGEST_LINE = 1 << 28
"""Bytes of one line that are kept; the plan of a whole stack is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a child does, for its record."""

    command: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A recorded child that still runs.

    ``unit``: the unit that it works on; "" when it works on several. ``log``: the file that it writes to; None when its
    output goes to platformctl. ``orphaned``: whether that platformctl has ended.
    """

    pid: int
    command: str
    folder: Path
    unit: str
    log: Path | None
    parent: int
    orphaned: bool


class _Identity(msgspec.Struct, kw_only=True):
    """A process; a pid is reused, but not by a process that started at the same time."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "_Identity":
        return cls(pid=pid, started=start_time(pid) or 0.0)

    @property
    def is_running(self) -> bool:
        return start_time(self.pid) == self.started


class _Record(_Identity, kw_only=True):
    command: str
    unit: str
    folder: str
    log: str | None
    parent: _Identity


@dataclass(slots=True)
class _Running:
    """A child of this process."""

    process: "subprocess.Popen[bytes]"
    interrupted: bool = False


@dataclass(slots=True)
class Processes:
    """Starts children and keeps track of them; safe to use from several threads.

    ``records``: the folder that holds a record of each child while it runs; None keeps none. ``longest_line``: bytes of
    one line of output that are kept.
    """

    records: Path | None = None
    longest_line: int = LONGEST_LINE
    _running: dict[int, _Running] = field(default_factory=dict)
    # A signal handler may interrupt in a thread that is just starting a child.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _interrupted: threading.Event = field(default_factory=threading.Event)
    _winding_down: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        log: Path | None = None,
        keep_open: Sequence[int] = (),
        purpose: Purpose | None = None,
    ) -> int:
        """Run a command to its end and pass on each line of its output.

        Returns the exit code, or the negative number of the signal that ended the command.

        ``arguments``: the command line; never holds a secret. ``on_line``: called in this thread with each line of
        standard output and standard error, without line break. ``log``: the file that the command appends its output
        to; it then runs to its end even if platformctl is killed. None for a command that changes nothing: its output
        goes through a pipe and is never on disk. ``keep_open``: file descriptors that the child inherits. ``purpose``:
        for the record; by default the name of the program.
        """
        lines = Lines(on_line, longest=self.longest_line)
        with ExitStack() as files:
            output, reading = None, None
            if log is not None:
                output = files.enter_context(log.open("ab"))
                reading = files.enter_context(log.open("rb"))
                reading.seek(0, os.SEEK_END)
            # Starting and registering are one step, so that no child escapes an interrupt that arrives in between.
            with self._lock:
                process = subprocess.Popen(
                    list(arguments),
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output or subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=tuple(keep_open),
                )
                child = self._running[process.pid] = _Running(process)
                if self.interrupted:
                    _interrupt(child)
            with self._registered(child):
                self._record(process.pid, purpose or Purpose(command=Path(arguments[0]).name), folder, log)
                if reading is not None:
                    follow_file(reading, lines, has_ended=lambda: process.poll() is not None)
                else:
                    assert isinstance(process.stdout, BufferedReader)
                    while chunk := process.stdout.read1(_CHUNK):
                        lines.feed(chunk)
                    lines.end()
                return process.wait()

    def interrupt(self) -> None:
        """Interrupt every running child that has not been interrupted, and at once every child started from now on."""
        with self._lock:
            self._interrupted.set()
            self._winding_down.set()
            for child in self._running.values():
                _interrupt(child)

    @property
    def interrupted(self) -> bool:
        return self._interrupted.is_set()

    def wind_down(self) -> None:
        """End every pause, now and from now on; children keep running."""
        self._winding_down.set()

    def pause(self, seconds: float) -> bool:
        """Wait; return at once, with True, when the run is winding down."""
        return self._winding_down.wait(seconds)

    @contextmanager
    def _registered(self, child: _Running) -> Iterator[None]:
        """Wait for a child at the end of the block, and interrupt it if the block fails."""
        try:
            with child.process:
                try:
                    yield
                except BaseException:
                    # The child is waited for in any case; interrupted, it ends soon.
                    with self._lock:
                        _interrupt(child)
                    raise
        finally:
            pid = child.process.pid
            with self._lock:
                del self._running[pid]
            if self.records is not None:
                _record_file(self.records, pid).unlink(missing_ok=True)

    def _record(self, pid: int, purpose: Purpose, folder: Path, log: Path | None) -> None:
        if self.records is None:
            return
        self.records.mkdir(parents=True, exist_ok=True, mode=0o700)
        record = _Record(
            pid=pid,
            started=start_time(pid) or 0.0,
            command=purpose.command,
            unit=purpose.unit,
            folder=str(folder),
            log=None if log is None else str(log),
            parent=_Identity.of(os.getpid()),
        )
        # Paths that are not UTF-8 survive in json's escapes.
        write_private(_record_file(self.records, pid), json.dumps(msgspec.to_builtins(record)) + "\n")


def living(records: Path) -> tuple[Child, ...]:
    """Return the recorded children that still run, lowest pid first; remove the records of those that have ended."""
    found = []
    for file in sorted(records.glob("*.json")) if records.is_dir() else ():
        try:
            record = msgspec.convert(json.loads(file.read_text(encoding="utf-8")), _Record)
        except FileNotFoundError:
            # It ended meanwhile, and its platformctl removed the record.
            continue
        except ValueError:
            record = None
        if record is None or not record.is_running:
            file.unlink(missing_ok=True)
            continue
        found.append(
            Child(
                pid=record.pid,
                command=record.command,
                folder=Path(record.folder),
                unit=record.unit,
                log=None if record.log is None else Path(record.log),
                parent=record.parent.pid,
                orphaned=not record.parent.is_running,
            )
        )
    return tuple(sorted(found, key=lambda child: child.pid))


def start_time(pid: int) -> float | None:
    """Return when a process started: with its pid, its identity. None when it has ended.

    On Linux in seconds since boot, which a correction of the clock does not change.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        started: float = process.create_time()
    except (psutil.Error, ValueError):
        return None
    return round(started - psutil.boot_time(), 2) if psutil.LINUX else started


def _record_file(records: Path, pid: int) -> Path:
    return records / f"{pid}.json"


@dataclass(slots=True)
class Lines:
    """Splits output into lines of text and passes them on; of a very long line only the beginning is kept."""

    on_line: Callable[[str], None]
    longest: int
    _kept: bytearray = field(default_factory=bytearray)
    _dropped: int = 0

    def feed(self, chunk: bytes) -> None:
        first, *rest = chunk.split(b"\n")
        self._keep(first)
        for part in rest:
            self._pass_on()
            self._keep(part)

    def end(self) -> None:
        if self._kept:
            self._pass_on()

    def _keep(self, part: bytes) -> None:
        room = self.longest - len(self._kept)
        self._kept += part[:room]
        self._dropped += max(len(part) - room, 0)

    def _pass_on(self) -> None:
        cut = f"... ({self._dropped} more bytes in this line)" if self._dropped else ""
        line = self._kept.decode(encoding="utf-8", errors="replace").rstrip("\r\n")
        self._kept, self._dropped = bytearray(), 0
        self.on_line(line + cut)


def follow_file(file: BufferedReader, lines: Lines, *, has_ended: Callable[[], bool]) -> None:
    """Read a file that another process appends to, until that process has ended."""
    pause = _SHORTEST_PAUSE
    ended = False
    while not ended:
        # Checked before reading: what was written before the end is read below.
        ended = has_ended()
        while chunk := file.read(_CHUNK):
            lines.feed(chunk)
            pause = _SHORTEST_PAUSE
        if not ended:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
    lines.end()


def _interrupt(child: _Running) -> None:
    if not child.interrupted:
        child.interrupted = True
        # Through the object, which knows whether the number is still this process's.
        child.process.send_signal(signal.SIGINT)
