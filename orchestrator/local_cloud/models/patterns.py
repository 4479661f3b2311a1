"""Patterns of service models, which are Java's, as Python's ``regex`` reads them."""

from collections.abc import Callable
from functools import cache

import regex

# Java reads a pair of surrogates as the character that they encode.
_SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
_CATEGORY = regex.compile(r"\\[pP]\{[A-Z][a-z]?\}")
"""A category of Unicode, as opposed to Java's \\p{Print} and \\p{ASCII}, which are ASCII."""


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    r"""Return a function that tells whether a text satisfies a model's pattern.

    A pattern without anchors must match the whole text ("[\w+=,.@-]+" of a role's name); one with an anchor states itself
    where it has to match, as Smithy defines it.

    Raises:
        regex.error: the pattern is not one that Python can read.

    """
    # Without Unicode's categories, Java's \w and \d are ASCII.
    flags = 0 if _CATEGORY.search(pattern) else regex.ASCII
    compiled = regex.compile(pattern.replace(*_SURROGATES), flags)
    anchored = pattern.startswith("^") or pattern.endswith("$")
    match = compiled.search if anchored else compiled.fullmatch
    return lambda text: match(text) is not None
