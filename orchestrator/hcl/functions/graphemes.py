"""Characters as a reader counts them (extended grapheme clusters of Unicode annex 29), from the standard library alone.

Python carries general categories but not the table of cluster breaks, so the classes are derived from the categories:
marks extend, pictographs are recognised by block. The difference to the full table is a handful of rare Indic prefixes.
"""

import unicodedata
from collections.abc import Iterator

_ZERO_WIDTH_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_EXTENDING = frozenset(range(0x1F3FB, 0x1F400)) | frozenset(range(0xE0020, 0xE0080)) | {0x200C}
_PICTOGRAPHS = (range(0x1F000, 0x1FB00), range(0x2190, 0x2400), range(0x2460, 0x2C00), range(0x3030, 0x32A0))
_COPYRIGHT_SIGNS = "\u00a9\u00ae\u203c\u2049\u2122\u2139"

_SPACING = frozenset("\u0e33\u0eb3")
"""Letters that Thai and Lao write behind, but count with, the consonant before them."""

_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Arabic and Syriac signs that belong to the number behind them."""

_HANGUL_LEADING = (range(0x1100, 0x1160), range(0xA960, 0xA97D))
_HANGUL_VOWEL = (range(0x1160, 0x11A8), range(0xD7B0, 0xD7C7))
_HANGUL_TRAILING = (range(0x11A8, 0x1200), range(0xD7CB, 0xD7FC))
_HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)
_SYLLABLES_PER_VOWEL = 28


def graphemes(text: str) -> list[str]:
    """The text, cut between grapheme clusters."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    return list(_clusters(text))


def _clusters(text: str) -> Iterator[str]:
    start = 0
    for index in range(1, len(text)):
        if _breaks(text, start, index):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _breaks(text: str, start: int, index: int) -> bool:
    """Whether a cluster that began at ``start`` ends before ``index``."""
    before, after = text[index - 1], text[index]
    if before == "\r" and after == "\n":
        return False
    if _is_control(before) or _is_control(after):
        return True
    if _is_extending(after) or after == _ZERO_WIDTH_JOINER or unicodedata.category(after) == "Mc":
        return False
    if after in _SPACING or before in _PREPENDED:
        return False
    if _joins_hangul(ord(before), ord(after)):
        return False
    if before == _ZERO_WIDTH_JOINER and _is_pictograph(after):
        return not _is_pictograph(text[start])
    if ord(before) in _REGIONAL and ord(after) in _REGIONAL:
        flags = sum(1 for character in text[start:index] if ord(character) in _REGIONAL)
        return flags % 2 == 0
    return True


def _is_control(character: str) -> bool:
    if character in "\u200c\u200d" or character in _PREPENDED:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} and ord(character) not in _EXTENDING


def _is_extending(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"} or ord(character) in _EXTENDING


def _is_pictograph(character: str) -> bool:
    return character in _COPYRIGHT_SIGNS or any(ord(character) in block for block in _PICTOGRAPHS)


def _joins_hangul(before: int, after: int) -> bool:
    leading = any(before in block for block in _HANGUL_LEADING)
    if leading:
        return after in _HANGUL_SYLLABLES or any(after in block for block in (*_HANGUL_LEADING, *_HANGUL_VOWEL))
    syllable = before in _HANGUL_SYLLABLES
    open_syllable = syllable and (before - _HANGUL_SYLLABLES.start) % _SYLLABLES_PER_VOWEL == 0
    if open_syllable or any(before in block for block in _HANGUL_VOWEL):
        return any(after in block for block in (*_HANGUL_VOWEL, *_HANGUL_TRAILING))
    if syllable or any(before in block for block in _HANGUL_TRAILING):
        return any(after in block for block in _HANGUL_TRAILING)
    return False
