"""Objects in S3: those that a notification names, and their contents as a stream.

S3 says more than once that an object was created, late, and in any order; whoever reads one must be able to read it again.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_plus


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """The location of an object."""

    bucket: str
    key: str


class Readable(Protocol):
    """The body of an answer of S3."""

    def read(self, amount: int, /) -> bytes:
        """Return the next bytes; none at the end."""


def created_objects(message: str) -> list[StoredObject]:
    """Return the objects of a notification; none for the test message that S3 sends when notifications are set up.

    Raises:
        ValueError: the message is no notification of S3.

    """
    document = json.loads(message)
    if not isinstance(document, dict):
        raise ValueError("not a notification of S3: not an object")  # noqa: TRY004 - a message is data, not a programmer's mistake
    if document.get("Event") == "s3:TestEvent":
        return []
    try:
        return [
            StoredObject(
                bucket=record["s3"]["bucket"]["name"],
                # Notifications encode a key like a query string.
                key=unquote_plus(record["s3"]["object"]["key"]),
            )
            for record in document["Records"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a notification of S3: {error!r}") from None


def buffered(body: Readable) -> io.BufferedReader:
    """Wrap the body of an answer of S3 in a buffered stream."""
    return io.BufferedReader(_Raw(body.read), buffer_size=256 * 1024)


class _Raw(io.RawIOBase):
    def __init__(self, read: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview, /) -> int:  # type: ignore[override]  # the buffer protocol has no type before 3.12
        data = self._read(len(target))
        target[: len(data)] = data
        return len(data)
