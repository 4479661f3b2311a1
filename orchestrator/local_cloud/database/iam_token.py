"""IAM authentication tokens: presigned URLs without a scheme that stand in for passwords.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html and, for the
signature, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LIFETIME = timedelta(minutes=15)
_CLOCK_SKEW = timedelta(minutes=5)
_SERVICE = "rds-db"
_STAMP = "%Y%m%dT%H%M%SZ"


class TokenError(Exception):
    """Why a token is refused; for the log, never for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IamToken:
    """What a token claims.

    ``lifetime`` counts from ``signed_at`` (UTC); ``session`` is the session token, empty with a user's long-lived key.
    ``query`` is the signed query, a secret while the token is valid.
    """

    host: str
    port: int
    user: str
    access_key_id: str
    region: str
    signed_at: datetime
    lifetime: timedelta
    session: str = field(repr=False)
    stated_signature: str = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(repr=False)

    def signature(self, secret_access_key: str) -> str:
        """Compute the Signature Version 4 that the holder of a key would have made."""
        signer = SigV4Auth(Credentials(self.access_key_id, secret_access_key), _SERVICE, self.region)
        request = AWSRequest("GET", f"https://{self.host}:{self.port}/?{urlencode(self.query, quote_via=quote)}")
        request.context["timestamp"] = self.signed_at.strftime(_STAMP)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return str(signer.signature(text, request))

    def signed_with(self, secret_access_key: str) -> bool:
        """Return whether its signature was made with a key."""
        return compare_digest(self.signature(secret_access_key).encode(), self.stated_signature.encode())


def read_token(password: str) -> IamToken:
    """Parse a token, or raise TokenError."""
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
        signed_at = datetime.strptime(found.get("X-Amz-Date", ""), _STAMP).replace(tzinfo=UTC)
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
        stated_signature=found.pop("X-Amz-Signature", ""),
        query=tuple(found.items()),
    )


def check_claims(token: IamToken, *, hosts: Collection[str], port: int, user: str, region: str, now: datetime) -> None:
    """Raise TokenError unless a token is for this host, port, user, region and time; signatures are not checked."""
    if token.host not in hosts or token.port != port:
        raise TokenError(f"the token is for {token.host}:{token.port}, which is no endpoint of this cluster")
    if token.user != user:
        raise TokenError(f'the token is for the user "{token.user}"')
    if token.region != region:
        raise TokenError(f"the token is signed for the region {token.region}")
    if token.signed_at > now + _CLOCK_SKEW:
        raise TokenError("the token is dated in the future")
    if now >= token.signed_at + max(timedelta(), min(token.lifetime, LIFETIME)):
        raise TokenError(f"the token has expired: it was signed at {token.signed_at.isoformat()}")
