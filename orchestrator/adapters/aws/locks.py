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
from orchestrator.adapters.aws.objects import ABSENT, code_of, explained, list_keys, parse_json, read_object
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.processes import start_time
from orchestrator.errors import PlatformctlError

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
        id: Terraform's.
        who: "user@host", as Terraform writes it.
        operation: of the holder: "OperationTypeApply".
        created: in ISO 8601, UTC.
        version: of the Terraform that took it.
        info: of the holder.
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
    """List the keys of a deployment's states.

    Raises:
        PlatformctlError: S3 refuses.

    """
    keys = list_keys(session, bucket, f"{suffix}/", doing=f"Looking for states in bucket {bucket}")
    return tuple(key for key in keys if key.endswith(f"/{STATE_NAME}"))


def unit_of(key: str, suffix: str) -> str:
    """Return the unit that a key under the deployment's suffix belongs to."""
    return key.removeprefix(f"{suffix}/").removesuffix(LOCK_SUFFIX).removesuffix(f"/{STATE_NAME}")


def list_locks(session: CloudSession, bucket: str, suffix: str) -> tuple[StateLock, ...]:
    """List every lock of a deployment, by unit; costs one call when there is none.

    Raises:
        PlatformctlError: S3 refuses.

    """
    keys = list_keys(session, bucket, f"{suffix}/", doing=f"Looking for locks in bucket {bucket}")
    locks = (_read(session, bucket, key, suffix) for key in keys if key.endswith(LOCK_SUFFIX))
    return tuple(sorted(lock for lock in locks if lock is not None))


def release(session: CloudSession, bucket: str, lock: StateLock) -> bool:
    """Delete a lock if it is still the same one; returns whether it was. One that is gone counts as released.

    Raises:
        PlatformctlError: S3 refuses.

    """
    s3 = session.client("s3")
    with explained(f"Releasing {lock.key}"):
        try:
            # Compared here as well as by S3: a service without conditional deletes may ignore the condition.
            etag = s3.head_object(Bucket=bucket, Key=lock.key)["ETag"]
            if etag != lock.etag:
                return False
            try:
                s3.delete_object(Bucket=bucket, Key=lock.key, IfMatch=lock.etag)
            except ClientError as error:
                if _status(error) != HTTPStatus.NOT_IMPLEMENTED and code_of(error) not in _NOT_CONDITIONAL:
                    raise
                s3.delete_object(Bucket=bucket, Key=lock.key)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return True
            if _status(error) == HTTPStatus.PRECONDITION_FAILED:
                return False
            raise
    return True


@contextmanager
def held(session: CloudSession, bucket: str, keys: Iterable[str]) -> Iterator[None]:
    """Hold the locks on these states, which need not exist, as Terraform does: no Terraform on any machine works on one.

    Raises:
        PlatformctlError: somebody else holds one of them, or S3 refuses.

    """
    with ExitStack() as stack:
        for key in sorted(set(keys)):
            stack.callback(release, session, bucket, _take(session, bucket, key))
        yield


def this_user() -> str:
    """Return what Terraform calls this user on this machine."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A user id without an account, as in many containers: Go, too, falls back to the variable.
        name = os.environ.get("USER", "")
    return f"{name}@{socket.gethostname()}"


def is_left_behind(lock: StateLock, *, working: Collection[str]) -> bool:
    """Return whether the holder of a lock cannot be alive: it was this user on this machine, and no such process exists.

    Args:
        lock: of a deployment on which no other platformctl of this machine works.
        working: the units that a recorded Terraform process still works on.

    """
    if lock.fault or lock.who != this_user() or lock.unit in working:
        return False
    return lock.operation != RECOVERY or not _lives(lock.info)


def _read(session: CloudSession, bucket: str, key: str, suffix: str) -> StateLock | None:
    # A lock may be released after it was listed.
    stored = read_object(session, bucket, key, doing=f"Reading the lock {key}")
    if stored is None:
        return None
    place = {"unit": unit_of(key, suffix), "key": key, "etag": stored.etag}
    try:
        fields = parse_json(stored.text)
    except ValueError:
        return StateLock(**place, fault="is not JSON")
    if not isinstance(fields, dict) or not isinstance(fields.get("ID"), str):
        return StateLock(**place, fault="is not a Terraform lock")
    return StateLock(**place, **{name.lower(): str(fields.get(name) or "") for name in _FIELDS})


def _take(session: CloudSession, bucket: str, key: str) -> StateLock:
    fields = {
        "ID": str(uuid.uuid4()),
        "Operation": RECOVERY,
        "Info": _identity(os.getpid()),
        "Who": this_user(),
        "Version": __version__,
        "Created": datetime.now(UTC).isoformat(),
        "Path": f"{bucket}/{key}",
    }
    lock = f"{key}{LOCK_SUFFIX}"
    body = json.dumps(fields).encode()
    with explained(f"Locking {key}"):
        try:
            answer = session.client("s3").put_object(
                Bucket=bucket, Key=lock, Body=body, ContentType="application/json", IfNoneMatch="*"
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


def _identity(pid: int) -> str:
    """Identify a process: its number may be used again, but not with the same start time."""
    return f"{pid} {start_time(pid)}"


def _lives(info: str) -> bool:
    """Return whether the process that noted itself in one of our locks exists."""
    number = info.split(" ", maxsplit=1)[0]
    return not number.isdecimal() or info == _identity(int(number))


def _status(error: ClientError) -> Any:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
