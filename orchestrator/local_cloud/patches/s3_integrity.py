"""S3: integrity, expiry, conditions, encryption keys and limits, where moto accepts what AWS refuses.

Each check runs before moto handles the request, and refuses it with the code, the status and the message of S3. Source of the
codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.parsers.expat import ExpatError

import xmltodict
from moto.core.responses import ActionResult
from moto.s3.exceptions import InvalidPart, MalformedXML, S3ClientError
from moto.s3.responses import S3Response
from werkzeug.datastructures import Headers, MultiDict

from orchestrator.local_cloud.checksums import DIGESTS, decoded
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.patches.registry import around, patch

_MD5_LENGTH = 16
_SHA256_HEX_LENGTH = 64
_WEEK = 604_800
_CLOCK_SKEW = timedelta(minutes=15)
_MAX_KEYS = 1000
_CHECKSUM = "x-amz-checksum-"
_SSE, _SSE_KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"


class RefusedByS3Error(S3ClientError):
    """A request that S3 refuses, with a status that S3's service model does not state."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Keep the status beside moto's code and message."""
        super().__init__(code, message)
        self.status = status


def _before(check: Callable[[Any], None], *names: str) -> None:
    """Run a check before moto's handlers of these names; what it raises becomes the response."""
    for name in names or ("_bucket_response", "_key_response"):

        @around(S3Response, name)
        def respond(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                check(self)
            except RefusedByS3Error as refusal:
                _, headers, body = self.serialized(ActionResult(refusal))
                return refusal.status, headers, "" if self.method == "HEAD" else body
            return original(self, *args, **kwargs)


# Integrity


@patch(
    service="s3",
    subject="bodies with Content-Type application/x-www-form-urlencoded",
    symptom="the object is stored empty; curl --data-binary sends this type",
    restores="the body is stored whatever its type is; only POST with multipart/form-data is a form",
    upstream=None,
)
def bodies_that_look_like_forms() -> None:
    """Keep moto from reading a body as a form that S3 does not take for one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
    """

    @around(S3Response, "setup_class")
    def setup_class(original: Callable[..., None], self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.method != "POST" or request.mimetype != "multipart/form-data":
            request.get_data(cache=True, parse_form_data=False)
            # Werkzeug parses a form only where it has none.
            vars(request).update(form=MultiDict(), files=MultiDict())
        original(self, request, *args, **kwargs)


@patch(
    service="s3",
    subject="Content-MD5, x-amz-checksum-*, x-amz-content-sha256",
    symptom="never compared with the body, so a damaged upload is stored",
    restores="400 BadDigest, InvalidDigest, InvalidRequest or XAmzContentSHA256Mismatch, for headers, trailers and multipart uploads; xxHash is not verified",
    upstream="issues/5719",
)
def body_integrity() -> None:
    """Verify what a request says of its body.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    _before(_verify_body)


def _verify_body(response: Any) -> None:
    headers, body = response.headers, response.body or b""
    if response.method not in ("PUT", "POST") or response.form_data or not isinstance(body, bytes):
        return
    _verify_payload_hash(headers.get("x-amz-content-sha256", ""), response.raw_body or b"")
    _verify_md5(headers.get("Content-MD5"), body)
    if response.method == "POST" and "uploadId" in response.querystring:
        _verify_upload(response)
    elif "x-amz-copy-source" not in headers:
        _verify_checksum(response, body)


def _verify_payload_hash(stated: str, raw: bytes) -> None:
    if len(stated) == _SHA256_HEX_LENGTH and not hmac.compare_digest(stated.lower(), hashlib.sha256(raw).hexdigest()):
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise RefusedByS3Error("XAmzContentSHA256Mismatch", message)


def _verify_md5(stated: str | None, body: bytes) -> None:
    if stated is None:
        return
    digest = decoded(stated, _MD5_LENGTH)
    if digest is None:
        raise RefusedByS3Error("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if digest != DIGESTS["md5"](body):
        raise RefusedByS3Error("BadDigest", "The Content-MD5 you specified did not match what we received.")


def _verify_checksum(response: Any, body: bytes) -> None:
    """Verify a checksum in the headers, or in the trailers of an aws-chunked body."""
    headers = response.headers
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    stated = _checksums(headers)
    if trailer.startswith(_CHECKSUM):
        value = _trailers(response.raw_body or b"").get(trailer)
        if value is None:
            raise RefusedByS3Error(
                "MalformedTrailerError",
                "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            )
        stated[trailer.removeprefix(_CHECKSUM)] = value
    if len(stated) > 1:
        message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise RefusedByS3Error("InvalidRequest", message)
    if not stated and headers.get("x-amz-sdk-checksum-algorithm"):
        message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
        raise RefusedByS3Error("InvalidRequest", message)
    if "delete" in response.querystring and not stated and "Content-MD5" not in headers:
        raise RefusedByS3Error("InvalidRequest", "Missing required header for this request: Content-MD5")
    for algorithm, value in stated.items():
        _compare(algorithm, value, DIGESTS[algorithm](body) if algorithm in DIGESTS else None)


def _checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums in the headers by algorithm."""
    about = ("algorithm", "mode", "type")
    named = {name.lower(): value for name, value in headers.items()}
    found = {name.removeprefix(_CHECKSUM): value for name, value in named.items() if name.startswith(_CHECKSUM)}
    return {algorithm: value for algorithm, value in found.items() if algorithm not in about}


def _compare(algorithm: str, stated: str, *computed: bytes | None) -> None:
    """Refuse a checksum that is malformed, or equal to none of those computed; None is one that cannot be."""
    expected = [digest for digest in computed if digest is not None]
    if not expected:
        return
    digest = decoded(stated, len(expected[0]))
    if digest is None:
        raise RefusedByS3Error("InvalidRequest", f"Value for {_CHECKSUM}{algorithm} header is invalid.")
    if digest not in expected:
        message = f"The {algorithm.upper()} you specified did not match the calculated checksum."
        raise RefusedByS3Error("BadDigest", message)


def _trailers(raw: bytes) -> dict[str, str]:
    """Read the trailing headers of an aws-chunked body, which moto has decoded before."""
    position, size = 0, -1
    while size:
        end = raw.find(b"\r\n", position)
        if end < 0:
            return {}
        size = int(raw[position:end].partition(b";")[0], 16)
        position = end + 2 + (size + 2 if size else 0)
    pairs = (line.partition(":") for line in raw[position:].decode("latin-1").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _verify_upload(response: Any) -> None:
    """Verify the checksums and the size with which a multipart upload is completed.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    upload = _bucket(response) and _bucket(response).multiparts.get(response.querystring["uploadId"][0])
    if upload is None:
        return
    try:
        document = xmltodict.parse(response.body, force_list=("Part",))
        listed = [
            (upload.parts[int(part["PartNumber"])].value, part) for part in document["CompleteMultipartUpload"]["Part"]
        ]
    except (ExpatError, KeyError, TypeError, ValueError):
        return  # moto refuses what is malformed, and parts that were not uploaded
    for content, part in listed:
        for algorithm, digest in DIGESTS.items():
            stated = part.get(f"Checksum{algorithm.upper()}")
            if stated is not None and decoded(stated, len(digest(b""))) != digest(content):
                raise InvalidPart
    contents = [content for content, _ in listed]
    size = response.headers.get("x-amz-mp-object-size")
    if size is not None and size != str(sum(map(len, contents))):
        message = "The provided 'x-amz-mp-object-size' header value does not match what was computed."
        raise RefusedByS3Error("InvalidRequest", message)
    for algorithm, value in _checksums(response.headers).items():
        if algorithm in DIGESTS:
            digest = DIGESTS[algorithm]
            composite = digest(b"".join(map(digest, contents)))
            _compare(algorithm, value.partition("-")[0], digest(b"".join(contents)), composite)


# Expiry


@patch(
    service="s3",
    subject="presigned URLs and POST policies",
    symptom="they never expire",
    restores='403 AccessDenied "Request has expired", or 400 AuthorizationQueryParametersError for a validity that is malformed or over a week; a POST policy expires, too, and its content-length-range applies',
    upstream=None,
)
def presigned_expiry() -> None:
    """Refuse presigned requests outside of their validity.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    _before(_verify_validity)


def _verify_validity(response: Any) -> None:
    query = {name: values[0] for name, values in parse_qs(response.parsed_url.query, keep_blank_values=True).items()}
    now = datetime.now(UTC)
    if "X-Amz-Signature" in query:
        start, seconds = _signed_at(query.get("X-Amz-Date", "")), _validity(query.get("X-Amz-Expires", ""))
        if start > now + _CLOCK_SKEW:
            raise RefusedByS3Error("AccessDenied", "Request is not yet valid", 403)
        if start + timedelta(seconds=seconds) < now:
            raise RefusedByS3Error("AccessDenied", "Request has expired", 403)
    elif "Signature" in query and "AWSAccessKeyId" in query:
        stated = query.get("Expires", "")
        if not _is_number(stated):
            message = f"Invalid date (should be seconds since epoch): {stated}"
            raise RefusedByS3Error("AccessDenied", message, 403)
        if int(stated) < now.timestamp():
            raise RefusedByS3Error("AccessDenied", "Request has expired", 403)
    elif response.form_data.get("policy"):
        _verify_post_policy(response.form_data["policy"], len(response.body or b""), now)


def _signed_at(value: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = """X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'\""""
        raise RefusedByS3Error("AuthorizationQueryParametersError", message) from None


def _validity(value: str) -> int:
    """Return the seconds for which a URL is valid."""
    problem = ""
    if not _is_number(value.removeprefix("-")):
        problem = "X-Amz-Expires should be a number"
    elif value.startswith("-"):
        problem = "X-Amz-Expires must be non-negative"
    elif int(value) > _WEEK:
        problem = f"X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than {_WEEK} seconds"
    if problem:
        raise RefusedByS3Error("AuthorizationQueryParametersError", problem)
    return int(value)


def _is_number(value: str) -> bool:
    """Tell whether a text is a number that no clock overflows."""
    return value.isascii() and value.isdigit() and len(value) <= 15  # noqa: PLR2004 - milliseconds fit, too


def _verify_post_policy(encoded: str, size: int, now: datetime) -> None:
    try:
        policy = json.loads(base64.b64decode(encoded))
        expiration = datetime.fromisoformat(policy["expiration"])
        ranges = [
            one for one in policy.get("conditions", ()) if isinstance(one, list) and one[0] == "content-length-range"
        ]
        limits = [(int(low), int(high)) for _, low, high in ranges]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise RefusedByS3Error("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None
    if expiration.replace(tzinfo=expiration.tzinfo or UTC) < now:
        raise RefusedByS3Error("AccessDenied", "Invalid according to Policy: Policy expired.", 403)
    if any(size < low for low, _ in limits):
        raise RefusedByS3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    if any(size > high for _, high in limits):
        raise RefusedByS3Error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


# Conditions


@patch(
    service="s3",
    subject="conditional writes and copies",
    symptom="If-Match of CompleteMultipartUpload and CopyObject and most x-amz-copy-source-if-* are ignored; DeleteObject refuses If-Match: *",
    restores="412 PreconditionFailed when a condition fails, 404 NoSuchKey when If-Match finds no object",
    upstream="pull/8380",
)
def conditional_writes() -> None:
    """Evaluate the conditions that moto ignores.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    _before(_verify_conditions, "_key_response")

    @around(S3Response, "delete_object")
    def delete_object(original: Callable[..., Any], self: Any) -> Any:
        if self.headers.get("If-Match") == "*" and _existing(self) is not None:
            # An attribute of this one response object, which lives as long as the request.
            self.headers = Headers(
                [(name, value) for name, value in self.headers.items() if name.lower() != "if-match"]
            )
        return original(self)


def _verify_conditions(response: Any) -> None:
    if _bucket(response) is None:
        return
    source = _source(response)
    if source is not None:
        _verify_source(response.headers, source)
    upload = response.querystring.get("uploadId", [None])[0]
    completes = response.method == "POST" and upload is not None
    if not completes and (source is None or upload is not None):
        return  # moto evaluates those of PutObject; the parts of an upload have none of their own
    existing = _existing(response)
    if completes and existing is not None and existing.multipart and existing.multipart.id == upload:
        return  # a repeated completion, which has passed its conditions before
    wanted = response.headers.get("If-Match")
    if wanted and existing is None:
        raise RefusedByS3Error("NoSuchKey", "The specified key does not exist.", 404)
    if wanted and not _matches(wanted, existing):
        raise _failed()
    if response.headers.get("If-None-Match") == "*" and existing is not None:
        raise _failed()


def _verify_source(headers: Mapping[str, str], source: Any) -> None:
    """Evaluate the conditions on the source of a copy; the ETag takes precedence over the date."""
    stated = {name: headers.get(f"x-amz-copy-source-if-{name}") for name in _CONDITIONS}
    modified = source.last_modified.replace(microsecond=0, tzinfo=UTC)
    match, unmodified = stated["match"], _date(stated["unmodified-since"])
    none_match, changed = stated["none-match"], _date(stated["modified-since"])
    if match:
        if not _matches(match, source):
            raise _failed()
    elif unmodified and modified > unmodified:
        raise _failed()
    if none_match:
        if _matches(none_match, source):
            raise _failed()
    elif changed and modified <= changed:
        raise _failed()


_CONDITIONS = ("match", "none-match", "modified-since", "unmodified-since")


def _failed() -> RefusedByS3Error:
    message = "At least one of the pre-conditions you specified did not hold"
    return RefusedByS3Error("PreconditionFailed", message, 412)


def _matches(etag: str, stored_object: Any) -> bool:
    return etag == "*" or etag.strip('"') == stored_object.etag.strip('"')


def _date(value: str | None) -> datetime | None:
    """Parse the date of a condition; S3 ignores one that is malformed."""
    try:
        found = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)


# Encryption keys


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
    _before(_verify_keys, "_key_response")


def _verify_keys(response: Any) -> None:
    bucket = _bucket(response)
    if bucket is None:
        return
    for identifier in _used_keys(response, bucket):
        _verify_key(identifier, bucket.region_name)


def _used_keys(response: Any, bucket: Any) -> Iterator[str | None]:
    """Yield the keys with which a request encrypts and decrypts."""
    query, headers = response.querystring, response.headers
    read = _existing(response) if response.method == "GET" and "uploadId" not in query else _source(response)
    if read is not None and (read.encryption or "").startswith("aws:kms"):
        yield read.kms_key_id
    creates = response.method == "POST" and "uploads" in query
    part_of_object = ("acl", "legal-hold", "retention", "tagging", "uploadId")
    if not creates and (response.method != "PUT" or any(name in query for name in part_of_object)):
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


# Deletion of many objects


@patch(
    service="s3",
    subject="DeleteObjects",
    symptom="Quiet is ignored, and so are an object's ETag and the limit of 1,000 keys",
    restores="Quiet returns errors only; an ETag that does not match is an error of its object; more keys are 400 MalformedXML",
    upstream=None,
)
def delete_objects() -> None:
    """Delete as DeleteObjects is documented.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """

    @around(S3Response, "_bucket_response_delete_keys")
    def delete_keys(
        original: Callable[..., Any],
        self: Any,
        bucket_name: str,
        authenticated: bool = True,
    ) -> Any:
        request = _deletion(self.body)
        refused = list(_unmatched(self, request["Object"])) if authenticated else []
        quiet = str(request.get("Quiet")).strip().lower() == "true"
        serialized = self.serialized

        def answered(answer: Any) -> Any:
            deleted, errors = answer.result["Deleted"], answer.result["Errors"]
            result = {"Deleted": [] if quiet else deleted, "Errors": [*errors, *(error for _, error in refused)]}
            return serialized(ActionResult(result))

        # Attributes of this one response object, which lives as long as the request.
        self.serialized = answered
        if refused:
            left = [one for one in request["Object"] if not any(one is entry for entry, _ in refused)]
            self.body = xmltodict.unparse({"Delete": {"Object": left}}).encode()
            if not left:
                self.data["Action"] = "DeleteObjects"
                return answered(ActionResult({"Deleted": [], "Errors": []}))
        return original(self, bucket_name, authenticated)


def _deletion(body: bytes | None) -> dict[str, Any]:
    try:
        request: dict[str, Any] = xmltodict.parse(body or b"", strip_whitespace=False, force_list=("Object",))["Delete"]
        if 1 <= len(request["Object"]) <= _MAX_KEYS and all(one.get("Key") for one in request["Object"]):
            return request
    except (ExpatError, KeyError, TypeError, AttributeError):
        pass
    raise MalformedXML


def _unmatched(response: Any, objects: list[Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """Yield each object of a deletion whose ETag is not the stated one, with the error that reports it."""
    for one in objects:
        if one.get("ETag"):
            found = response.backend.get_object(response.bucket_name, one["Key"], version_id=one.get("VersionId"))
            if found is None or not _matches(one["ETag"], found):
                failure = _failed()
                yield one, {"Key": one["Key"], "Code": failure.code, "Message": failure.message}


# What requests name


def _bucket(response: Any) -> Any:
    return stored.bucket(response.bucket_name)


def _existing(response: Any) -> Any:
    """Find the object of a request; None for one that does not exist."""
    if _bucket(response) is None:
        return None
    version = response.querystring.get("versionId", [None])[0]
    return response.backend.get_object(response.bucket_name, response.parse_key_name(), version_id=version)


def _source(response: Any) -> Any:
    """Find the source of a copy; None for another request, and for a source that does not exist."""
    parts = urlsplit(response.headers.get("x-amz-copy-source", ""))
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not key or stored.bucket(bucket) is None:
        return None
    return response.backend.get_object(bucket, key, version_id=parse_qs(parts.query).get("versionId", [None])[0])
