"""Who may log in, and what a client reads that may not."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest, digest

from orchestrator.local_cloud.database.cluster import Cluster
from orchestrator.local_cloud.database.iam_token import TokenError, check_claims, read_token
from orchestrator.local_cloud.database.protocol import Startup
from orchestrator.local_cloud.database.roles import Credentials
from orchestrator.local_cloud.database.session import SUPERUSER
from orchestrator.local_cloud.iam.evaluate import Decision

INVALID_AUTHORIZATION, INVALID_PASSWORD = "28000", "28P01"
_TEMPORARY_PREFIX = "ASIA"
_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d{1,7}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
# PostgreSQL's default is 4096. A user who may create roles can choose any number, and a billion take minutes.
_MOST_ITERATIONS = 1_000_000

MayConnect = Callable[[str, str], Decision]
"""(access key id, ARN of the database user) -> whether IAM allows rds-db:connect."""


class RefusedLoginError(Exception):
    """A refused login: an SQLSTATE, what the client reads, and a reason that only the log contains."""

    def __init__(self, code: str, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.reason = code, text, reason


def check_entry(cluster: Cluster, startup: Startup, *, encrypted: bool) -> None:
    """Refuse, with PostgreSQL's own message, what pg_hba.conf refuses before any password is asked for."""
    source = f'for host "127.0.0.1", user "{startup.user}", database "{startup.database}"'
    how = "SSL encryption" if encrypted else "no encryption"
    if startup.user == SUPERUSER:
        raise RefusedLoginError(INVALID_AUTHORIZATION, f"pg_hba.conf rejects connection {source}, {how}")
    if cluster.force_tls and not encrypted:
        raise RefusedLoginError(INVALID_AUTHORIZATION, f"no pg_hba.conf entry {source}, {how}")


def check_password(
    cluster: Cluster,
    user: str,
    password: str,
    credentials: Credentials | None,
    *,
    may_connect: MayConnect,
    secret_access_key: Callable[[str], str | None],
    now: datetime,
) -> None:
    """Refuse a password or token that does not match a user's credentials (None: the user may not log in)."""
    if credentials is not None and credentials.iam and cluster.iam_authentication:
        try:
            _check_token(cluster, user, password, may_connect, secret_access_key, now)
        except TokenError as error:
            text = f'PAM authentication failed for user "{user}"'
            raise RefusedLoginError(INVALID_AUTHORIZATION, text, str(error)) from error
        return
    known = cluster.master_password if user == cluster.master else None
    if credentials is None:
        reason = "there is no such user that may log in"
    elif _same(password, known) or matches(password, credentials.verifier):
        return
    elif known or credentials.verifier:
        reason = "the password is wrong"
    else:
        reason = "the user has neither a password nor the role rds_iam"
    raise RefusedLoginError(INVALID_PASSWORD, f'password authentication failed for user "{user}"', reason)


def _same(password: str, known: str | None) -> bool:
    return known is not None and compare_digest(known.encode(errors="surrogatepass"), password.encode())


def matches(password: str, verifier: str | None) -> bool:
    """Return whether a password fits ``pg_authid.rolpassword``: SCRAM-SHA-256 (RFC 5802, RFC 7677), nothing else.

    Unlike PostgreSQL this does not normalise the password (SASLprep), which makes a difference outside ASCII only.
    """
    parts = _VERIFIER.fullmatch(verifier or "")
    if parts is None or not 0 < (iterations := int(parts[1])) <= _MOST_ITERATIONS:
        return False
    try:
        salt, stored = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except ValueError:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return compare_digest(hashlib.sha256(digest(salted, b"Client Key", "sha256")).digest(), stored)


def _check_token(
    cluster: Cluster,
    user: str,
    password: str,
    may_connect: MayConnect,
    secret_access_key: Callable[[str], str | None],
    now: datetime,
) -> None:
    token = read_token(password)
    check_claims(token, hosts=cluster.hosts, port=cluster.port, user=user, region=cluster.region, now=now)
    if token.access_key_id.startswith(_TEMPORARY_PREFIX) and not token.session:
        raise TokenError("the token is signed with temporary credentials, but holds no session token")
    secret = secret_access_key(token.access_key_id)
    if secret is None:
        raise TokenError("the token is signed with a key that this cloud has not issued")
    if not token.signed_with(secret):
        raise TokenError("the signature of the token is wrong")
    arn = cluster.user_arn(user)
    decision = may_connect(token.access_key_id, arn)
    if not decision.allowed:
        raise TokenError(f"the signer may not perform rds-db:connect on {arn} {decision.cause}".rstrip())
