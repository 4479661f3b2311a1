"""S3: what a request says of its body is compared with the body."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from moto.s3.exceptions import InvalidPart
from moto.s3.responses import S3Response
from werkzeug.datastructures import MultiDict

from orchestrator.local_cloud.checksums import DIGESTS, decoded
from orchestrator.local_cloud.patches.registry import around, patch
from orchestrator.local_cloud.patches.s3_refusals import RefusedByS3Error, before, bucket_of

_MD5_LENGTH = 16
_SHA256_HEX_LENGTH = 64
_CHECKSUM = "x-amz-checksum-"


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
    before(_verify_body)


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
    upload = bucket_of(response) and bucket_of(response).multiparts.get(response.querystring["uploadId"][0])
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
