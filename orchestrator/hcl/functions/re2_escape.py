"""What a backslash begins in a regular expression of RE2's syntax: a character or a class of characters."""

import re

from orchestrator.hcl.functions.character_classes import PERL, Ranges, complement, unicode_class

_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})")
_PROPERTY = re.compile(r"([pP])(?:\{(\^?)([^}]*)\}|([A-Z]))")
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST_CODE_POINT = 0x10FFFF


class PatternError(Exception):
    """A pattern is not valid in RE2's syntax.

    Args:
        reason: what is wrong, in RE2's words.
        fragment: the part of the pattern that is at fault.

    """

    def __init__(self, reason: str, fragment: str) -> None:
        super().__init__(f"{reason} in {fragment}")


def read_escape(text: str, at: int) -> tuple[int | Ranges, int]:
    """What a backslash at ``at`` begins, a character or a class, and where it ends; raises PatternError."""
    letter = text[at + 1 : at + 2]
    if not letter:
        raise PatternError("trailing backslash at end of expression", "\\")
    if letter.lower() in PERL:
        members = PERL[letter.lower()]
        return (members if letter.islower() else complement(members)), at + 2
    if found := _PROPERTY.match(text, at + 1):
        return _property(found), found.end()
    if found := _OCTAL.match(text, at + 1):
        return int(found.group(), 8), found.end()
    if (found := _HEX.match(text, at + 1)) and int(found[1] or found[2], 16) <= _LAST_CODE_POINT:
        return int(found[1] or found[2], 16), found.end()
    if letter in _CONTROLS:
        return ord(_CONTROLS[letter]), at + 2
    if letter.isascii() and not letter.isalnum():
        return ord(letter), at + 2
    raise PatternError("invalid escape sequence", "\\" + letter)


def _property(found: re.Match[str]) -> Ranges:
    members = unicode_class(found[3] if found[3] is not None else found[4])
    if members is None:
        raise PatternError("invalid character class range", "\\" + found.group())
    return complement(members) if (found[1] == "P") != bool(found[2]) else members
