"""Sessions with AWS or with the local cloud: two targets that can never be mistaken for each other.

A session for AWS refuses to exist while endpoint overrides are set; a session for the local cloud is made of the local
cloud's own variables and sees nothing of the user's.
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

    Attributes:
        environ: the environment that Terraform gets for this target.
        endpoint: the local cloud's address; None for AWS.

    """

    environ: Mapping[str, str] = field(repr=False)
    endpoint: str | None
    account_id: str
    _session: boto3.session.Session = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str) -> Any:
        """The boto3 client of the service; it may be used from several threads, the session that makes it may not."""
        with self._lock:
            if service not in self._clients:
                # The stubs tell clients apart by literal names; here the name is a value.
                self._clients[service] = self._session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint, config=_config(self.endpoint)
                )
            return self._clients[service]


def local_session(environ: Mapping[str, str], *, endpoint: str, account_id: str) -> CloudSession:
    """A session with the local cloud.

    boto3 reads this process's environment while it makes a session, so the caller has taken real AWS settings out of it.

    Args:
        environ: the environment that reaches the local cloud, already free of real credentials.
        endpoint: its address, on the loopback interface.
        account_id: the account that it pretends to be.

    """
    session = boto3.session.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return CloudSession(environ=environ, endpoint=endpoint, account_id=account_id, _session=session)


def require_no_overrides(environ: Mapping[str, str]) -> None:
    """Check that nothing redirects calls meant for AWS.

    Raises:
        UsageError: an endpoint override is set.

    """
    overrides = sorted(
        name
        for name, value in environ.items()
        if value and (name.startswith("AWS_ENDPOINT_URL") or name == "AWS_S3_ENDPOINT")
    )
    if overrides:
        raise UsageError(
            "Endpoint overrides are set, so this is not AWS",
            detail=f"{', '.join(overrides)} would send what is meant for AWS to another place.",
            hint=f"Unset {' '.join(overrides)}, or use --target local.",
        )


def _require_no_configured_overrides(session: boto3.session.Session) -> None:
    """The same for the shared configuration file: an ``endpoint_url`` of the profile, or of the services it names.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    # boto3 shows neither; botocore's session, which it wraps, has read the file.
    inner = session._session  # noqa: SLF001
    profile = inner.get_scoped_config()
    services = inner.full_config.get("services", {}).get(profile.get("services", ""), {})
    found = ["endpoint_url"] if profile.get("endpoint_url") else []
    found.extend(name for name, settings in sorted(services.items()) if "endpoint_url" in settings)
    if found:
        raise UsageError(
            "Endpoint overrides are set, so this is not AWS",
            detail=f"The shared AWS configuration file sets endpoints for profile {session.profile_name}: {', '.join(found)}.",
            hint="Use another profile (AWS_PROFILE), or --target local.",
        )


def aws_session(environ: Mapping[str, str]) -> CloudSession:
    """A session with AWS, with the credentials that boto3 finds.

    Raises:
        UsageError: an endpoint override is set, or there are no usable credentials.

    """
    require_no_overrides(environ)
    try:
        session = boto3.session.Session(region_name=REGION)
        _require_no_configured_overrides(session)
        account_id = session.client("sts", config=_config(None)).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise UsageError(
            "No usable AWS credentials",
            detail=f"Asking AWS who we are failed: {error}",
            hint="Log in (aws sso login, or AWS_PROFILE), or use --target local.",
        ) from error
    return CloudSession(
        environ=dict(environ) | {"AWS_REGION": REGION}, endpoint=None, account_id=account_id, _session=session
    )


def deploying_principal(client: Callable[[str], Any]) -> str:
    """The ARN of the IAM role or user behind the credentials, as a trust policy names it.

    A session of a role shows the role's name without its path, so IAM is asked for the role.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html

    Raises:
        UsageError: they are of neither, but of the account itself or of a federated user, or IAM does not tell.

    """
    arn = client("sts").get_caller_identity()["Arn"]
    kind, _, name = arn.split(":", 5)[5].partition("/")
    if kind == "user":
        return str(arn)
    why = f"{arn} is neither a role nor a user."
    if kind == "assumed-role":
        try:
            return str(client("iam").get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
        except (BotoCoreError, ClientError) as error:
            why = f"Asking IAM for the role of {arn} failed: {error}"
    raise UsageError(
        "Nobody to let in to the database",
        detail=f"Unless they are named, whoever deploys first may log in to the database. {why}",
        hint="Name roles or users, by ARN with commas between: PLATFORM_DATABASE_PRINCIPALS=arn:aws:iam::...:role/...",
    )


def _config(endpoint: str | None) -> Config:
    if endpoint is None:
        return Config(retries={"mode": "standard", "max_attempts": 5})
    # A proxy of the user's must not see, or lose, what is meant for this machine.
    return Config(
        retries={"mode": "standard", "max_attempts": 2},
        s3={"addressing_style": "path"},
        proxies={},
        connect_timeout=5,
        read_timeout=60,
    )


def explain(error: ClientError | BotoCoreError, *, doing: str) -> PlatformctlError:
    """An AWS error as ours; ``doing`` completes "... failed"."""
    return PlatformctlError(f"{doing} failed", detail=str(error))
