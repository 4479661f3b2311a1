"""What calls to S3 need: IAM's actions, which are not the API's, and the keys of the objects.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; S3 User Guide,
"Required permissions for Amazon S3 API operations".
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, MalformedCallError, Wanted
from orchestrator.local_cloud.iam.keys import used_through
from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.iam.tags import requested_tags
from orchestrator.local_cloud.identity import ACCOUNT_ID

_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
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
    "PostObject": "PutObject",
    "ListDirectoryBuckets": "ListAllMyBuckets",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
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
# Configurations of which a bucket has several, by id.
_NUMBERED = re.compile(r"(Delete|Get|List|Put)Bucket(Analytics|IntelligentTiering|Inventory|Metrics)Configurations?")
_HEADER_KEYS = (
    "if-match",
    "if-none-match",
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
)
_PARAMETER_KEYS = {
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:prefix": "Prefix",
    "s3:versionid": "VersionId",
}
_READS = frozenset({"GetObject", "GetObjectAttributes", "HeadObject", "SelectObjectContent"})
_WRITES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_USES = dict.fromkeys(_WRITES, ("GenerateDataKey",)) | dict.fromkeys(
    ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload"), ("Decrypt", "GenerateDataKey")
)


def s3(call: ApiCall) -> Iterator[Wanted]:
    """Yield what a call to S3 needs, including keys of KMS. Reads moto's state."""
    bucket, key = call.text("Bucket"), call.text("Key")
    context = _context(call)
    if call.operation == "DeleteObjects":
        yield from _deletions(call, bucket, context)
        return
    if call.operation in ("CopyObject", "UploadPartCopy"):
        yield from _source(call, context)
        yield Wanted(action="s3:PutObject", resource=_arn(bucket, key), context=context)
    else:
        version = call.text("VersionId")
        context |= {
            f"s3:existingobjecttag/{name.lower()}": (value,) for name, value in _tags(bucket, key, version).items()
        }
        yield Wanted(action=f"s3:{_action(call.operation, version)}", resource=_arn(bucket, key), context=context)
    if call.operation in _WRITES:
        if "x-amz-acl" in call.headers:
            yield Wanted(action="s3:PutObjectAcl", resource=_arn(bucket, key), context=context)
        if "x-amz-tagging" in call.headers:
            yield Wanted(action="s3:PutObjectTagging", resource=_arn(bucket, key), context=context)
        if "x-amz-object-lock-retain-until-date" in call.headers:
            yield Wanted(action="s3:PutObjectRetention", resource=_arn(bucket, key), context=context)
        if "x-amz-object-lock-legal-hold" in call.headers:
            yield Wanted(action="s3:PutObjectLegalHold", resource=_arn(bucket, key), context=context)
    yield from _keys(call, bucket, key, context)


def _action(operation: str, version: str) -> str:
    listed = _NUMBERED.fullmatch(operation)
    if listed:
        return f"{'Get' if listed[1] in ('Get', 'List') else 'Put'}{listed[2]}Configuration"
    name = _ACTIONS.get(operation, operation)
    if not version or name not in _OF_VERSIONS:
        return name
    return name.replace("Object", "ObjectVersion")


