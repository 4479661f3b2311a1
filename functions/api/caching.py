"""Validators and lifetimes of answers (RFC 9110, RFC 9111)."""

import hashlib
from base64 import urlsafe_b64encode

SETTLED_SECONDS = 60
"""How long a client may use an answer of closed bars without asking. Not for ever: a late or corrected trade changes a closed bar."""


def entity_tag(body: str) -> str:
    """Return the tag of a body; a weak one, because API Gateway may compress the body on its way."""
    digest = hashlib.sha256(body.encode()).digest()[:15]
    return f'W/"{urlsafe_b64encode(digest).decode()}"'


def is_current(tag: str, condition: str) -> bool:
    """Whether the value of If-None-Match names a tag; strong and weak ones are compared alike."""
    given = {part.strip().removeprefix("W/") for part in condition.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


def cache_control(*, settled: bool) -> str:
    """Return for how long an answer may be kept: by the client only, as the key decides who may see it."""
    return f"private, max-age={SETTLED_SECONDS}" if settled else "private, no-cache"
