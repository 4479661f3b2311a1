"""S3: the keys with which SSE-KMS encrypts and decrypts."""

from collections.abc import Iterator
from typing import Any

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.patches.registry import patch
from orchestrator.local_cloud.patches.s3_refusals import RefusedByS3Error, before, bucket_of, object_of, source_of

_SSE, _SSE_KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
_SUBRESOURCES = ("acl", "attributes", "legal-hold", "retention", "tagging", "torrent", "uploadId")


@patch(
    service="s3",
    subject="SSE-KMS",
    symptom="objects are encrypted with keys that do not exist, are disabled or about to be deleted",
    restores="400 KMS.NotFoundException, KMS.DisabledException or KMS.KMSInvalidStateException for the key of the request or the bucket's default, and for that of an object that is read or copied",
    upstream=None,
)
def encryption_keys() -> None:
    """Refuse to use a key that KMS would refuse to use.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    before(_verify_keys, "_key_response")


def _verify_keys(response: Any) -> None:
    bucket = bucket_of(response)
    if bucket is None:
        return
    for identifier in _used_keys(response, bucket):
        _verify_key(identifier, bucket.region_name)


def _used_keys(response: Any, bucket: Any) -> Iterator[str | None]:
    """Yield the keys with which a request encrypts and decrypts."""
    query, headers = response.querystring, response.headers
    is_content = not any(name in query for name in _SUBRESOURCES)
    read = object_of(response) if response.method == "GET" and is_content else source_of(response)
    if read is not None and (read.encryption or "").startswith("aws:kms"):
        yield read.kms_key_id
    creates = response.method == "POST" and "uploads" in query
    if not creates and not (response.method == "PUT" and is_content):
        return
    algorithm, key = headers.get(_SSE), headers.get(_SSE_KEY)
    if key and not (algorithm or "").startswith("aws:kms"):
        message = f"Server Side Encryption with AWS KMS managed key requires HTTP header {_SSE} : aws:kms"
        raise RefusedByS3Error("InvalidArgument", message)
    if algorithm is None and bucket.encryption:
        default = bucket.encryption["Rule"].get("ApplyServerSideEncryptionByDefault", {})
        algorithm, key = default.get("SSEAlgorithm", ""), default.get("KMSMasterKeyID")
    if (algorithm or "").startswith("aws:kms"):
        yield key


def _verify_key(identifier: str | None, region: str) -> None:
    if not identifier or identifier.endswith("alias/aws/s3"):
        return
    key = stored.key(identifier, region)
    if key is None or key.region != region:
        raise RefusedByS3Error("KMS.NotFoundException", f"Key '{identifier}' does not exist")
    if key.key_state == "Disabled":
        raise RefusedByS3Error("KMS.DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        state = "pending deletion" if key.key_state == "PendingDeletion" else key.key_state
        raise RefusedByS3Error("KMS.KMSInvalidStateException", f"{key.arn} is {state}.")