def _arn(bucket: str, key: str = "") -> str:
    if not bucket:
        return "*"
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _context(call: ApiCall) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {
        "s3:resourceaccount": (ACCOUNT_ID,),
        "s3:tlsversion": ("1.3",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
        "s3:authtype": ("REST-QUERY-STRING" if call.presigned else "REST-HEADER",),
    }
    for name in _HEADER_KEYS:
        if name in call.headers:
            context[f"s3:{name}"] = (call.headers[name],)
    for key, parameter in _PARAMETER_KEYS.items():
        # An empty prefix is one: a policy may demand that a list names its folder.
        if call.parameters.get(parameter) is not None:
            context[key] = (str(call.parameters[parameter]),)
    tags = requested_tags(call)
    if tags:
        context |= {f"s3:requestobjecttag/{name.lower()}": (value,) for name, value in tags.items()}
        context["s3:requestobjecttagkeys"] = tuple(tags)
    return context


def _deletions(call: ApiCall, bucket: str, context: Context) -> Iterator[Wanted]:
    try:
        # expat bounds the expansion of entities.
        root = ET.fromstring(call.body)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise MalformedCallError(f"DeleteObjects: {error}") from error
    shared = {name: values for name, values in context.items() if name != "s3:versionid"}
    for entry in root.iterfind("{*}Object"):
        version = entry.findtext("{*}VersionId", "")
        resource = _arn(bucket, entry.findtext("{*}Key", "*"))
        own = {"s3:versionid": (version,)} if version else {}
        yield Wanted(action=f"s3:{_action('DeleteObject', version)}", resource=resource, context=shared | own)


def _source(call: ApiCall, context: Context) -> Iterator[Wanted]:
    path, _, version = call.headers.get("x-amz-copy-source", "").partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    yield Wanted(action=f"s3:{_action('GetObject', version)}", resource=_arn(bucket, key), context=context)
    yield from _decrypted(call, bucket, key, _object(bucket, key, version))


def _keys(call: ApiCall, bucket: str, key: str, context: Context) -> Iterator[Wanted]:
    if call.operation == "GetObjectAttributes":
        yield Wanted(
            action=f"s3:{_action('GetObject', call.text('VersionId'))}", resource=_arn(bucket, key), context=context
        )
    if call.operation in _READS:
        found = _object(bucket, key, call.text("VersionId"))
        if found is None:
            # Only those who may list the bucket learn that an object is missing.
            yield Wanted(action="s3:ListBucket", resource=_arn(bucket), context=context)
        yield from _decrypted(call, bucket, key, found)
    elif call.operation in _USES:
        key_id, bucket_key = _key_for_new(call, bucket)
        bound = {"aws:s3:arn": _arn(bucket, "" if bucket_key else key)}
        yield from used_through(call, key_id, *_USES[call.operation], encryption_context=bound)


def _decrypted(call: ApiCall, bucket: str, key: str, found: Any) -> Iterator[Wanted]:
    """Yield the use of the key of an object that is read."""
    if found is not None and found.encryption == "aws:kms":
        bound = {"aws:s3:arn": _arn(bucket, "" if str(found.bucket_key_enabled).lower() == "true" else key)}
        yield from used_through(call, found.kms_key_id, "Decrypt", encryption_context=bound)


def _key_for_new(call: ApiCall, bucket: str) -> tuple[str | None, bool]:
    """Return the key that will encrypt a new object, and whether the bucket uses a bucket key."""
    found = stored.bucket(bucket)
    rule = (found.encryption or {}).get("Rule", {}) if found is not None else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    bucket_key = str(rule.get("BucketKeyEnabled", "")).lower() == "true"
    requested = call.headers.get("x-amz-server-side-encryption")
    algorithm = requested or default.get("SSEAlgorithm")
    if algorithm not in ("aws:kms", "aws:kms:dsse"):
        return None, False
    own = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    # Without a key, KMS means the default key of the bucket only if the request names no encryption at all.
    return own or (None if requested else default.get("KMSMasterKeyID")), bucket_key


def _tags(bucket: str, key: str, version: str) -> dict[str, str]:
    """Return the tags of a stored object."""
    found = _object(bucket, key, version) if key else None
    return {} if found is None else dict(backend("s3", GLOBAL).tagger.get_tag_dict_for_resource(found.arn))


def _object(bucket: str, key: str, version: str) -> Any:
    """Return the stored object; None without one, or if its newest version is a delete marker."""
    found = stored.bucket(bucket)
    if found is None:
        return None
    if version:
        return next((one for one in found.keys.getlist(key, []) if str(one.version_id) == version), None)
    newest = found.keys.get(key)
    return newest if hasattr(newest, "encryption") else None
