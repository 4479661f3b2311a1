"""S3: presigned requests expire.

The last patch of a method runs first, and patches apply in the order of their files: S3 tells nothing of a bucket to an expired request.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from orchestrator.local_cloud.patches.registry import patch
from orchestrator.local_cloud.patches.s3_refusals import RefusedByS3Error, before

_WEEK = 604_800
_CLOCK_SKEW = timedelta(minutes=15)


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
    before(_verify_validity)


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
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise RefusedByS3Error("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None
    if expiration.replace(tzinfo=expiration.tzinfo or UTC) < now:
        raise RefusedByS3Error("AccessDenied", "Invalid according to Policy: Policy expired.", 403)
    if any(size < low for low, _ in limits):
        raise RefusedByS3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    if any(size > high for _, high in limits):
        raise RefusedByS3Error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
