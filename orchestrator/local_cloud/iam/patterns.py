"""Patterns of policies: wildcards, ARNs segment by segment, policy variables.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "... Condition operators" (ARN condition operators) and "... Variables and tags".
"""

import re
from collections.abc import Mapping
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case ("aws:requestedregion") and the values that a request has for each; a key that is not there is missing."""

_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_LITERALS = {"*", "?", "$"}
_ARN_PARTS = 6


class UnknownVariable(Exception):  # noqa: N818 - names what is unknown, and never leaves this package
    """A policy variable without default whose key the request does not carry, or carries more than once."""


def matches(pattern: str, value: str) -> bool:
    """Wildcard matching over the whole text: ``*`` for any characters, ``?`` for one, with respect to case."""
    return _compiled(pattern).fullmatch(value) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Wildcard matching of ARNs: each of the six parts for itself, so that no wildcard reaches over a colon of another part.

    Args:
        pattern: "*", or an ARN; the parts that an incomplete ARN lacks are taken as ``*``.
        arn: of the request; "*" where an action knows no resources.

    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    if len(given) < _ARN_PARTS:
        return False
    wanted += ["*"] * (_ARN_PARTS - len(wanted))
    return all(matches(part, actual) for part, actual in zip(wanted, given, strict=True))


def escaped(text: str) -> str:
    """The text as a pattern that matches it alone."""
    return _ESCAPED.sub(lambda match: _PRIVATE[match.group()], text)


def substituted(text: str, context: Context, *, as_pattern: bool) -> str:
    """Puts the values of policy variables into a text.

    Args:
        text: may hold ``${aws:username}``, ``${aws:username, 'nobody'}``, and ``${*}``, ``${?}``, ``${$}`` for the characters themselves.
        context: of the request.
        as_pattern: whether the result is matched with wildcards: what comes from a variable is then not one.

    Raises:
        UnknownVariable: no value, no default.

    """
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        key, default = match.groups()
        if key in _LITERALS:
            found: str | None = key
        else:
            values = context.get(key.lower(), ())
            found = values[0] if len(values) == 1 else default
        if found is None:
            raise UnknownVariable(key)
        return escaped(found) if as_pattern else found

    return _VARIABLE.sub(value, text)


# Characters of Unicode's private use area stand for wildcards that are meant as characters.
_PRIVATE = {"*": "\ue000", "?": "\ue001"}
_ESCAPED = re.compile(r"[*?]")
_PUBLIC = {"\ue000": r"\*", "\ue001": r"\?"}


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = {"*": ".*", "?": "."} | _PUBLIC
    return re.compile("".join(pieces.get(character) or re.escape(character) for character in pattern), re.DOTALL)
