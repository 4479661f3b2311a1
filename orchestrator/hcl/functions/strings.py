r"""Functions over strings, regular expressions among them.

RE2 does the matching. What remains is where Go's package, which Terraform uses, differs from the C++ library: Go has no
``\C``, its group names are ASCII and may repeat, and its reasons are worded differently.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import re2

from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, list_of_strings, text, whole
from orchestrator.hcl.scope import FunctionError, check_length, joined
from orchestrator.hcl.values import Value

_CLUSTER = r"""
    \r\n
  | \p{GCB=Prepend}*
    (?: \p{GCB=Regional_Indicator}{2}
      | \p{GCB=L}* (?: \p{GCB=V}+ | \p{GCB=LV} \p{GCB=V}* | \p{GCB=LVT} ) \p{GCB=T}* | \p{GCB=L}+ | \p{GCB=T}+
      | \p{Extended_Pictographic} (?: \p{GCB=Extend}* \u200d \p{Extended_Pictographic} )*
      | [^\p{GCB=Control}\r\n]
    )
    [\p{GCB=Extend}\p{GCB=SpacingMark}\u200d]*
  | .
"""


_LONGEST_OF_CLUSTERS = 1_000_000
"""Characters of a string that is cut into clusters, unless it is ASCII."""


def graphemes(text: str) -> list[str]:
    """Cut the text between grapheme clusters."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    if len(text) > _LONGEST_OF_CLUSTERS:
        raise FunctionError(f"The string has more than {_LONGEST_OF_CLUSTERS:,} characters, too many to count.")
    clusters: list[str] = _cluster().findall(text)
    return clusters


@cache
def _cluster() -> Any:
    import regex as unicode_regex  # noqa: PLC0415 - costs 40 ms and is needed only for text that is not ASCII

    return unicode_regex.compile(_CLUSTER, unicode_regex.VERBOSE | unicode_regex.DOTALL)


_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACE += "\u2028\u2029\u202f\u205f\u3000"
_LINE_ENDS = re.compile(r"(?:\r\n?|\n)*\Z")


chomp = declare("chomp", text)(lambda value: _LINE_ENDS.sub("", value, count=1))
ends_with = declare("endswith", text, text)(str.endswith)
lower = declare("lower", text, cost=20)(lambda value: composed("".join(map(_lower, value))))
reverse_string = declare("strrev", text)(lambda value: composed("".join(reversed(graphemes(value)))))
split = declare("split", text, text)(lambda separator, value: value.split(separator) if separator else [*value])
starts_with = declare("startswith", text, text)(str.startswith)
trim = declare("trim", text, text)(lambda value, characters: value.strip(characters) if characters else value)
trim_prefix = declare("trimprefix", text, text)(str.removeprefix)
trim_space = declare("trimspace", text)(lambda value: value.strip(_SPACE))
trim_suffix = declare("trimsuffix", text, text)(str.removesuffix)
upper = declare("upper", text, cost=20)(lambda value: composed("".join(map(_upper, value))))


@declare("indent", whole, text)
def indent(spaces: int, value: str) -> Value:
    """Indent every line but the first."""
    if spaces < 0:
        raise FunctionError("The number of spaces must not be negative.", argument=0)
    check_length(len(value) + value.count("\n") * spaces)
    return value.replace("\n", "\n" + " " * spaces)


@declare("join", text, rest=list_of_strings, rest_minimum=1)
def join(separator: str, *lists: list[str | None]) -> Value:
    parts: list[str] = []
    for number, elements in enumerate(lists, start=1):
        for index, element in enumerate(elements):
            if element is None:
                raise FunctionError(f"Element {index} is null; cannot concatenate null values.", argument=number)
            parts.append(element)
    return composed(joined(parts, separator))


@declare("strcontains", text, text)
def contains_string(value: str, part: str) -> Value:
    return part in value


@declare("substr", text, whole, whole)
def substring(value: str, offset: int, length: int) -> Value:
    """Cut out characters as a reader counts them.

    A negative offset counts from the end. A negative length means all, and so does 0 behind a negative offset.
    """
    characters = graphemes(value)
    start = max(offset + len(characters), 0) if offset < 0 else offset
    to_the_end = length < 0 or (length == 0 and offset < 0)
    return "".join(characters[start:] if to_the_end else characters[start : start + length])


@declare("title", text, cost=20)
def title(value: str) -> Value:
    """Capitalize the first letter of every word."""
    before = " " + value
    pairs = zip(before, value, strict=False)
    return composed("".join(_title(after) if _is_separator(previous) else after for previous, after in pairs))


def _upper(character: str) -> str:
    """Map one character to one: Go maps each on its own, so that the German sharp s has no capital."""
    mapped = character.upper()
    return mapped if len(mapped) == 1 else _title(character)


def _lower(character: str) -> str:
    mapped = character.lower()
    return mapped if len(mapped) == 1 else mapped[0]


def _title(character: str) -> str:
    mapped = character.title()
    return mapped if len(mapped) == 1 else character


def _is_separator(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    category = unicodedata.category(character)
    return not (category.startswith("L") or category == "Nd") and character in _SPACE


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


@declare("regex", text, text, cost=5)
def regex(pattern: str, value: str) -> Value:
    """Return the first match: a string, or its groups as a list or (when they are named) as an object."""
    compiled = _for_result(pattern)
    found = next(compiled.matches(value.encode()), None)
    if found is None:
        raise FunctionError("The pattern did not match any part of the given string.")
    return compiled.result(found)


@declare("regexall", text, text, cost=20)
def regex_all(pattern: str, value: str) -> Value:
    """Return every match, as regex returns the first."""
    compiled = _for_result(pattern)
    return [compiled.result(found) for found in compiled.matches(value.encode())]


@declare("replace", text, text, text, cost=20)
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

    Raises re2.error: the pattern is not valid.
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
        raise FunctionError("Invalid regular expression: cannot mix both named and unnamed capture groups.", argument=0)
    return compiled
