"""S3: conditions of writes, copies and deletions."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from moto.core.responses import ActionResult
from moto.s3.exceptions import MalformedXML
from moto.s3.responses import S3Response
from werkzeug.datastructures import Headers

from orchestrator.local_cloud.patches.registry import around, patch
from orchestrator.local_cloud.patches.s3_refusals import (
    RefusedByS3Error,
    before,
    bucket_of,
    failed_condition,
    matches,
    object_of,
    source_of,
)

_MAX_KEYS = 1000


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
    before(_verify_conditions, "_key_response")

    @around(S3Response, "delete_object")
    def delete_object(original: Callable[..., Any], self: Any) -> Any:
        if self.headers.get("If-Match") == "*" and object_of(self) is not None:
            # An attribute of this one response object, which lives as long as the request.
            self.headers = Headers(
                [(name, value) for name, value in self.headers.items() if name.lower() != "if-match"]
            )
        return original(self)


def _verify_conditions(response: Any) -> None:
    if bucket_of(response) is None:
        return
    source = source_of(response)
    if source is not None:
        _verify_source(response.headers, source)
    upload = response.querystring.get("uploadId", [None])[0]
    completes = response.method == "POST" and upload is not None
    if not completes and (source is None or upload is not None):
        return  # moto evaluates those of PutObject; the parts of an upload have none of their own
    existing = object_of(response)
    if completes and existing is not None and existing.multipart and existing.multipart.id == upload:
        return  # a repeated completion, which has passed its conditions before
    wanted = response.headers.get("If-Match")
    if wanted and existing is None:
        raise RefusedByS3Error("NoSuchKey", "The specified key does not exist.", 404)
    if wanted and not matches(wanted, existing):
        raise failed_condition()
    if response.headers.get("If-None-Match") == "*" and existing is not None:
        raise failed_condition()


_CONDITIONS = ("match", "none-match", "modified-since", "unmodified-since")


def _verify_source(headers: Mapping[str, str], source: Any) -> None:
    """Evaluate the conditions on the source of a copy; the ETag takes precedence over the date."""
    stated = {name: headers.get(f"x-amz-copy-source-if-{name}") for name in _CONDITIONS}
    modified = source.last_modified.replace(microsecond=0, tzinfo=UTC)
    match, unmodified = stated["match"], _date(stated["unmodified-since"])
    none_match, changed = stated["none-match"], _date(stated["modified-since"])
    if match:
        if not matches(match, source):
            raise failed_condition()
    elif unmodified and modified > unmodified:
        raise failed_condition()
    if none_match:
        if matches(none_match, source):
            raise failed_condition()
    elif changed and modified <= changed:
        raise failed_condition()


def _date(value: str | None) -> datetime | None:
    """Parse the date of a condition; S3 ignores one that is malformed."""
    try:
        found = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)


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
    def delete_keys(original: Callable[..., Any], self: Any, bucket_name: str, authenticated: bool = True) -> Any:
        request = _deletion(self.body)
        refused = list(_unmatched(self, request["Object"])) if authenticated else []
        quiet = str(request.get("Quiet")).strip().lower() == "true"
        serialized = self.serialized

        def answered(answer: Any) -> Any:
            if isinstance(answer.result, Exception):
                return serialized(answer)
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
            if found is None or not matches(one["ETag"], found):
                failure = failed_condition()
                yield one, {"Key": one["Key"], "Code": failure.code, "Message": failure.message}
