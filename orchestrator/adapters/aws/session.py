"""Sessions with AWS and with the local cloud: two targets whose traffic cannot be mixed up.

A session with AWS is refused while endpoint overrides are set; a session with the local cloud uses the local cloud's own variables and
nothing of the user's.

Objects in S3 are read when they exist and parsed guardedly; every failure is one of ours.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import PlatformctlError, UsageError

REGION = "us-east-1"
"""The region of the platform (requirements, section B)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSession:
    """Clients for one target.

    ``environ``: the environment that Terraform gets for this target. ``endpoint``: the local cloud's address; None for
    AWS.
    """

    environ: Mapping[str, str] = field(repr=False)
    endpoint: str | None
    account_id: str
    _session: boto3.session.Session = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str) -> Any:
        """Return the boto3 client of the service; unlike the session that makes it, it may be used from several threads."""
        with self._lock:
            if service not in self._clients:
                # The stubs distinguish clients by literal names; here the name is a value.
                self._clients[service] = self._session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint, config=_config(self.endpoint)
                )
            return self._clients[service]


def local_session(environ: Mapping[str, str], *, endpoint: str, account_id: str) -> CloudSession:
    """Return a session with the local cloud.

    boto3 reads this process's environment while it makes a session, so the caller has removed real AWS settings from
    it. ``environ``: the environment of the local cloud, without real credentials.
    """
    session = boto3.session.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return CloudSession(environ=environ, endpoint=endpoint, account_id=account_id, _session=session)


def require_no_overrides(environ: Mapping[str, str]) -> None:
    """Check that no environment variable redirects calls meant for AWS.

    Raises UsageError if an endpoint override is set.
    """
    named = (name for name in environ if name.startswith("AWS_ENDPOINT_URL") or name == "AWS_S3_ENDPOINT")
    overrides = sorted(name for name in named if environ[name])
    if overrides:
        raise _redirected(
            f"{', '.join(overrides)} would redirect calls meant for AWS.",
            f"Unset {' '.join(overrides)}, or use --target local.",
        )


def _require_no_configured_overrides(session: boto3.session.Session) -> None:
    """Check the same in the shared configuration file: an ``endpoint_url`` of the profile, or of the services that it names.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    # boto3 shows neither; botocore's session, which it wraps, has read the file.
    inner = session._session  # noqa: SLF001
    profile = inner.get_scoped_config()
    services = inner.full_config.get("services", {}).get(profile.get("services", ""), {})
    found = ["endpoint_url"] if profile.get("endpoint_url") else []
    found.extend(name for name, settings in sorted(services.items()) if "endpoint_url" in settings)
    if found:
        raise _redirected(
            f"The shared AWS configuration file sets endpoints for profile {session.profile_name}: {', '.join(found)}.",
            "Use another profile (AWS_PROFILE), or --target local.",
        )


def _redirected(detail: str, hint: str) -> UsageError:
    return UsageError("Endpoint overrides are set, so this is not AWS", detail=detail, hint=hint)


def aws_session(environ: Mapping[str, str]) -> CloudSession:
    """Return a session with AWS, with the credentials that boto3 finds.

    Raises UsageError if an endpoint override is set, or there are no usable credentials.
    """
    require_no_overrides(environ)
    try:
        session = boto3.session.Session(region_name=REGION)
        _require_no_configured_overrides(session)
        account_id = session.client("sts", config=_config(None)).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise UsageError(
            "No usable AWS credentials",
            detail=f"sts:GetCallerIdentity failed: {error}",
            hint="Log in (aws sso login, or AWS_PROFILE), or use --target local.",
        ) from error
    return CloudSession(
        environ=dict(environ) | {"AWS_REGION": REGION}, endpoint=None, account_id=account_id, _session=session
    )


def deploying_principal(client: Callable[[str], Any]) -> str:
    """Return the ARN of the IAM role or user behind the credentials, as a trust policy names it.

    The ARN of a role's session lacks the path of the role, so IAM is asked for the role. Raises UsageError if they belong
    to the account itself or to a federated user, or AWS does not tell.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    caller = "the caller"
    try:
        caller = str(client("sts").get_caller_identity()["Arn"])
        kind, _, name = caller.split(":", 5)[5].partition("/")
        if kind == "user":
            return caller
        if kind == "assumed-role":
            return str(client("iam").get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
        why = f"{caller} is neither a role nor a user."
    except (BotoCoreError, ClientError) as error:
        why = f"AWS does not tell the role of {caller}: {error}"
    raise UsageError(
        "No principal for the database",
        detail=f"Unless principals are named, the first deployer may log in to the database. {why}",
        hint="Name roles or users, by ARN, separated by commas: PLATFORM_DATABASE_PRINCIPALS=arn:aws:iam::...:role/...",
    )


def _config(endpoint: str | None) -> Config:
    if endpoint is None:
        return Config(retries={"mode": "standard", "max_attempts": 5})
    # The user's proxy must not get traffic of this machine.
    return Config(
        retries={"mode": "standard", "max_attempts": 2},
        s3={"addressing_style": "path"},
        proxies={},
        connect_timeout=5,
        read_timeout=60,
    )


def explain(error: ClientError | BotoCoreError, *, doing: str) -> PlatformctlError:
    """Return an AWS error as ours; ``doing`` completes "... failed"."""
    return PlatformctlError(f"{doing} failed", detail=str(error))


ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey"})
"""S3's error codes for a missing object or bucket."""


class StoredObject(NamedTuple):
    """The content of an object; the entity tag tells it from later ones under the same key."""

    text: bytes
    etag: str


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Raise every error of AWS as a PlatformctlError; ``doing`` completes "... failed"."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=doing) from error


def code_of(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def read_object(
    session: CloudSession, bucket: str, key: str, *, doing: str, version: str | None = None
) -> StoredObject | None:
    """Read an object, or one of its versions; None when it does not exist.

    Raises PlatformctlError if S3 refuses or does not answer.
    """
    which = {} if version is None else {"VersionId": version}
    with explained(doing):
        try:
            answer = session.client("s3").get_object(Bucket=bucket, Key=key, **which)
            return StoredObject(answer["Body"].read(), str(answer.get("ETag", "")))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise


def list_keys(session: CloudSession, bucket: str, prefix: str, *, doing: str) -> list[str]:
    """List the keys of the objects under a prefix, sorted; none when there is no bucket.

    Raises PlatformctlError if S3 refuses or does not answer.
    """
    pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with explained(doing):
        try:
            return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return []
            raise


def parse_json(text: bytes) -> Any:
    """Parse JSON as RFC 8259 has it.

    Raises ValueError if it is none: no text, no JSON, nested too deep, or a number without a value.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("is nested too deep") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("a number is too large")
    return number


def unreadable(what: str, bucket: str, key: str, why: str, *, otherwise: str = "") -> PlatformctlError:
    """Return the error about an object that is not what it should be; it never quotes the content, which may hold secrets.

    ``why``: completes "s3://... "; ``otherwise``: another way out, as a sentence.
    """
    return PlatformctlError(
        f"A {what} cannot be read",
        detail=f"s3://{bucket}/{key} {why}.",
        hint="Restore an earlier version of the object, which the bucket keeps for 90 days: "
        f"aws s3api list-object-versions --bucket {bucket} --prefix {key}{otherwise and ' '}{otherwise}",
    )
