"""Starts, finds and stops the local cloud, a process of its own that outlives the command that started it.

The server writes ``server.json`` after it has bound its port, so the file never names a port that nobody listens on. A file alone
proves nothing, though: a server counts as running only when the answer of its health endpoint carries the file's instance id. So a
dead process, a reused process number and somebody else on the port are all told apart. A folder has one server at most: it holds the
folder's lifeline until it has ended, and a start waits for that.
"""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from fcntl import LOCK_EX, flock
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from orchestrator.local_cloud import control_client
from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.control_client import SilentError, UnreachableError
from orchestrator.local_cloud.environment import environment, shell_commands, started, stripped
from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION, ROLE_VARIABLE
from orchestrator.local_cloud.lifeline import TAKEN, Identity, Lifeline

_START_DEADLINE = 60.0
_STOP_DEADLINE = 60.0
_KILL_DEADLINE = 10.0
_ANSWER_DEADLINE = 20.0
_POLL = 0.05
_LOG_TAIL = 4000
_LOG_LIMIT = 10 << 20
_DOES_NOT_STOP = "The local cloud does not stop"


class Ending(Enum):
    """What ``stop`` found and did; false when there was nothing to do."""

    NOTHING = "The local cloud does not run."
    ENDED = "The local cloud has stopped."
    KILLED = "The local cloud did not end by itself and was killed."

    def __bool__(self) -> bool:
        return self is not Ending.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStatus:
    """What is known of a server.

    Attributes:
        running: whether a server answered that it is the one of this folder.
        endpoint: "http://127.0.0.1:PORT", or None.
        account_shape: what kind of account it plays.
        instance_id: tells one start from another; state does not survive it.
        started_at: ISO 8601, UTC.

    """

    running: bool
    endpoint: str | None
    pid: int | None
    instance_id: str | None
    started_at: str | None
    account_id: str
    account_shape: AccountShape
    region: str
    moto_version: str | None
    log: Path


def user_folder(environ: Mapping[str, str]) -> Path:
    """Name the folder of a user's own server, for callers that stand in no project: below the state folder of XDG."""
    state = Path(environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path.home() / ".local" / "state") / "platformctl" / "local-cloud"


