# ruff: noqa: N803 - boto3's spelling
"""A bucket in memory, with as much of S3 as states, locks and the register need: conditions on writes and deletes included."""

import io
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


@dataclass(slots=True)
class FakeS3:
    """Stands in for boto3's client of S3; remembers the operations.

    Attributes:
        objects: texts by key; None where there is no bucket.
        deleted: texts by key of objects that only have an old version.

    """

    objects: dict[str, str] | None = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def get_paginator(self, operation: str) -> Any:
        listers = {"list_objects_v2": self._list, "list_object_versions": self._list_versions}
        return SimpleNamespace(paginate=listers[operation])

    def _list_versions(self, *, Bucket: str, Prefix: str = "") -> Any:
        current = [(key, "current", True) for key in self._existing() if key.startswith(Prefix)]
        names = [key for key in self.deleted if key.startswith(Prefix)]
        yield {
            "Versions": [
                {"Key": key, "VersionId": f"{key} {version}", "LastModified": 1, "IsLatest": latest}
                for key, version, latest in [*current, *((key, "old", False) for key in names)]
            ],
            "DeleteMarkers": [{"Key": key, "VersionId": f"{key} marker", "IsLatest": True} for key in names],
        }

    def _list(self, *, Bucket: str, Prefix: str) -> Any:
        self.calls.append("list")
        found = [{"Key": key} for key in sorted(self._existing()) if key.startswith(Prefix)]
        yield {"Contents": found} if found else {}

    def head_bucket(self, **_: Any) -> dict[str, Any]:
        if self.objects is None:
            raise _error("404", 404)
        return {}

    def create_bucket(self, **_: Any) -> None:
        self.objects = {} if self.objects is None else self.objects

    def delete_bucket(self, **_: Any) -> None:
        assert not self._existing(), "S3 deletes no bucket that holds anything"
        self.objects = None

    def __getattr__(self, operation: str) -> Any:
        """Settings of the bucket, which make no difference to what is in it."""
        if not operation.startswith("put_"):
            raise AttributeError(operation)
        return lambda **_: {}

    def get_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        self.calls.append(f"get {Key}")
        if VersionId:
            return {"Body": io.BytesIO(self.deleted[Key].encode())}
        text = self._text(Key, "NoSuchKey")
        return {"Body": io.BytesIO(text.encode()), "ETag": _etag(text)}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"ETag": _etag(self._text(Key, "404"))}

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "", IfMatch: str = "", **_: Any
    ) -> dict[str, Any]:
        self.calls.append(f"put {Key}")
        if (IfNoneMatch and Key in self._existing()) or (IfMatch and _etag(self._text(Key, "NoSuchKey")) != IfMatch):
            raise _error("PreconditionFailed", 412)
        self._existing()[Key] = Body.decode()
        return {"ETag": _etag(Body.decode())}

    def delete_object(self, *, Bucket: str, Key: str, IfMatch: str = "", VersionId: str = "") -> dict[str, Any]:
        self.calls.append(f"delete {Key}")
        if IfMatch and _etag(self._text(Key, "NoSuchKey")) != IfMatch:
            raise _error("PreconditionFailed", 412)
        self._existing().pop(Key, None)
        return {}

    def _existing(self) -> dict[str, str]:
        if self.objects is None:
            raise _error("NoSuchBucket", 404)
        return self.objects

    def _text(self, key: str, code: str) -> str:
        if key not in self._existing():
            raise _error(code, 404)
        return self._existing()[key]


def _etag(text: str) -> str:
    return f'"{text}"'


def _error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")
