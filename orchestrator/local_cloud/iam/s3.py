"""What calls to S3 need: IAM's actions, which are not the API's, and the keys of the objects.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; S3 User Guide, "Required permissions for Amazon S3
API operations".
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import unescape

from orchestrator.local_cloud.iam.calls import Call, Wanted
from orchestrator.local_cloud.iam.keys import used_through
from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.identity import ACCOUNT_ID

_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
_OF_VERSIONS = frozenset(
    {
        "DeleteObject",
        "DeleteObjectTagging",
        "GetObject",
        "GetObjectAcl",
        "GetObjectTagging",
        "PutObjectAcl",
        "PutObjectTagging",
    }
)
_HEADER_KEYS = (
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
)
_READS = frozenset({"GetObject", "HeadObject", "SelectObjectContent"})
_WRITES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_PARTS = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})
_OBJECT = re.compile(r"<Object>(.*?)</Object>", re.DOTALL)


def s3(call: Call) -> Iterator[Wanted]:
    """What a call to S3 needs, keys of KMS included. Reads moto's state."""
    bucket, key = call.text("Bucket"), call.text("Key")
    context = _context(call)
    if call.operation == "DeleteObjects":
        yield from _deletions(call, bucket, context)
        return
    if call.operation in ("CopyObject", "UploadPartCopy"):
        yield from _source(call, context)
        yield Wanted(action="s3:PutObject", resource=_arn(bucket, key), context=context)
    else:
        version = call.text("versionId")
        yield Wanted(action=f"s3:{_action(call.operation, version)}", resource=_arn(bucket, key), context=context)
    if call.operation in _WRITES:
        if "x-amz-acl" in call.headers:
            yield Wanted(action="s3:PutObjectAcl", resource=_arn(bucket, key), context=context)
        if "x-amz-tagging" in call.headers:
            yield Wanted(action="s3:PutObjectTagging", resource=_arn(bucket, key), context=context)
    yield from _keys(call, bucket, key, context)


def bucket_policy(name: str) -> str:
    """The policy of a bucket; empty without one."""
    bucket = _bucket(name)
    return bucket.policy.decode() if bucket is not None and bucket.policy else ""


def _action(operation: str, version: str) -> str:
    name = _ACTIONS.get(operation, operation)
    if not version or name not in _OF_VERSIONS:
        return name
    return name.replace("Object", "ObjectVersion")


def _arn(bucket: str, key: str = "") -> str:
    if not bucket:
        return "*"
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _context(call: Call) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {
        "s3:resourceaccount": (ACCOUNT_ID,),
        "s3:tlsversion": ("1.3",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:authtype": ("REST-QUERY-STRING" if "X-Amz-Signature" in call.parameters else "REST-HEADER",),
    }
    for name in _HEADER_KEYS:
        if name in call.headers:
            context[f"s3:{name}"] = (call.headers[name],)
    for parameter, name in (
        ("prefix", "prefix"),
        ("delimiter", "delimiter"),
        ("max-keys", "max-keys"),
        ("versionId", "versionid"),
    ):
        # An empty prefix is one: a policy may demand that a list names its folder.
        if parameter in call.parameters:
            context[f"s3:{name}"] = (str(call.parameters[parameter]),)
    return context


def _deletions(call: Call, bucket: str, context: Context) -> Iterator[Wanted]:
    for entry in _OBJECT.findall(call.body.decode("utf-8", "replace")):
        key = re.search(r"<Key>(.*?)</Key>", entry, re.DOTALL)
        action = "s3:DeleteObjectVersion" if "<VersionId>" in entry else "s3:DeleteObject"
        named = unescape(key.group(1), {"&quot;": '"', "&apos;": "'", "&#xD;": "\r", "&#13;": "\r"}) if key else "*"
        yield Wanted(action=action, resource=_arn(bucket, named), context=context)


def _source(call: Call, context: Context) -> Iterator[Wanted]:
    path, _, version = call.headers.get("x-amz-copy-source", "").partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    yield Wanted(action=f"s3:{_action('GetObject', version)}", resource=_arn(bucket, key), context=context)
    stored = _object(bucket, key, version)
    if stored is not None and stored.encryption == "aws:kms":
        yield from used_through(call, stored.kms_key_id, "Decrypt", encryption_context=_bound(bucket, key, stored))


def _keys(call: Call, bucket: str, key: str, context: Context) -> Iterator[Wanted]:
    if call.operation in _READS:
        stored = _object(bucket, key, call.text("versionId"))
        if stored is None:
            # Whether an object is missing is told only to those who may list the bucket.
            yield Wanted(action="s3:ListBucket", resource=_arn(bucket), context=context)
        elif stored.encryption == "aws:kms":
            yield from used_through(call, stored.kms_key_id, "Decrypt", encryption_context=_bound(bucket, key, stored))
    elif call.operation in _WRITES:
        key_id, bucket_key = _key_for_new(call, bucket)
        arn = _arn(bucket) if bucket_key else _arn(bucket, key)
        yield from used_through(call, key_id, "GenerateDataKey", encryption_context={"aws:s3:arn": arn})
    elif call.operation in _PARTS:
        key_id, bucket_key = _key_for_new(call, bucket)
        arn = _arn(bucket) if bucket_key else _arn(bucket, key)
        yield from used_through(call, key_id, "Decrypt", "GenerateDataKey", encryption_context={"aws:s3:arn": arn})


def _key_for_new(call: Call, bucket: str) -> tuple[str | None, bool]:
    """The key that will encrypt a new object, and whether the bucket has a key of its own below it."""
    found = _bucket(bucket)
    rule = (found.encryption or {}).get("Rule", {}) if found is not None else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    bucket_key = str(rule.get("BucketKeyEnabled", "")).lower() == "true"
    asked = call.headers.get("x-amz-server-side-encryption")
    algorithm = asked or default.get("SSEAlgorithm")
    if algorithm not in ("aws:kms", "aws:kms:dsse"):
        return None, False
    own = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    # Encryption by KMS without a key means the default key of the bucket only where the request names no encryption at all.
    return own or (None if asked else default.get("KMSMasterKeyID")), bucket_key


def _bound(bucket: str, key: str, stored: Any) -> dict[str, str]:
    bucket_key = str(stored.bucket_key_enabled).lower() == "true"
    return {"aws:s3:arn": _arn(bucket) if bucket_key else _arn(bucket, key)}


def _bucket(name: str) -> Any:
    from moto.s3.models import s3_backends  # noqa: PLC0415 - moto loads with the service

    return s3_backends[ACCOUNT_ID]["aws"].buckets.get(name)


def _object(bucket: str, key: str, version: str) -> Any:
    """The stored object; None without one, or where its newest version says that it was deleted."""
    found = _bucket(bucket)
    if found is None:
        return None
    if version:
        return next((one for one in found.keys.getlist(key, []) if str(one.version_id) == version), None)
    newest = found.keys.get(key)
    return newest if hasattr(newest, "encryption") else None
