"""Sessions with AWS and with the local cloud: two targets whose traffic cannot be mixed up.

A session with AWS is refused while endpoint overrides are set; a session with the local cloud uses the local cloud's own variables and
nothing of the user's.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
        aws_session_token=environ.get("AWS_SESSION_TOKEN"),
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
