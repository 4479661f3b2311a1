"""A server process, its data and its end.

The data live in a folder of their own below the system's temporary folder, and as long as the process: moto, which holds the rest of a cluster, keeps
its state in memory, too. So nothing is ever synced to disk.

The process hangs on a tether: a shell whose input is a pipe from this process. When the pipe closes, because ``stop`` closes it or because this process is
gone, whatever the reason, the shell ends the server. Only if the shell is killed as well a server is left over; ``end_leftovers`` finds it by
its record.
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from orchestrator.local_cloud.database.binaries import Installation, Owner, readable_by
from orchestrator.local_cloud.database.session import SUPERUSER, DatabaseError, Session
from orchestrator.local_cloud.errors import LocalCloudError

_LOG = logging.getLogger("platformctl.local_cloud")

PREFIX = "platformctl-postgresql-"
_SOCKET = ".s.PGSQL.5432"
_START_DEADLINE = 30.0
_STOP_DEADLINE = 10.0
_DEAD_AFTER = 2.0
_POLL = 0.02
# Linux; macOS has ps instead, which the smallest images of Linux lack.
_PROCESSES = Path("/proc/self").parent
_LOG_TAIL = 2000

# $1 is the file for the server's number, the rest is its command. SIGINT is "fast shutdown": sessions are ended. A background job of a shell
# ignores SIGINT until PostgreSQL installs its own handler.
_TETHER = 'record=$1; shift; "$@" </dev/null & pid=$!; echo $pid >"$record"; read -r _; kill -INT $pid; wait $pid'

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "autovacuum_max_workers": "1",
    # The prefix that RDS fixes.
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_CONFIGURATION = "cluster.conf"


class PostgresProcess:
    """The server of one cluster.

    Args:
        installation: which PostgreSQL.
        owner: as whom it runs.
        records: the folder for what ``end_leftovers`` needs.
        name: tells it from the others there.

    """

    def __init__(self, installation: Installation, owner: Owner, records: Path, name: str) -> None:
        self._installation = installation
        self._owner = owner
        self._record = records / f"{name}.json"
        self._folder: Path | None = None
        self._tether: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, str] = {}
        self._lock = Lock()

    @property
    def socket(self) -> Path:
        """The Unix socket on which it listens, which only its owner and root can open."""
        return self._home / _SOCKET

    @property
    def log(self) -> Path:
        """What it writes to standard error."""
        return self._home / "log"

    @property
    def running(self) -> bool:
        """Whether it was started and neither stopped nor found dead."""
        return self._tether is not None and self._alive()

    def start(self, settings: Mapping[str, str]) -> None:
        """Starts it, with an empty data folder the first time; does nothing while it runs.

        Args:
            settings: parameters of the server beside those that make it fit in here.

        Raises:
            LocalCloudError: it did not come up; the detail carries the end of its log.

        """
        with self._lock:
            if self.running:
                return
            began = monotonic()
            self._end_tether()
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_temporary(self._owner)))
                self._owner.own(self._folder)
                self._write_record(None)
            self._installation = readable_by(self._installation, self._owner, self._folder)
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            self._configure(settings)
            self._launch()
            _LOG.info("PostgreSQL %d started in %.1f s", self._installation.major, monotonic() - began)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Makes a running server use other settings; those that need a restart wait for it."""
        with self._lock:
            if dict(settings) != self._settings:
                self._configure(settings)
                with Session(self.socket) as session:
                    session.run("SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Ends it and its sessions; the data stay for the next start."""
        with self._lock:
            self._end_tether()

    def remove(self) -> None:
        """Ends it and deletes its data."""
        with self._lock:
            self._end_tether()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._record.unlink(missing_ok=True)
                self._folder = None

    @property
    def _home(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the server was never started")
        return self._folder

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _initialise(self) -> None:
        command = [
            self._installation.program("initdb"),
            "--no-sync",
            "--no-instructions",
            "--auth=trust",
            "--encoding=UTF8",
        ]
        # Not every system has the en_US.UTF-8 of a new Aurora cluster; every one has this, which sorts by code point.
        command += ["--locale=C", f"--username={SUPERUSER}", "--pgdata", str(self._data)]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=_environment(), cwd=self._home, **self._identity()
        )
        if done.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise _failure("initdb failed.", (done.stderr or done.stdout)[-_LOG_TAIL:])
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include '{_CONFIGURATION}'\n")

    def _configure(self, settings: Mapping[str, str]) -> None:
        lines = [f"{name} = {_quoted(value)}\n" for name, value in {**settings, **_SETTINGS}.items()]
        lines.append(f"unix_socket_directories = {_quoted(str(self._home))}\n")
        file = self._data / _CONFIGURATION
        file.write_text("".join(lines), encoding="utf-8")
        self._owner.own(file)
        self._settings = dict(settings)

    def _launch(self) -> None:
        number = self._home / "pid"
        number.unlink(missing_ok=True)
        command = ["/bin/sh", "-c", _TETHER, "tether", str(number)]
        command += [self._installation.program("postgres"), "-D", str(self._data)]
        with self.log.open("ab") as log:
            self._owner.own(self.log)
            self._tether = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env=_environment(),
                start_new_session=True,
                **self._identity(),
            )
        begin = seen = monotonic()
        # While a process becomes another program it has no command for a moment: only one that stays away is dead.
        while monotonic() < min(begin + _START_DEADLINE, seen + _DEAD_AFTER):
            if self._alive():
                seen = monotonic()
                self._write_record(int(number.read_text()))
                try:
                    Session(self.socket).close()
                except (OSError, DatabaseError):
                    pass
                else:
                    return
            elif not number.exists():
                # A loaded machine: not even the shell has begun.
                seen = monotonic()
            sleep(_POLL)
        self._end_tether()
        raise _failure("The server did not come up.", self.log.read_text("utf-8", "replace")[-_LOG_TAIL:])

    def _alive(self) -> bool:
        """Asks the system about the server itself: the tether outlives one that died by itself."""
        try:
            number = int((self._home / "pid").read_text().strip() or 0)
        except (OSError, ValueError):
            return False
        return number > 0 and _is_server(number, self._home)

    def _end_tether(self) -> None:
        tether, self._tether = self._tether, None
        if tether is None or tether.stdin is None:
            return
        tether.stdin.close()
        try:
            tether.wait(_STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            # Everything in the shell's session: the server and its children.
            os.killpg(tether.pid, signal.SIGKILL)
            tether.wait()

    def _identity(self) -> dict[str, Any]:
        if self._owner.uid is None or self._owner.gid is None:
            return {}
        return {"user": self._owner.uid, "group": self._owner.gid, "extra_groups": []}

    def _write_record(self, pid: int | None) -> None:
        record = {"folder": str(self._home), "pid": pid}
        self._record.write_text(json.dumps(record), encoding="utf-8")


def end_leftovers(records: Path) -> int:
    """Ends servers that outlived their process, and deletes their data; returns how many records there were.

    A number alone proves nothing, as it may belong to another process by now: only one whose command names the recorded folder is ended, and
    only a folder with the name of ours is deleted.

    Args:
        records: the folder given to ``PostgresProcess``; no living process may use it.

    """
    found = sorted(records.glob("*.json"))
    for path in found:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            folder, pid = Path(record["folder"]), record["pid"]
        except (OSError, ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            continue
        if folder.name.startswith(PREFIX) and folder.is_absolute():
            if isinstance(pid, int) and pid > 0 and _is_server(pid, folder):
                _LOG.warning("ending PostgreSQL process %d, which an earlier local cloud left behind", pid)
                _end(pid, folder)
            shutil.rmtree(folder, ignore_errors=True)
        path.unlink(missing_ok=True)
    return len(found)


def _end(pid: int, folder: Path) -> None:
    # Immediate shutdown: its data are deleted anyway.
    os.kill(pid, signal.SIGQUIT)
    deadline = monotonic() + _STOP_DEADLINE
    while _is_server(pid, folder) and monotonic() < deadline:
        sleep(_POLL)


def _is_server(pid: int, folder: Path) -> bool:
    """Whether that process is a server, not a zombie, with data below that folder."""
    if _PROCESSES.is_dir():
        try:
            command = (_PROCESSES / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            return False
        return f"{folder}{os.sep}" in command
    listed = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout.strip()
    return not listed.startswith("Z") and f"{folder}{os.sep}" in listed


def _temporary(owner: Owner) -> str | None:
    """Where data folders lie: somebody else cannot get into a temporary folder that is root's alone, as TMPDIR may be."""
    return None if owner.uid is None else "/tmp"  # noqa: S108 - mkdtemp makes a folder of its own in it


def _environment() -> dict[str, str]:
    """Nothing of this process: neither settings of PostgreSQL (PGDATA, PGPORT) nor anything secret."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _quoted(value: str) -> str:
    """A value of postgresql.conf. It cannot contain a line break."""
    return "'" + value.replace("'", "''").replace("\\", "\\\\").replace("\n", " ") + "'"


def _failure(what: str, tail: str) -> LocalCloudError:
    return LocalCloudError(
        "The local cloud cannot start PostgreSQL",
        detail=f"{what} The end of its log:\n{tail.strip()}",
        hint="See server.log.",
    )
