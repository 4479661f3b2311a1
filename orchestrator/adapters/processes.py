"""The child processes of a run: who is running, and how they are asked to stop.

Children run in sessions of their own, so that a Ctrl-C in the terminal reaches platformctl alone and platformctl decides
what becomes of them. Terraform takes one interrupt as "finish what you do, write the state, release the lock", and a
second one as "drop everything": no child ever gets two.

A child that changes something writes to a log file of its own accord and is followed there: it can outlive platformctl.
While it runs, a record on disk tells the next run of it.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from orchestrator.adapters.workspaces import write_private

# How often the log of a child is looked at: soon after something came, less often while nothing does.
_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a child does, for those who find it running."""

    command: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A recorded child that still runs.

    Attributes:
        command: the Terraform command, for example "apply".
        folder: where it works.
        unit: what it works on; "" when it is no single unit.
        log: what it writes to; None when its output goes to platformctl.
        parent: the platformctl that started it.
        orphaned: whether that platformctl has ended.

    """

    pid: int
    command: str
    folder: Path
    unit: str
    log: Path | None
    parent: int
    orphaned: bool


@dataclass(slots=True)
class _Running:
    """A child of this process."""

    process: "subprocess.Popen[bytes]"
    interrupted: bool = False


@dataclass(slots=True)
class Processes:
    """Starts children and keeps track of them; safe to use from several threads.

    Args:
        records: the folder that holds a record of each child while it runs; None keeps none.

    """

    records: Path | None = None
    _running: dict[int, _Running] = field(default_factory=dict)
    # A signal handler may interrupt in a thread that is just starting a child.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _interrupted: threading.Event = field(default_factory=threading.Event)
    _winding_down: threading.Event = field(default_factory=threading.Event)

    def stream(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        keep_open: Sequence[int] = (),
        purpose: Purpose | None = None,
    ) -> int:
        """Run a command to its end, handing over each line of its output; for commands that change nothing.

        The output goes through a pipe and is on no disk. Should platformctl be killed, the command ends at its next line.

        Args:
            arguments: the command line; never holds a secret.
            folder: the working folder.
            environment: the whole environment of the child.
            on_line: called in this thread with each line of standard output and standard error, without line break.
            keep_open: file descriptors that the child inherits.
            purpose: for the record; by default the name of the program.

        Returns:
            the exit code, or the negative number of the signal that ended the command.

        """
        purpose = purpose or Purpose(command=Path(arguments[0]).name)
        with self._started(
            arguments, folder=folder, environment=environment, keep_open=keep_open, purpose=purpose
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                on_line(_text(line))
            return process.wait()

    def follow(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        on_line: Callable[[str], None],
        keep_open: Sequence[int] = (),
        purpose: Purpose | None = None,
    ) -> int:
        """Run a command to its end that appends its output to a file by itself, and hand over each line of it.

        Nothing of the command depends on this process: when platformctl is killed, it goes on to its own end.
        Arguments and result as for ``stream``.
        """
        purpose = purpose or Purpose(command=Path(arguments[0]).name)
        with log.open("ab") as output, log.open("rb") as reading:
            reading.seek(0, os.SEEK_END)
            with self._started(
                arguments,
                folder=folder,
                environment=environment,
                keep_open=keep_open,
                purpose=purpose,
                output=output,
                log=log,
            ) as process:
                for line in _lines(reading, has_ended=lambda: process.poll() is not None):
                    on_line(_text(line))
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
        """End every pause, now and from now on; children go on."""
        self._winding_down.set()

    def pause(self, seconds: float) -> bool:
        """Wait, unless everything comes to its end; returns whether it does."""
        return self._winding_down.wait(seconds)

    @contextmanager
    def _started(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        keep_open: Sequence[int],
        purpose: Purpose,
        output: IO[bytes] | None = None,
        log: Path | None = None,
    ) -> "Iterator[subprocess.Popen[bytes]]":
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
            child = _Running(process)
            self._running[process.pid] = child
            if self.interrupted:
                _interrupt(child)
        try:
            with process:
                try:
                    self._record(process.pid, purpose, folder=folder, log=log)
                    yield process
                except BaseException:
                    # Whoever breaks off waits for the child all the same; it should know.
                    with self._lock:
                        _interrupt(child)
                    raise
        finally:
            with self._lock:
                del self._running[process.pid]
            if self.records is not None:
                _record_file(self.records, process.pid).unlink(missing_ok=True)

    def _record(self, pid: int, purpose: Purpose, *, folder: Path, log: Path | None) -> None:
        if self.records is None:
            return
        self.records.mkdir(parents=True, exist_ok=True, mode=0o700)
        record = {
            "pid": pid,
            "started": start_time(pid),
            "command": purpose.command,
            "unit": purpose.unit,
            "folder": str(folder),
            "log": None if log is None else str(log),
            "parent": {"pid": os.getpid(), "started": start_time(os.getpid())},
        }
        write_private(_record_file(self.records, pid), json.dumps(record) + "\n")


def living(records: Path) -> tuple[Child, ...]:
    """The recorded children that still run, oldest number first; records of those that have ended are removed."""
    found = []
    for file in sorted(records.glob("*.json")) if records.is_dir() else ():
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            child = _child(record)
        except FileNotFoundError:
            # It has ended meanwhile, and its platformctl took the record away.
            continue
        except (ValueError, KeyError, TypeError):
            child = None
        if child is None:
            file.unlink(missing_ok=True)
        else:
            found.append(child)
    return tuple(sorted(found, key=lambda child: child.pid))


def start_time(pid: int) -> str | None:
    """When a process started: with its number the identity of a process; None when it has ended.

    In clock ticks since the machine started where there is a /proc, else as ps prints it.
    """
    if not Path("/proc/self/stat").exists():
        return _start_time_from_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name of the program stands in parentheses and may hold anything. State and start are fields 3 and 22.
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] in {"Z", "X"} else fields[19]


def _start_time_from_ps(pid: int) -> str | None:
    listed = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    state, _, started = listed.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


def _child(record: dict[str, Any]) -> Child | None:
    """What a record tells of, or None when that has ended."""
    if record["started"] is None or start_time(record["pid"]) != record["started"]:
        return None
    parent = record["parent"]
    return Child(
        pid=record["pid"],
        command=record["command"],
        folder=Path(record["folder"]),
        unit=record["unit"],
        log=None if record["log"] is None else Path(record["log"]),
        parent=parent["pid"],
        orphaned=start_time(parent["pid"]) != parent["started"],
    )


def _record_file(records: Path, pid: int) -> Path:
    return records / f"{pid}.json"


def _lines(file: BufferedReader, *, has_ended: Callable[[], bool]) -> Iterator[bytes]:
    """The lines of a file that another process appends to, as they are completed, until that process has ended."""
    kept = b""
    pause = _SHORTEST_PAUSE
    ended = False
    while not ended:
        # Asked before reading: what was written before the end is read below.
        ended = has_ended()
        came = file.read()
        *lines, kept = (kept + came).split(b"\n")
        yield from lines
        if not ended:
            pause = _SHORTEST_PAUSE if came else min(2 * pause, _LONGEST_PAUSE)
            time.sleep(pause)
    if kept:
        yield kept


def _text(line: bytes) -> str:
    return line.decode(encoding="utf-8", errors="replace").rstrip("\r\n")


def _interrupt(child: _Running) -> None:
    if not child.interrupted:
        child.interrupted = True
        # Through the object, which knows whether the number is still this process's.
        child.process.send_signal(signal.SIGINT)