class ServerProcess:
    """The server of one folder.

    Args:
        home: the folder that holds server.json (0600), server.log and the locks; made when needed.

    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / "server.json"
        self._lifeline = Lifeline(home)
        self._log = home / "server.log"

    def status(self) -> CloudStatus:
        """Ask the server, if there is one.

        Raises:
            LocalCloudError: the process lives, but does not answer.

        """
        return self._status(self._live())

    def start(self, port: int = 0, account: AccountShape = AccountShape.ESTABLISHED) -> CloudStatus:
        """Start the server unless it runs; also keep one that was about to retire.

        Args:
            port: 0 takes a free one. A server that runs keeps its own.
            account: the shape of the account. A server that runs keeps its own.

        Raises:
            LocalCloudError: it did not come up; the detail carries the end of its log.

        """
        with self._locked():
            deadline = monotonic() + _START_DEADLINE
            while True:
                live = self._live()
                with suppress(SilentError):
                    if live is not None and control_client.retire(_endpoint(live), None):
                        return self._status(live)
                if live is None and not self._lifeline.held():
                    self._file.unlink(missing_ok=True)
                    live = self._launch(port, account)
                    if live is not None:
                        return self._status(live)
                # It retires, is on its way up after a start that was killed, or does not end.
                if monotonic() > deadline:
                    raise LocalCloudError(
                        "The local cloud neither answers nor ends",
                        detail=f"A server of {self._home} still holds it after {_START_DEADLINE:.0f} seconds.",
                        hint='Run "platformctl local stop", which ends it.',
                    )
                sleep(_POLL)

    def stop(self) -> Ending:
        """End the server: by request, and by force when it does not follow.

        Raises:
            LocalCloudError: not even force ends it.

        """
        with self._locked():
            process = self._process()
            ending = Ending.NOTHING if process is None else self._end(process)
            self._file.unlink(missing_ok=True)
            return ending

    def _process(self) -> Identity | None:
        """Identify the server's process, whether or not it answers."""
        holder = self._lifeline.holder()
        if holder is None:
            # A server of a folder that was removed below it, or one without a lifeline: its record counts if it answers.
            live = self._live()
            holder = None if live is None else Identity.of(live["pid"])
        if holder is None and self._lifeline.held():
            raise LocalCloudError(
                _DOES_NOT_STOP,
                detail=f"A process holds {self._home} and does not say which one it is.",
                hint=f"End the process that has {self._home / 'server.alive'} open.",
            )
        return holder

    def _end(self, process: Identity) -> Ending:
        # A process that was suspended takes no signal but these.
        process.signal(signal.SIGTERM, signal.SIGCONT)
        if process.ends_within(_STOP_DEADLINE):
            return Ending.ENDED
        process.signal(signal.SIGKILL)
        if process.ends_within(_KILL_DEADLINE):
            return Ending.KILLED
        raise LocalCloudError(
            _DOES_NOT_STOP,
            detail=f"Process {process.pid} was killed {_KILL_DEADLINE:.0f} seconds ago and is still there.",
            hint=f"The system keeps it, as it does while a disk does not answer. See {self._log}.",
        )

    def retire(self, after_seconds: float) -> bool:
        """Let the server end once nothing has called it for so long; ``start`` takes that back.

        Returns:
            False when no server was running.

        """
        live = self._live()
        if live is None:
            return False
        control_client.retire(_endpoint(live), after_seconds)
        return True

    def environment(self) -> dict[str, str]:
        """List the variables with which Terraform and boto3 reach the running server; to be laid over ``stripped(environ)``.

        With PLATFORMCTL_LOCAL_ROLE, the ARN of a role, they carry a session of that role, and its policies decide.

        Raises:
            LocalCloudError: no server is running, or the role cannot be assumed.

        """
        endpoint, role = self._running_endpoint(), os.environ.get(ROLE_VARIABLE, "")
        session = control_client.assume(endpoint, role) if role else {}
        return environment(endpoint) | session

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
        """Find the record of the server that answers with its own instance id; None when there is none."""
        deadline = monotonic() + _ANSWER_DEADLINE
        while True:
            record = self._record()
            if record is None or Identity.of(record["pid"]) is None:
                return None
            try:
                answer = control_client.health(_endpoint(record))
            except UnreachableError:
                return None
            except SilentError as error:
                # A loaded machine; taking a living server for dead would start a second one beside its state.
                if monotonic() > deadline:
                    raise LocalCloudError(
                        "The local cloud does not answer",
                        detail=f"Process {record['pid']} listens on {_endpoint(record)}, but gave no answer in {_ANSWER_DEADLINE:.0f} seconds.",
                        hint=f'See {self._log}; "platformctl local stop" ends process {record["pid"]}.',
                    ) from error
                continue
            return record if answer.get("instance_id") == record["instance_id"] else None

    def _launch(self, port: int, account: AccountShape) -> dict[str, Any] | None:
        """Start a server and wait for its record; None when another one, started meanwhile, has the folder."""
        instance = uuid.uuid4().hex
        self._trim_log()
        # -P: modules in the current folder must not shadow ours.
        command = [sys.executable, "-P", "-m", "orchestrator.local_cloud.server"]
        command += ["--home", str(self._home), "--port", str(port), "--instance", instance, "--account", account]
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
                # The server outlives this process on purpose; without a return code Popen would warn about that.
                child.returncode = 0
                return record
            if child.poll() == TAKEN:
                return None
            if child.returncode is not None:
                raise self._failure(f"Its process ended with status {child.returncode}.", begins)
            sleep(_POLL)
        child.kill()
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
            endpoint=None if record is None else _endpoint(record),
            pid=known.get("pid"),
            instance_id=known.get("instance_id"),
            started_at=known.get("started_at"),
            account_id=known.get("account_id", ACCOUNT_ID),
            account_shape=AccountShape(known.get("account_shape", AccountShape.ESTABLISHED)),
            region=known.get("region", REGION),
            moto_version=known.get("moto_version"),
            log=self._log,
        )

    def _trim_log(self) -> None:
        """Keep one older log beside a new one."""
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time start or stop; the kernel frees the lock when its owner dies."""
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalCloudError(
                "The folder of the local cloud cannot be used",
                detail=f"{self._home}: {error.strerror}.",
                hint="Make it writable, or name another folder: --state DIR",
            ) from error
        try:
            flock(descriptor, LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _endpoint(record: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{record['port']}"


def _server_environment() -> dict[str, str]:
    """Build an environment without the user's AWS configuration, and without a proxy between the server and itself."""
    return {**started(stripped(os.environ)), "PYTHONUNBUFFERED": "1"}
