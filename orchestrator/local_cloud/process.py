"""Starts, finds and stops the local cloud, a process of its own that outlives the command that started it.

The server writes ``server.json`` after it has bound its port, so the file never names a port that nobody listens on. A file alone
proves nothing, though: a server counts as running only when the answer of its health endpoint carries the file's instance id. So a
dead process, a reused process number and somebody else on the port are all told apart.
"""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from orchestrator.local_cloud import control_client
from orchestrator.local_cloud.control_client import Silent, Unreachable
from orchestrator.local_cloud.environment import environment, shell_commands, started, stripped
from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION

_START_DEADLINE = 60.0
_STOP_DEADLINE = 15.0
_ANSWER_DEADLINE = 20.0
_POLL = 0.05
_LOG_TAIL = 4000
_LOG_LIMIT = 10 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStatus:
    """What is known of the local cloud.

    Attributes:
        running: whether a server answered that it is the one of this project.
        endpoint: "http://127.0.0.1:PORT", or None.
        pid: its process, or None.
        instance_id: tells one start from another; state does not survive it.
        started_at: ISO 8601, UTC.
        account_id: the account that it plays.
        region: the region of every request without one.
        moto_version: of the server, once it runs.
        log: where it writes.

    """

    running: bool
    endpoint: str | None
    pid: int | None
    instance_id: str | None
    started_at: str | None
    account_id: str
    region: str
    moto_version: str | None
    log: Path


