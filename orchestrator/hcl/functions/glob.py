"""File patterns of ``fileset``: ``*`` and ``?`` within a name, ``**`` over folders, ``[a-z]``, ``{a,b}``."""

import re
from functools import lru_cache


class GlobError(Exception):
    """A pattern is not closed where it must be."""


@lru_cache(maxsize=256)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """A regular expression that fits the whole of a path with forward slashes; raises GlobError."""
    translated, end = _translate(pattern, 0, closing="")
    assert end == len(pattern)
    return re.compile(translated + r"\Z", re.DOTALL)


def _translate(pattern: str, at: int, *, closing: str) -> tuple[str, int]:
    """Translates up to one of the closing characters, or the end where there are none."""
    parts: list[str] = []
    while at < len(pattern):
        character = pattern[at]
        if character in closing:
            return "".join(parts), at
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            parts.append("(?:[^/]+/)*")
            at += 3
        elif pattern[at:] == "**" and (at == 0 or pattern[at - 1] == "/"):
            parts.append(".*")
            at += 2
        elif character == "{":
            alternatives, at = _alternatives(pattern, at + 1)
            parts.append(alternatives)
        elif character == "[":
            members, at = _members(pattern, at + 1)
            parts.append(members)
        elif character == "\\":
            if at + 1 == len(pattern):
                raise GlobError
            parts.append(re.escape(pattern[at + 1]))
            at += 2
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)))
            at += 1
    if closing:
        raise GlobError
    return "".join(parts), at


def _alternatives(pattern: str, at: int) -> tuple[str, int]:
    alternatives: list[str] = []
    while True:
        alternative, at = _translate(pattern, at, closing=",}")
        alternatives.append(alternative)
        at += 1
        if pattern[at - 1] == "}":
            return f"(?:{'|'.join(alternatives)})", at


def _members(pattern: str, at: int) -> tuple[str, int]:
    end = pattern.find("]", at + 1)
    if end < 0:
        raise GlobError
    members = pattern[at:end]
    negated = members[:1] in ("^", "!")
    members = members[1:] if negated else members
    escaped = "".join(character if character == "-" else re.escape(character) for character in members)
    try:
        re.compile(f"[{escaped}]")
    except re.error:
        raise GlobError from None
    return (f"[^/{escaped}]" if negated else f"[{escaped}]"), end + 1
