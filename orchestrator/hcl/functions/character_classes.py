r"""Character classes of regular expressions, as ranges of code points.

Ranges rather than Python's own classes, because RE2's ``\d``, ``\s`` and ``\w`` are ASCII, its ``[[:alpha:]]`` and
``\p{Lu}`` have no counterpart in Python's ``re``, and any of them may stand negated inside another class.
"""

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, not touching, both ends inclusive."""

_LAST = sys.maxunicode


def ranges(*pairs: str) -> Ranges:
    """Ranges from pairs of characters: ``ranges("az", "__")``."""
    return merged((ord(pair[0]), ord(pair[1])) for pair in pairs)


def merged(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The pairs sorted, those that overlap or touch joined."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def complement(positive: Ranges) -> Ranges:
    """Every code point that is not in the ranges."""
    result: list[tuple[int, int]] = []
    start = 0
    for low, high in positive:
        if low > start:
            result.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        result.append((start, _LAST))
    return tuple(result)


PERL = {"d": ranges("09"), "s": ranges("\t\n", "\f\r", "  "), "w": ranges("09", "AZ", "__", "az")}
"""The classes that a backslash and a letter name; the capital letter negates."""

POSIX = {
    "alnum": ranges("09", "AZ", "az"),
    "alpha": ranges("AZ", "az"),
    "ascii": ranges("\x00\x7f"),
    "blank": ranges("\t\t", "  "),
    "cntrl": ranges("\x00\x1f", "\x7f\x7f"),
    "digit": ranges("09"),
    "graph": ranges("!~"),
    "lower": ranges("az"),
    "print": ranges(" ~"),
    "punct": ranges("!/", ":@", "[`", "{~"),
    "space": ranges("\t\r", "  "),
    "upper": ranges("AZ"),
    "word": ranges("09", "AZ", "__", "az"),
    "xdigit": ranges("09", "AF", "af"),
}
"""The classes that stand in ``[[:name:]]``."""

_CATEGORIES = frozenset(
    [
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
        "L",
        "Ll",
        "Lm",
        "Lo",
        "Lt",
        "Lu",
        "M",
        "Mc",
        "Me",
        "Mn",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Pe",
        "Pf",
        "Pi",
        "Po",
        "Ps",
        "S",
        "Sc",
        "Sk",
        "Sm",
        "So",
        "Z",
        "Zl",
        "Zp",
        "Zs",
    ],
)

_SCRIPTS = frozenset(
    [
        "Arabic",
        "Armenian",
        "Bengali",
        "Cyrillic",
        "Devanagari",
        "Georgian",
        "Greek",
        "Hebrew",
        "Hiragana",
        "Katakana",
        "Latin",
        "Thai",
    ],
)


@cache
def unicode_class(name: str) -> Ranges | None:
    """The code points of a general category (``Lu``, ``N``) or ``Any``; None for a name that is not known.

    Scripts (``Greek``) are found by the names of their letters, which Unicode begins with the script's name.
    """
    if name == "Any":
        return ((0, _LAST),)
    if name in _CATEGORIES:
        return merged((code, code) for code in range(_LAST + 1) if unicodedata.category(chr(code)).startswith(name))
    if name in _SCRIPTS:
        prefix = name.upper() + " "
        return merged((code, code) for code in range(_LAST + 1) if _is_of_script(chr(code), prefix))
    return None


def _is_of_script(character: str, prefix: str) -> bool:
    return unicodedata.name(character, "").startswith(prefix)


def as_python(positive: Ranges) -> str:
    """The ranges as a class of Python's ``re``."""
    if not positive:
        return r"[^\x00-\U0010ffff]"
    return "[" + "".join(_escaped(low) + ("-" + _escaped(high) if high > low else "") for low, high in positive) + "]"


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"
