"""Objects in S3: read when they exist, parsed guardedly, with every failure as one of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.errors import PlatformctlError

ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey"})
"""S3's error codes for a missing object or bucket."""


class StoredObject(NamedTuple):
    """The content of an object; the entity tag tells it from later ones under the same key."""

    text: bytes
    etag: str


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Raise every error of AWS as a PlatformctlError; ``doing`` completes "... failed"."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=doing) from error


def code_of(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def read_object(
    session: CloudSession, bucket: str, key: str, *, doing: str, version: str | None = None
) -> StoredObject | None:
    """Read an object, or one of its versions; None when it does not exist.

    Raises PlatformctlError if S3 refuses or does not answer.
    """
    which = {} if version is None else {"VersionId": version}
    with explained(doing):
        try:
            answer = session.client("s3").get_object(Bucket=bucket, Key=key, **which)
            return StoredObject(answer["Body"].read(), str(answer.get("ETag", "")))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise


def list_keys(session: CloudSession, bucket: str, prefix: str, *, doing: str) -> list[str]:
    """List the keys of the objects under a prefix, sorted; none when there is no bucket.

    Raises PlatformctlError if S3 refuses or does not answer.
    """
    pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with explained(doing):
        try:
            return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return []
            raise


def unreadable(what: str, bucket: str, key: str, why: str, *, otherwise: str = "") -> PlatformctlError:
    """Return the error about an object that is not what it should be; it never quotes the content, which may hold secrets.

    ``why``: completes "s3://... "; ``otherwise``: another way out, as a sentence.
    """
    return PlatformctlError(
        f"A {what} cannot be read",
        detail=f"s3://{bucket}/{key} {why}.",
        hint="Restore an earlier version of the object, which the bucket keeps for 90 days: "
        f"aws s3api list-object-versions --bucket {bucket} --prefix {key}{otherwise and ' '}{otherwise}",
    )
