r"""Functions over regular expressions: regex, regexall, replace.

RE2 does the matching. What remains is where Go's package, which Terraform uses, differs from the C++ library: Go has no
``\C``, its group names are ASCII and may repeat, and its reasons are worded differently.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.limits import check_length
from orchestrator.hcl.values import Value

# What stands in a replacement for a group.
_REFERENCE = re.compile(rb"\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))")

# The parts of a valid pattern that matter here: quoted text, an escape, a class in brackets, the opening of a group.
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|\Z) | \\. | \[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\] | (?P<group>\((?:\?P?<(?P<name>\w+)>|(?!\?)))",
    re.DOTALL | re.VERBOSE,
)

# Enough for classes of Unicode repeated a thousand times, the most that the syntax allows.
_MEMORY = 64 * 1024 * 1024

_REASONS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
}
"""RE2's reasons in Terraform's words."""


@declare("regex", text, text)
def regex(pattern: str, value: str) -> Value:
    """Return the first match: a string, or its groups as a list or (when they are named) as an object."""
    compiled = _for_result(pattern)
    found = next(compiled.matches(value.encode()), None)
    if found is None:
        raise FunctionError("The pattern did not match any part of the given string.")
    return compiled.result(found)


@declare("regexall", text, text)
def regex_all(pattern: str, value: str) -> Value:
    """Return every match, as regex returns the first."""
    compiled = _for_result(pattern)
    return [compiled.result(found) for found in compiled.matches(value.encode())]


@declare("replace", text, text, text)
def substitute(value: str, part: str, replacement: str) -> Value:
    """Replace a part, or, when it is written between slashes, whatever the regular expression matches."""
    if len(part) < 2 or not (part.startswith("/") and part.endswith("/")):  # noqa: PLR2004 - the two slashes
        repeats = value.count(part) if part else len(value) + 1
        check_length(len(value) + repeats * (len(replacement) - len(part)))
        return composed(value.replace(part, replacement))
    compiled = _compile(part[1:-1], argument=1)
    data = value.encode()
    parts: list[bytes] = []
    end = 0
    size = len(data)
    for found in compiled.matches(data):
        parts += [data[end : found.start()], compiled.expand(found, replacement)]
        end = found.end()
        size += len(parts[-1])
        check_length(size)
    return composed(b"".join([*parts, data[end:]]).decode())


class _Pattern:
    """A compiled pattern and the names of its groups; None for a group without one. It searches UTF-8, as RE2 does.

    Raises:
        re2.error: the pattern is not valid.

    """

    def __init__(self, pattern: str) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        self._compiled = re2.compile(pattern.encode(), options)
        tokens = list(_TOKEN.finditer(pattern))
        self.names = [token["name"] for token in tokens if token["group"]]
        for token in tokens:
            if token.group() == r"\C":
                raise re2.error(r"invalid escape sequence: \C")
            if token["name"] and not token["name"].isascii():
                raise re2.error(f"invalid named capture: {token.group()}")

    def matches(self, data: bytes) -> Iterator[Any]:
        """Find every match that does not overlap; an empty one that touches the match before it does not count."""
        at, end = 0, -1
        while at <= len(data) and (found := self._compiled.search(data, at)) is not None:
            start, at = found.span()
            # RE2 finds \B between the bytes of one character, too.
            if start == at:
                at = _next_character(data, start)
                if start < len(data) and _continues(data[start]):
                    continue
            if found.end() > start or start != end:
                yield found
            end = found.end()

    def result(self, found: Any) -> Value:
        """Return a match as regex does."""
        if not self.names:
            return _text(found.group())
        groups = [_text(group) for group in found.groups()]
        return dict(zip(self.names, groups, strict=True)) if self.names[0] is not None else groups

    def expand(self, found: Any, template: str) -> bytes:
        """Fill in ``$1``, ``$name`` and ``${name}``; a group that took no part in the match is empty."""

        def group(reference: re.Match[bytes]) -> bytes:
            name = (reference[1] or reference[2] or b"").decode()
            if not name:
                return b"$"
            if name.isdigit():
                number = int(name) if name == "0" or not name.startswith("0") else -1
                return (found[number] or b"") if 0 <= number <= len(self.names) else b""
            groups = (found[index] for index, known in enumerate(self.names, start=1) if known == name)
            return next((data for data in groups if data is not None), b"")

        return _REFERENCE.sub(group, template.encode())


def _next_character(data: bytes, at: int) -> int:
    at += 1
    while at < len(data) and _continues(data[at]):
        at += 1
    return at


def _continues(byte: int) -> bool:
    """Tell whether a byte of UTF-8 belongs to the character before it."""
    return byte & 0xC0 == 0x80  # noqa: PLR2004 - 10 in binary


def _text(data: bytes | None) -> Value:
    return None if data is None else composed(data.decode())


_compiled = lru_cache(maxsize=1024)(_Pattern)


def _compile(pattern: str, *, argument: int) -> _Pattern:
    try:
        return _compiled(pattern)
    except re2.error as error:
        message = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])
        reason, _, fragment = message.partition(": ")
        explained = " in ".join([_REASONS.get(reason, reason), fragment or "\\"])
        raise FunctionError(f"Invalid regular expression: {explained}.", argument=argument) from None


def _for_result(pattern: str) -> _Pattern:
    compiled = _compile(pattern, argument=0)
    if len({name is None for name in compiled.names}) > 1:
        raise FunctionError(
            "Invalid regular expression: cannot mix both named and unnamed capture groups.",
            argument=0,
        )
    return compiled
