"""Checks a password against what PostgreSQL stores of it: the verifier of SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

import base64
import hashlib
import hmac
import re

_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")


def matches(password: str, verifier: str | None) -> bool:
    """Whether it is the password of the user whose ``pg_authid.rolpassword`` is given.

    Args:
        password: as the client sent it. Unlike PostgreSQL this does not normalise it (SASLprep), which differs outside ASCII only.
        verifier: "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>"; None, or a hash of another kind, matches nothing.

    """
    parts = _VERIFIER.fullmatch(verifier or "")
    if parts is None:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(parts[2]), int(parts[1]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), base64.b64decode(parts[3]))
