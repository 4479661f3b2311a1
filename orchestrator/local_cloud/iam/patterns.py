"""Patterns of policies: wildcards, ARNs segment by segment, policy variables.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "... Condition operators" (ARN condition operators) and
"... Variables and tags".
"""

import re
from collections.abc import Mapping
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""The condition keys of a request, in lower case ("aws:requestedregion"), with their values."""

_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_LITERALS = {"*", "?", "$"}
_ARN_PARTS = 6
_LAST_OF_PART = re.compile(r"\*:")


def arn_parts(arn: str) -> list[str]:
    """Split an ARN into its six parts; those that a shorter text lacks are empty."""
    parts = arn.split(":", _ARN_PARTS - 1)
    return parts + [""] * (_ARN_PARTS - len(parts))


class UnknownVariable(Exception):  # noqa: N818 - it names what is unknown, and never leaves this package
    """A policy variable without default whose key the request lacks, or carries more than once."""


def matches(pattern: str, value: str) -> bool:
    """Match wildcards against a whole text: ``*`` for any characters, ``?`` for one; case counts."""
    return _compiled(pattern).fullmatch(value) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Match wildcards against an ARN part by part, so that none reaches into another part.

    Parts that an incomplete pattern lacks count as ``*``. The ARN is "*" for an action without resources.
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    if len(given) < _ARN_PARTS:
        return False
    wanted += ["*"] * (_ARN_PARTS - len(wanted))
    return all(matches(part, actual) for part, actual in zip(wanted, given, strict=True))


def matches_resource(pattern: str, arn: str) -> bool:
    """Match the Resource element of a statement, where a ``*`` at the end of a part may reach across colons.

    IAM User Guide, "IAM JSON policy elements: Resource". A wildcard elsewhere stays within its part, as in a condition.
    """
    if matches_arn(pattern, arn):
        return True
    return _LAST_OF_PART.search(pattern) is not None and len(arn.split(":")) >= _ARN_PARTS and _reaching(pattern, arn)


def _reaching(pattern: str, arn: str) -> bool:
    """Match with every ``*`` at the end of a part free, and those within the first five parts bound to theirs."""
    parts = pattern.split(":", _ARN_PARTS - 1)
    head = [
        part[:-1].replace("*", _WITHIN) + "*" if part.endswith("*") else part.replace("*", _WITHIN)
        for part in parts[:5]
    ]
    return matches(":".join([*head, *parts[5:]]), arn)


def escaped(text: str) -> str:
    """Return the text as a pattern that matches only it."""
    return _ESCAPED.sub(lambda match: _PRIVATE[match.group()], text)


def substituted(text: str, context: Context, *, as_pattern: bool) -> str:
    """Replace the policy variables in a text, or raise UnknownVariable.

    It may contain ``${aws:username}``, ``${aws:username, 'nobody'}``, and ``${*}``, ``${?}``, ``${$}`` for the
    characters themselves. With ``as_pattern`` the value of a variable contains no wildcards.
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


# Characters of Unicode's private use area stand for literal "*" and "?", and for a "*" that matches no colon.
_WITHIN = "\ue002"
_PRIVATE = {"*": "\ue000", "?": "\ue001"}
_ESCAPED = re.compile(r"[*?]")
_PUBLIC = {"\ue000": r"\*", "\ue001": r"\?", _WITHIN: "[^:]*"}


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile to a regular expression whose time is linear: no "*" is tried again once what follows it was found."""
    pieces = {"?": "."} | _PUBLIC
    first, *rest = (
        "".join(pieces.get(character) or re.escape(character) for character in part) for part in pattern.split("*")
    )
    between = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(first + between + (f".*{rest[-1]}" if rest else ""), re.DOTALL)
