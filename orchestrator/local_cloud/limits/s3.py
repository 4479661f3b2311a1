"""Limits of S3."""

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_KEY_BYTES = 1024
_METADATA_BYTES = 2048
_BUCKET_TAGS = 50
_IA_DAYS = 30


@limit(
    "s3",
    "CreateBucket",
    forbids="names of buckets with capitals, underscores, adjacent periods or reserved ends, and IP addresses",
    code="InvalidBucketName",
    source="AmazonS3/latest/userguide/bucketnamingrules.html",
)
def bucket_names(request: CheckedRequest) -> str | None:
    name = request["Bucket"]
    good = _BUCKET.fullmatch(name) and ".." not in name and not name.endswith(_RESERVED_ENDS) and not _is_address(name)
    return None if good else "The specified bucket is not valid."


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


@limit(
    "s3",
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    forbids="keys over 1,024 bytes",
    code="KeyTooLongError",
    source="AmazonS3/latest/userguide/object-keys.html",
)
def object_keys(request: CheckedRequest) -> str | None:
    return "Your key is too long" if len(request["Key"].encode()) > _KEY_BYTES else None


@limit(
    "s3",
    "PutObject",
    "CopyObject",
    "CreateMultipartUpload",
    forbids="more than 2 KB of metadata",
    code="MetadataTooLarge",
    source="AmazonS3/latest/userguide/UsingMetadata.html",
)
def object_metadata(request: CheckedRequest) -> str | None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in (request["Metadata"] or {}).items())
    return "Your metadata headers exceed the maximum allowed metadata size" if size > _METADATA_BYTES else None


@limit(
    "s3",
    "PutBucketTagging",
    forbids="more than 50 tags of a bucket",
    code="BadRequest",
    source="AmazonS3/latest/userguide/tagging.html",
)
def bucket_tags(request: CheckedRequest) -> str | None:
    tags = (request["Tagging"] or {}).get("TagSet") or []
    return f"Bucket tag count cannot be greater than {_BUCKET_TAGS}" if len(tags) > _BUCKET_TAGS else None


@limit(
    "s3",
    "PutBucketPolicy",
    forbids="policies that are not JSON, or about another bucket",
    code="MalformedPolicy",
    source="AmazonS3/latest/API/ErrorResponses.html",
)
def bucket_policies(request: CheckedRequest) -> str | None:
    try:
        statements = json.loads(request["Policy"])["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        found = [one for statement in listed for one in _listed(statement.get("Resource", []))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "Policies must be valid JSON and the first byte must be '{'"
    own = re.compile(rf"(?:arn:aws:s3:::|\*)(?:{re.escape(request['Bucket'])}|[^/]*[*?$][^/]*)?(?:/.*)?", re.DOTALL)
    return None if all(own.fullmatch(one) for one in found) else "Policy has invalid resource"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rules(request: CheckedRequest) -> list[Mapping[str, Any]]:
    return (request["LifecycleConfiguration"] or {}).get("Rules") or []


@limit(
    "s3",
    "PutBucketLifecycleConfiguration",
    forbids="lifecycle rules with the id of another, no action, days that are no positive numbers, transitions to infrequent access before 30 days, or an expiration that does not come after all transitions",
    code="InvalidArgument",
    source="AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
)
def lifecycle_rules(request: CheckedRequest) -> str | None:
    rules = _rules(request)
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        return "Rule ID must be unique. Found same ID for more than one rule"
    return next((message for rule in rules for message in _lifecycle(rule)), None)


def _lifecycle(rule: Mapping[str, Any]) -> Iterator[str]:
    transitions = [one for one in rule.get("Transitions", []) if "Days" in one]
    expiration = rule.get("Expiration", {}).get("Days")
    if expiration is not None and expiration < 1:
        yield "'Days' for Expiration action must be a positive integer"
    for one in transitions:
        if one["StorageClass"] in ("STANDARD_IA", "ONEZONE_IA") and one["Days"] < _IA_DAYS:
            yield f"'Days' in Transition action must be greater than or equal to {_IA_DAYS} for storageClass '{one['StorageClass']}'"
        if expiration is not None and expiration <= one["Days"]:
            yield "'Days' in the Expiration action must be greater than 'Days' in the Transition action"


@limit(
    "s3",
    "PutBucketLifecycleConfiguration",
    forbids="lifecycle rules without an action",
    code="InvalidRequest",
    source="AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html",
)
def lifecycle_actions(request: CheckedRequest) -> str | None:
    actions = {"AbortIncompleteMultipartUpload", "Expiration", "NoncurrentVersionExpiration"}
    actions |= {"NoncurrentVersionTransitions", "Transitions"}
    idle = any(not actions & rule.keys() for rule in _rules(request))
    return "At least one action needs to be specified in a rule" if idle else None


@limit(
    "s3",
    "PutBucketNotificationConfiguration",
    forbids="destinations whose policy does not let S3 deliver",
    code="InvalidArgument",
    source="AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
)
def destinations(request: CheckedRequest) -> str | None:
    if request["SkipDestinationValidation"]:
        return None
    stated = request["NotificationConfiguration"] or {}
    arns = [
        one[member]
        for name, member in (
            ("QueueConfigurations", "QueueArn"),
            ("TopicConfigurations", "TopicArn"),
            ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
        )
        for one in stated.get(name, ())
    ]
    bucket = f"arn:aws:s3:::{request['Bucket']}"
    may = all(may_deliver("s3.amazonaws.com", arn, source_arn=bucket) for arn in arns)
    return None if may else "Unable to validate the following destination configurations"
