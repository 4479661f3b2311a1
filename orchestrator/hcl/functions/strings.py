"""String functions, but for those that need regular expressions or formatting verbs."""

import re
import unicodedata

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, list_of_strings, text, whole
from orchestrator.hcl.functions.graphemes import graphemes
from orchestrator.hcl.limits import check_length, joined
from orchestrator.hcl.values import Value

_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACE += "\u2028\u2029\u202f\u205f\u3000"
_LINE_ENDS = re.compile(r"(?:\r\n?|\n)*\Z")


@declare("chomp", text)
def chomp(value: str) -> Value:
    return _LINE_ENDS.sub("", value, count=1)


@declare("endswith", text, text)
def ends_with(value: str, suffix: str) -> Value:
    return value.endswith(suffix)


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


@declare("lower", text)
def lower(value: str) -> Value:
    return value.lower() if value.isascii() else composed("".join(map(_lower, value)))


@declare("split", text, text)
def split(separator: str, value: str) -> Value:
    return [*value.split(separator)] if separator else [*value]


@declare("startswith", text, text)
def starts_with(value: str, prefix: str) -> Value:
    return value.startswith(prefix)


@declare("strcontains", text, text)
def contains_string(value: str, part: str) -> Value:
    return part in value


@declare("strrev", text)
def reverse_string(value: str) -> Value:
    return composed("".join(reversed(graphemes(value))))


@declare("substr", text, whole, whole)
def substring(value: str, offset: int, length: int) -> Value:
    """Cut out characters as a reader counts them; a negative offset counts from the end, a negative length means all."""
    characters = graphemes(value)
    start = max(offset + len(characters), 0) if offset < 0 else offset
    return "".join(characters[start:] if length < 0 else characters[start : start + length])


@declare("title", text)
def title(value: str) -> Value:
    """Capitalize the first letter of every word."""
    before = " " + value
    pairs = zip(before, value, strict=False)
    return composed("".join(_title(after) if _is_separator(previous) else after for previous, after in pairs))


@declare("trim", text, text)
def trim(value: str, characters: str) -> Value:
    return value.strip(characters) if characters else value


@declare("trimprefix", text, text)
def trim_prefix(value: str, prefix: str) -> Value:
    return value.removeprefix(prefix)


@declare("trimspace", text)
def trim_space(value: str) -> Value:
    return value.strip(_SPACE)


@declare("trimsuffix", text, text)
def trim_suffix(value: str, suffix: str) -> Value:
    return value.removesuffix(suffix)


@declare("upper", text)
def upper(value: str) -> Value:
    return value.upper() if value.isascii() else composed("".join(map(_upper, value)))


def _upper(character: str) -> str:
    """Return one character stays one: Go maps each on its own, so that the German sharp s has no capital."""
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
