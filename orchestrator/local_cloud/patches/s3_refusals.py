"""S3: how a request is refused before moto handles it, and what it names.

Source of the codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.core.responses import ActionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.patches.registry import around


class RefusedByS3Error(S3ClientError):
    """S3 refuses a request, with a status that its service model does not state."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Keep the status beside moto's code and message."""
        super().__init__(code, message)
        self.status = status


def before(check: Callable[[Any], None], *names: str) -> None:
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


def failed_condition() -> RefusedByS3Error:
    """Build the error of a condition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return RefusedByS3Error("PreconditionFailed", message, 412)


def matches(etag: str, stored_object: Any) -> bool:
    """Tell whether an ETag, with or without quotes, is that of an object."""
    return etag == "*" or etag.strip('"') == stored_object.etag.strip('"')


def bucket_of(response: Any) -> Any:
    """Find the bucket of a request; None for one that does not exist."""
    return stored.bucket(response.bucket_name)


def object_of(response: Any) -> Any:
    """Find the object of a request; None for one that does not exist."""
    if bucket_of(response) is None:
        return None
    version = response.querystring.get("versionId", [None])[0]
    return response.backend.get_object(response.bucket_name, response.parse_key_name(), version_id=version)


def source_of(response: Any) -> Any:
    """Find the source of a copy; None for another request, and for a source that does not exist."""
    parts = urlsplit(response.headers.get("x-amz-copy-source", ""))
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not key or stored.bucket(bucket) is None:
        return None
    return response.backend.get_object(bucket, key, version_id=parse_qs(parts.query).get("versionId", [None])[0])
