"""S3."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orchestrator.adapters.aws.listing import Found, ServiceListing
from orchestrator.adapters.aws.rows import Service, StillInUseError, delete, refused, row

_STATE_BUCKET = "terraform-state-"
"""The account's own, even if the end of its name looks like a suffix."""
_BATCH = 1000
"""The most objects that S3 deletes in one call."""


def _bucket(listing: ServiceListing) -> Iterator[Found]:
    for bucket in listing.pages("list_buckets", "Buckets"):
        name = bucket["Name"]
        if listing.owns(name) and not (listing.suffix and name.startswith(_STATE_BUCKET)):
            yield Found(name, name)


def _empty(client: Any, bucket: str) -> None:
    """Delete every version of every object."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        items = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        for start in range(0, len(items), _BATCH):
            objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items[start : start + _BATCH]]
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            for failure in answer.get("Errors", ()):
                raise StillInUseError(f"{failure['Key']}: {failure.get('Message') or failure['Code']}")


ROWS = (
    row(
        "bucket",
        _bucket,
        replace(delete(40, "delete_bucket Bucket", before=_empty), command="rb --force s3://{0}"),
        refused("aws_s3_bucket bucket"),
    ),
)
SERVICE = Service(
    name="s3",
    rows=ROWS,
    settings=(
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_notification",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
    ),
)
