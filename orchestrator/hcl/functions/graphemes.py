r"""Characters as a reader counts them: extended grapheme clusters of Unicode annex 29.

The rules are those of Unicode 15.0, as in Terraform. ``regex``'s own ``\X`` follows a later version, which also joins
the consonants of Indic conjuncts.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

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


def graphemes(text: str) -> list[str]:
    """Cut the text between grapheme clusters."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    clusters: list[str] = _compiled().findall(text)
    return clusters


@cache
def _compiled() -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415 - costs 40 ms and is needed only for text that is not ASCII

    return regex.compile(_CLUSTER, regex.VERBOSE | regex.DOTALL)
