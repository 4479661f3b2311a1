"""IAM authentication tokens: a presigned URL without its scheme that stands in for a password.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html and, for the signature,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

LIFETIME = timedelta(minutes=15)
_CLOCK_SKEW = timedelta(minutes=5)
_SERVICE = "rds-db"
_SIGNATURE = "X-Amz-Signature"


class TokenError(Exception):
    """Why a token is refused; for the log, never for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IamToken:
    """What a token says of itself.

    Attributes:
        host: of the cluster.
        port: of the cluster.
        user: of the database.
        access_key_id: whose secret key signed it.
        region: of the signature.
        signed_at: UTC.
        lifetime: from then on.
        session: the session token; empty with a user's long-lived key.
        query: all parameters, decoded; secret as long as it is valid.

    """

    host: str
    port: int
    user: str
    access_key_id: str
    region: str
    signed_at: datetime
    lifetime: timedelta
    session: str = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(repr=False)

    def signature(self, secret_access_key: str) -> str:
        """The Signature Version 4 that the holder of that key would have put on it."""
        stated = sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in self.query if name != _SIGNATURE
        )
        canonical = "\n".join(
            (
                "GET",
                "/",
                "&".join(f"{name}={value}" for name, value in stated),
                f"host:{self.host}:{self.port}\n",
                "host",
                hashlib.sha256(b"").hexdigest(),
            )
        )
        day = self.signed_at.strftime("%Y%m%d")
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                self.signed_at.strftime("%Y%m%dT%H%M%SZ"),
                f"{day}/{self.region}/{_SERVICE}/aws4_request",
                hashlib.sha256(canonical.encode()).hexdigest(),
            )
        )
        key = f"AWS4{secret_access_key}".encode()
        for part in (day, self.region, _SERVICE, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()

    def signed_with(self, secret_access_key: str) -> bool:
        """Whether its signature was made with that key."""
        return hmac.compare_digest(self.signature(secret_access_key), dict(self.query).get(_SIGNATURE, ""))


def read_token(password: str) -> IamToken:
    """Reads a token.

    Raises:
        TokenError: the password is none.

    """
    try:
        url = urlsplit(f"https://{password}")
        host, port = url.hostname, url.port
        query = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise TokenError("the password is no IAM authentication token") from error
    found = dict(query)
    if len(found) != len(query) or found.get("Action") != "connect" or not host or not port:
        raise TokenError("the password is no IAM authentication token")
    if found.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" or found.get("X-Amz-SignedHeaders") != "host":
        raise TokenError("the token is not signed with Signature Version 4 over its host")
    scope = found.get("X-Amz-Credential", "").split("/")
    try:
        access_key_id, day, region, service, end = scope
        signed_at = datetime.strptime(found.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(found.get("X-Amz-Expires", "")))
    except (ValueError, OverflowError) as error:
        raise TokenError("the token's credential scope, date or lifetime is malformed") from error
    if (service, end, day) != (_SERVICE, "aws4_request", signed_at.strftime("%Y%m%d")):
        raise TokenError(
            f'the token is signed for the service "{service}" on {day}, not for "{_SERVICE}" on its own date'
        )
    return IamToken(
        host=host,
        port=port,
        user=found.get("DBUser", ""),
        access_key_id=access_key_id,
        region=region,
        signed_at=signed_at,
        lifetime=lifetime,
        session=found.get("X-Amz-Security-Token", ""),
        query=tuple(query),
    )


def check_claims(token: IamToken, *, hosts: Collection[str], port: int, user: str, region: str, now: datetime) -> None:
    """Whether a token is for this login; its signature and its signer's permission are not looked at.

    Args:
        token: from ``read_token``.
        hosts: the cluster's endpoints.
        port: the cluster's.
        user: who wants to log in.
        region: the cluster's.
        now: UTC.

    Raises:
        TokenError: it is for another host, port, user, region or time.

    """
    if token.host not in hosts or token.port != port:
        raise TokenError(f"the token is for {token.host}:{token.port}, which is no endpoint of this cluster")
    if token.user != user:
        raise TokenError(f'the token is for the user "{token.user}"')
    if token.region != region:
        raise TokenError(f"the token is signed for the region {token.region}")
    if token.signed_at > now + _CLOCK_SKEW:
        raise TokenError("the token is dated in the future")
    if now >= token.signed_at + min(token.lifetime, LIFETIME):
        raise TokenError(f"the token has expired: it was signed at {token.signed_at.isoformat()}")
