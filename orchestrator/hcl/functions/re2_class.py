r"""Classes in brackets of regular expressions in RE2's syntax: ``[a-z_]``, ``[^\d\s]``, ``[[:alpha:]]``."""

from orchestrator.hcl.functions.character_classes import PERL, POSIX, Ranges, complement, merged
from orchestrator.hcl.functions.re2_escape import PatternError, read_escape


def read_class(text: str, start: int) -> tuple[Ranges, int]:
    """The members of the class whose bracket is at ``start``, and where it ends; raises PatternError."""
    at = start + 1
    negated = text.startswith("^", at)
    at += negated
    first = at
    members: list[tuple[int, int]] = []
    # A bracket that comes first is a member, not the end.
    while not text.startswith("]", at) or at == first:
        if text.startswith("[:", at) and (end := text.find(":]", at)) >= 0:
            members += _named(text[at : end + 2])
            at = end + 2
        elif _is_class_escape(text, at):
            item, at = read_escape(text, at)
            assert not isinstance(item, int)
            members += item
        else:
            pair, at = _range(text, at, start)
            members.append(pair)
    result = merged(members)
    return (complement(result) if negated else result), at + 1


def _is_class_escape(text: str, at: int) -> bool:
    letter = text[at + 1 : at + 2].lower()
    return text.startswith("\\", at) and (letter in PERL or letter == "p")


def _named(name: str) -> Ranges:
    """``[:alpha:]`` or ``[:^alpha:]``."""
    members = POSIX.get(name[2:-2].removeprefix("^"))
    if members is None:
        raise PatternError("invalid character class range", name)
    return complement(members) if name[2] == "^" else members


def _range(text: str, at: int, start: int) -> tuple[tuple[int, int], int]:
    low, end = _character(text, at, start)
    high = low
    if text.startswith("-", end) and not text.startswith("-]", end) and end + 1 < len(text):
        high, end = _character(text, end + 1, start)
        if high < low:
            raise PatternError("invalid character class range", text[at:end])
    return (low, high), end


def _character(text: str, at: int, start: int) -> tuple[int, int]:
    if at >= len(text):
        raise PatternError("missing closing ]", text[start:])
    if text[at] != "\\":
        return ord(text[at]), at + 1
    if _is_class_escape(text, at):
        raise PatternError("invalid escape sequence", text[at : at + 2])
    item, end = read_escape(text, at)
    assert isinstance(item, int)
    return item, end
