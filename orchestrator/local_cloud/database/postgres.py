"""A server process, its data and its end.

The data are in a folder of their own below the system's temporary folder, and live as long as the process: moto, which
holds the rest of a cluster, keeps its state in memory, too. So nothing is ever synced to disk.

The process hangs on a tether: a shell whose input is a pipe from this process. When the pipe closes, because ``stop``
closes it or this process is gone for whatever reason, the shell ends the server. Only if the shell is killed as well, a
server is left over; ``end_leftovers`` finds it by its record.
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

import psutil

from orchestrator.local_cloud.database.binaries import Installation, ServerUser, readable_by
from orchestrator.local_cloud.database.session import SUPERUSER, AdminSession, DatabaseError
from orchestrator.local_cloud.errors import LocalCloudError

_LOG = logging.getLogger("platformctl.local_cloud")

PREFIX = "platformctl-postgresql-"
_SOCKET = ".s.PGSQL.5432"
_START_DEADLINE = 30.0
_STOP_DEADLINE = 10.0
_DEAD_AFTER = 2.0
_POLL = 0.02
_LOG_TAIL = 2000

# $1 is the file for the server's process id, the rest is its command. SIGINT is "fast shutdown", which ends sessions. A
# background job of a shell ignores SIGINT until PostgreSQL installs its own handler.
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
    # RDS does not let anybody change it.
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_CONFIGURATION = "cluster.conf"
# Nothing of this process: neither settings of PostgreSQL (PGDATA, PGPORT) nor secrets.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class PostgresProcess:
    """The server of one cluster; its record in ``records``, named ``name``, is for ``end_leftovers``."""

    def __init__(self, installation: Installation, user: ServerUser, records: Path, name: str) -> None:
        self._installation = installation
        self._user = user
        self._record = records / f"{name}.json"
        self._folder: Path | None = None
        self._tether: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, str] = {}
        self._lock = Lock()

    @property
    def socket(self) -> Path:
        """The Unix socket on which it listens, which only its user and root can open."""
        return self._home / _SOCKET

    @property
    def log(self) -> Path:
        """What it writes to standard error."""
        return self._home / "log"

    @property
    def running(self) -> bool:
        """Whether it was started and neither stopped nor died."""
        return self._tether is not None and self._alive()

    def start(self, settings: Mapping[str, str]) -> None:
        """Start it with these parameters unless it runs; the error of a failed start quotes the end of its log."""
        with self._lock:
            if self.running:
                return
            began = monotonic()
            self._end_tether()
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_temporary(self._user)))
                self._user.own(self._folder)
                self._write_record(None)
            self._installation = readable_by(self._installation, self._user, self._folder)
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            self._configure(settings)
            self._launch()
            _LOG.info("PostgreSQL %d started in %.1f s", self._installation.major, monotonic() - began)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Change the settings of a running server; some take effect at its next start."""
        with self._lock:
            if dict(settings) != self._settings:
                self._configure(settings)
                with AdminSession(self.socket) as session:
                    session.run("SELECT pg_reload_conf()")

    def stop(self) -> None:
        """End it and its sessions; the data stay for the next start."""
        with self._lock:
            self._end_tether()

    def remove(self) -> None:
        """End it and delete its data."""
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

    @property
    def _pid_file(self) -> Path:
        return self._home / "pid"

    def _initialise(self) -> None:
        command = [self._installation.program("initdb"), "--no-sync", "--no-instructions", "--auth=trust"]
        # Not every system has the en_US.UTF-8 of a new Aurora cluster; every one has C, which sorts by code point.
        command += ["--encoding=UTF8", "--locale=C", f"--username={SUPERUSER}", "--pgdata", str(self._data)]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
            cwd=self._home,
            **self._user.popen_options(),
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
        self._user.own(file)
        self._settings = dict(settings)

    def _launch(self) -> None:
        self._pid_file.unlink(missing_ok=True)
        command = ["/bin/sh", "-c", _TETHER, "tether", str(self._pid_file)]
        command += [self._installation.program("postgres"), "-D", str(self._data)]
        with self.log.open("ab") as log:
            self._user.own(self.log)
            self._tether = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env=_ENVIRONMENT,
                start_new_session=True,
                **self._user.popen_options(),
            )
        begin = seen = monotonic()
        # During exec a process has no command for a moment: only one that stays away is dead.
        while monotonic() < min(begin + _START_DEADLINE, seen + _DEAD_AFTER):
            if self._alive():
                seen = monotonic()
                self._write_record(int(self._pid_file.read_text()))
                try:
                    AdminSession(self.socket).close()
                except (OSError, DatabaseError):
                    pass
                else:
                    return
            elif not self._pid_file.exists():
                # A loaded machine: not even the shell has started.
                seen = monotonic()
            sleep(_POLL)
        self._end_tether()
        raise _failure("The server did not come up.", self.log.read_text("utf-8", "replace")[-_LOG_TAIL:])

    def _alive(self) -> bool:
        """Look at the server itself: the tether outlives one that died."""
        try:
            number = int(self._pid_file.read_text().strip() or 0)
        except (OSError, ValueError):
            return False
        return _server(number, self._home) is not None

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

    def _write_record(self, pid: int | None) -> None:
        record = {"folder": str(self._home), "pid": pid}
        self._record.write_text(json.dumps(record), encoding="utf-8")


def end_leftovers(records: Path) -> int:
    """End servers that outlived their process and delete their data; return how many records there were.

    A process id alone proves nothing, as another process may have it by now: a process is ended only if its command
    names the recorded folder, and a folder is deleted only if its name is one of ours. No living process may use
    ``records``.
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
            if isinstance(pid, int) and (server := _server(pid, folder)) is not None:
                _LOG.warning("ending PostgreSQL process %d, which an earlier local cloud left behind", pid)
                with suppress(psutil.Error):
                    # Immediate shutdown: its data are deleted anyway.
                    server.send_signal(signal.SIGQUIT)
                    server.wait(_STOP_DEADLINE)
            shutil.rmtree(folder, ignore_errors=True)
        path.unlink(missing_ok=True)
    return len(found)


def _server(pid: int, folder: Path) -> psutil.Process | None:
    """Return that process if it is a server, and no zombie, with data below that folder."""
    try:
        process = psutil.Process(pid)
        # A zombie has no command; psutil raises for it on macOS and gives an empty one on Linux.
        return process if any(f"{folder}{os.sep}" in part for part in process.cmdline()) else None
    except (psutil.Error, ValueError, OverflowError):
        return None


def _temporary(user: ServerUser) -> str | None:
    """Return the parent of data folders: TMPDIR may be root's alone, where no other user can go."""
    return None if user.ids is None else "/tmp"  # noqa: S108 - mkdtemp makes a folder of its own in it


def _quoted(value: str) -> str:
    """Quote a value of postgresql.conf, which cannot contain a line break."""
    return "'" + value.replace("'", "''").replace("\\", "\\\\").replace("\n", " ") + "'"


def _failure(what: str, tail: str) -> LocalCloudError:
    return LocalCloudError(
        "The local cloud cannot start PostgreSQL",
        detail=f"{what} The end of its log:\n{tail.strip()}",
        hint="See server.log.",
    )