class ServerProcess:
    """The local cloud of one project.

    Args:
        home: the folder that holds server.json (0600), server.log and the lock; made when needed.

    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / "server.json"
        self._log = home / "server.log"

    def status(self) -> CloudStatus:
        """Asks the server, if there is one.

        Raises:
            LocalCloudError: the process lives, but does not answer.

        """
        return self._status(self._live())

    def start(self, port: int = 0) -> CloudStatus:
        """Starts the server unless it runs; also keeps one that was about to retire.

        Args:
            port: 0 takes a free one. A server that runs keeps its own.

        Raises:
            LocalCloudError: it did not come up; the detail carries the end of its log.

        """
        with self._locked():
            live = self._live()
            if live is not None and control_client.retire(self._endpoint(live), None):
                return self._status(live)
            if live is not None:
                _wait_for_end(int(live["pid"]), _STOP_DEADLINE)
            self._file.unlink(missing_ok=True)
            return self._status(self._launch(port))

    def stop(self) -> bool:
        """Ends the server; false when none was running.

        Raises:
            LocalCloudError: it does not answer, or does not end.

        """
        with self._locked():
            live = self._live()
            if live is None:
                self._file.unlink(missing_ok=True)
                return False
            pid = int(live["pid"])
            os.kill(pid, signal.SIGTERM)
            if not _wait_for_end(pid, _STOP_DEADLINE):
                raise LocalCloudError(
                    "The local cloud does not stop",
                    detail=f"Process {pid} is still there {_STOP_DEADLINE:.0f} seconds after it was asked to end.",
                    hint=f"See {self._log}; end process {pid} by hand.",
                )
            self._file.unlink(missing_ok=True)
            return True

    def retire(self, after_seconds: float) -> bool:
        """Asks the server to exit by itself once nothing has called it for so long; ``start`` takes that back.

        Returns:
            False when no server was running.

        """
        live = self._live()
        if live is None:
            return False
        control_client.retire(self._endpoint(live), after_seconds)
        return True

    def environment(self) -> dict[str, str]:
        """List the variables with which Terraform and boto3 reach the running server; to be laid over ``stripped(environ)``.

        Raises:
            LocalCloudError: no server is running.

        """
        return environment(self._running_endpoint())

    def shell_commands(self) -> list[str]:
        """Write the commands that turn a shell into a local session of the running server.

        Raises:
            LocalCloudError: no server is running.

        """
        return shell_commands(self._running_endpoint())

    def _running_endpoint(self) -> str:
        endpoint = self.status().endpoint
        if endpoint is None:
            raise LocalCloudError(
                "The local cloud is not running",
                detail=f"No server of {self._home} answers.",
                hint='Run "platformctl local start".',
            )
        return endpoint

    def _live(self) -> dict[str, Any] | None:
        """The record of the server that answers with its own instance id; None when there is none."""
        deadline = monotonic() + _ANSWER_DEADLINE
        while True:
            record = self._record()
            if record is None or not _alive(int(record["pid"])):
                return None
            try:
                answer = control_client.health(self._endpoint(record))
            except Unreachable:
                return None
            except Silent as error:
                # A loaded machine; taking a living server for dead would start a second one beside its state.
                if monotonic() > deadline:
                    raise LocalCloudError(
                        "The local cloud does not answer",
                        detail=f"Process {record['pid']} listens on {self._endpoint(record)}, but gave no answer in {_ANSWER_DEADLINE:.0f} seconds.",
                        hint=f"See {self._log}; if it hangs, end process {record['pid']} and start again.",
                    ) from error
                continue
            return record if answer.get("instance_id") == record["instance_id"] else None

    def _launch(self, port: int) -> dict[str, Any]:
        instance = uuid.uuid4().hex
        self._trim_log()
        # -P: a module in the folder where the user stands must not stand in for one of ours.
        command = [sys.executable, "-P", "-m", "orchestrator.local_cloud.server"]
        command += ["--home", str(self._home), "--port", str(port), "--instance", instance]
        with open(os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:  # noqa: PTH123 - opens a descriptor
            begins = log.seek(0, os.SEEK_END)
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_server_environment(),
                start_new_session=True,
            )
        deadline = monotonic() + _START_DEADLINE
        while monotonic() < deadline:
            record = self._record()
            if record is not None and record["instance_id"] == instance and self._live() is not None:
                # It outlives this process on purpose; Popen need not complain that nobody waits for it.
                child.returncode = 0
                return record
            if child.poll() is not None:
                raise self._failure(f"Its process ended with status {child.returncode}.", begins)
            sleep(_POLL)
        child.terminate()
        child.wait()
        raise self._failure(f"It did not answer within {_START_DEADLINE:.0f} seconds.", begins)

    def _failure(self, what: str, begins: int) -> LocalCloudError:
        with self._log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(begins, size - _LOG_TAIL))
            tail = file.read().decode("utf-8", "replace").strip()
        return LocalCloudError(
            "The local cloud did not start",
            detail=f"{what} The end of its log:\n{tail}",
            hint=f"The whole log is {self._log}.",
        )

    def _record(self) -> dict[str, Any] | None:
        try:
            record = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                **record,
                "pid": int(record["pid"]),
                "port": int(record["port"]),
                "instance_id": str(record["instance_id"]),
            }
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _status(self, record: dict[str, Any] | None) -> CloudStatus:
        known = record or {}
        return CloudStatus(
            running=record is not None,
            endpoint=None if record is None else self._endpoint(record),
            pid=known.get("pid"),
            instance_id=known.get("instance_id"),
            started_at=known.get("started_at"),
            account_id=known.get("account_id", ACCOUNT_ID),
            region=known.get("region", REGION),
            moto_version=known.get("moto_version"),
            log=self._log,
        )

    @staticmethod
    def _endpoint(record: dict[str, Any]) -> str:
        return f"http://127.0.0.1:{record['port']}"

    def _trim_log(self) -> None:
        """Keeps one older log beside a new one."""
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts or stops; the kernel frees the lock when its owner dies."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            flock(descriptor, LOCK_EX)
            yield
        finally:
            flock(descriptor, LOCK_UN)
            os.close(descriptor)


def _server_environment() -> dict[str, str]:
    """No AWS configuration of the user reaches the server, and no proxy stands between it and itself."""
    return {**started(stripped(os.environ)), "PYTHONUNBUFFERED": "1"}


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended, but is our own child and was never waited for, does not."""
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_for_end(pid: int, seconds: float) -> bool:
    deadline = monotonic() + seconds
    while _alive(pid):
        if monotonic() > deadline:
            return False
        sleep(_POLL)
    return True
