"""Whether a login is let in, and what a client that is not gets to read."""

from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from typing import Protocol

from orchestrator.local_cloud.database import scram
from orchestrator.local_cloud.database.cluster import Cluster
from orchestrator.local_cloud.database.iam_token import TokenError, check_claims, read_token
from orchestrator.local_cloud.database.protocol import Startup
from orchestrator.local_cloud.database.roles import Credentials
from orchestrator.local_cloud.database.session import SUPERUSER

INVALID_AUTHORIZATION, INVALID_PASSWORD = "28000", "28P01"
_TEMPORARY_PREFIX = "ASIA"


class Verdict(Protocol):
    """What IAM says about a request."""

    @property
    def allowed(self) -> bool: ...

    @property
    def cause(self) -> str:
        """Why not: "because no identity-based policy allows ..."."""


MayConnect = Callable[[str, str], Verdict]
"""(access key id, ARN of the database user) -> whether rds-db:connect is allowed."""


class RefusedLoginError(Exception):
    """A login that ends here.

    Attributes:
        code: the SQLSTATE.
        text: what the client is told.
        reason: what the log says besides; clients never learn why authentication failed.

    """

    def __init__(self, code: str, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.reason = code, text, reason


def check_entry(cluster: Cluster, startup: Startup, *, encrypted: bool) -> None:
    """What pg_hba.conf decides before any password is asked for.

    Raises:
        RefusedLoginError: with PostgreSQL's own words.

    """
    whence = f'for host "127.0.0.1", user "{startup.user}", database "{startup.database}"'
    how = "SSL encryption" if encrypted else "no encryption"
    if startup.user == SUPERUSER:
        raise RefusedLoginError(INVALID_AUTHORIZATION, f"pg_hba.conf rejects connection {whence}, {how}")
    if cluster.force_tls and not encrypted:
        raise RefusedLoginError(INVALID_AUTHORIZATION, f"no pg_hba.conf entry {whence}, {how}")


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
    """Whether that is the user.

    Args:
        cluster: where to.
        user: who he says he is.
        password: a password or an IAM token.
        credentials: how he may log in; None when he may not.
        may_connect: asks IAM.
        secret_access_key: of a key that was issued here.
        now: UTC.

    Raises:
        RefusedLoginError: it is not, as far as can be told.

    """
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
    elif (known is not None and compare_digest(known.encode(), password.encode())) or scram.matches(
        password, credentials.verifier
    ):
        return
    else:
        reason = (
            "the password is wrong"
            if known or credentials.verifier
            else "the user has neither a password nor the role rds_iam"
        )
    raise RefusedLoginError(INVALID_PASSWORD, f'password authentication failed for user "{user}"', reason)


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
    verdict = may_connect(token.access_key_id, arn)
    if not verdict.allowed:
        raise TokenError(f"the signer may not perform rds-db:connect on {arn} {verdict.cause}".rstrip())
