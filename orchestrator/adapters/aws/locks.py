"""Terraform's locks on the states of a deployment: who holds them, and how one that a dead process left is released.

Terraform's S3 backend writes ``<state key>.tflock`` beside a state before it works on it, and deletes the object afterwards. A killed
Terraform leaves it, and blocks the unit for everybody. Two rules hold here: a lock is deleted only while it is still the one that
was examined, and it counts as left behind only if its holder cannot be alive.
"""

import json
import os
import pwd
import socket
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from orchestrator import __version__
from orchestrator.adapters.aws.objects import ABSENT, code_of, explained, list_keys, read_object
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.processes import start_time
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import load_json

LOCK_SUFFIX = ".tflock"
STATE_NAME = "terraform.tfstate"
RECOVERY = "platformctl recover"
"""The operation of our own locks, which keep every Terraform away while unrecorded resources are removed."""

_FIELDS = ("ID", "Who", "Operation", "Created", "Version", "Info")
# A service without conditional deletes refuses them with one of these codes.
_NOT_CONDITIONAL = frozenset({"NotImplemented", "InvalidArgument", "InvalidRequest"})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StateLock:
    """The lock on the state of one unit.

    Attributes:
        unit: the part of the key between the suffix and the state's name.
        key: of the lock object.
        etag: tells this lock from a later one under the same key.
        who: "user@host", as Terraform writes it.
        operation: of the holder: "OperationTypeApply".
        created: in ISO 8601, UTC.
        fault: why the object could not be parsed; empty otherwise.

    """

    unit: str
    key: str
    etag: str
    id: str = ""
    who: str = ""
    operation: str = ""
    created: str = ""
    version: str = ""
    info: str = ""
    fault: str = ""

    def __str__(self) -> str:
        if self.fault:
            return f'unit "{self.unit}": {self.key} {self.fault}'
        doing = self.operation.removeprefix("OperationType").lower() or "an unknown operation"
        return (
            f'unit "{self.unit}": {self.who or "somebody"} since {self.created[:19] or "an unknown time"}Z, for {doing}'
        )


def state_keys(session: CloudSession, bucket: str, suffix: str) -> tuple[str, ...]:
    """List the keys of a deployment's states; raises PlatformctlError if S3 refuses."""
    keys = list_keys(session, bucket, f"{suffix}/", doing=f"Looking for states in bucket {bucket}")
    return tuple(key for key in keys if key.endswith(f"/{STATE_NAME}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentLocks:
    """The locks on the states of one deployment: implements ``orchestrator.commands.ports.Locks``.

    All methods raise PlatformctlError: S3 refuses.
    """

    session: CloudSession
    bucket: str
    suffix: str

    def list(self) -> tuple[StateLock, ...]:
        doing = f"Looking for locks in bucket {self.bucket}"
        keys = list_keys(self.session, self.bucket, f"{self.suffix}/", doing=doing)
        locks = (self._read(key) for key in keys if key.endswith(LOCK_SUFFIX))
        return tuple(sorted(lock for lock in locks if lock is not None))

    def unit_of(self, key: str) -> str:
        return key.removeprefix(f"{self.suffix}/").removesuffix(LOCK_SUFFIX).removesuffix(f"/{STATE_NAME}")

    def is_left_behind(self, lock: StateLock, *, working: Collection[str]) -> bool:
        """See the protocol: it was this user on this machine, and no such process exists.

        No other platformctl of this machine works on the deployment.
        """
        if lock.fault or lock.who != this_user() or lock.unit in working:
            return False
        return lock.operation != RECOVERY or not _lives(lock.info)

    def release(self, lock: StateLock) -> bool:
        """See the protocol. A lock that is gone counts as released."""
        s3 = self.session.client("s3")
        with explained(f"Releasing {lock.key}"):
            try:
                # Compared here as well as by S3: a service without conditional deletes may ignore the condition.
                etag = s3.head_object(Bucket=self.bucket, Key=lock.key)["ETag"]
                if etag != lock.etag:
                    return False
                try:
                    s3.delete_object(Bucket=self.bucket, Key=lock.key, IfMatch=lock.etag)
                except ClientError as error:
                    if _status(error) != HTTPStatus.NOT_IMPLEMENTED and code_of(error) not in _NOT_CONDITIONAL:
                        raise
                    s3.delete_object(Bucket=self.bucket, Key=lock.key)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return True
                if _status(error) == HTTPStatus.PRECONDITION_FAILED:
                    return False
                raise
        return True

    @contextmanager
    def hold(self, keys: Iterable[str]) -> Iterator[None]:
        """See the protocol. The states need not exist."""
        with ExitStack() as stack:
            for key in sorted(set(keys)):
                stack.callback(self.release, self._take(key))
            yield

    def _read(self, key: str) -> StateLock | None:
        # A lock may be released after it was listed.
        stored = read_object(self.session, self.bucket, key, doing=f"Reading the lock {key}")
        if stored is None:
            return None
        place = {"unit": self.unit_of(key), "key": key, "etag": stored.etag}
        try:
            fields = load_json(stored.text)
        except ValueError:
            return StateLock(**place, fault="is not JSON")
        if not isinstance(fields, dict) or not isinstance(fields.get("ID"), str):
            return StateLock(**place, fault="is not a Terraform lock")
        return StateLock(**place, **{name.lower(): str(fields.get(name) or "") for name in _FIELDS})

    def _take(self, key: str) -> StateLock:
        fields = {
            "ID": str(uuid.uuid4()),
            "Operation": RECOVERY,
            "Info": _identity(os.getpid()),
            "Who": this_user(),
            "Version": __version__,
            "Created": datetime.now(UTC).isoformat(),
            "Path": f"{self.bucket}/{key}",
        }
        lock = f"{key}{LOCK_SUFFIX}"
        body = json.dumps(fields).encode()
        with explained(f"Locking {key}"):
            try:
                answer = self.session.client("s3").put_object(
                    Bucket=self.bucket, Key=lock, Body=body, ContentType="application/json", IfNoneMatch="*"
                )
            except ClientError as error:
                if _status(error) in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
                    raise PlatformctlError(
                        "Somebody else has begun to work on this deployment",
                        detail=f"{lock} was taken a moment ago.",
                        hint="Nothing that is in no state was removed. Wait for the other run to end, then try again.",
                    ) from error
                raise
        return StateLock(unit="", key=lock, etag=str(answer["ETag"]), id=fields["ID"])


def this_user() -> str:
    """Return what Terraform calls this user on this machine."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A user id without an account, as in many containers: Go, too, falls back to the variable.
        name = os.environ.get("USER", "")
    return f"{name}@{socket.gethostname()}"


def _identity(pid: int) -> str:
    """Identify a process: its number may be used again, but not with the same start time."""
    return f"{pid} {start_time(pid)}"


def _lives(info: str) -> bool:
    """Return whether the process that noted itself in one of our locks exists."""
    number = info.split(" ", maxsplit=1)[0]
    return not number.isdecimal() or info == _identity(int(number))


def _status(error: ClientError) -> Any:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
