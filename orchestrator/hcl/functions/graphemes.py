r"""Characters as a reader counts them: extended grapheme clusters of Unicode annex 29.

The rules are those of Unicode 15.0, as in Terraform. ``regex``'s own ``\X`` follows a later version, which also joins
the consonants of Indic conjuncts.
"""

import regex

_CLUSTER = regex.compile(
    r"""
    \r\n
  | \p{GCB=Prepend}*
    (?: \p{GCB=Regional_Indicator}{2}
      | \p{GCB=L}* (?: \p{GCB=V}+ | \p{GCB=LV} \p{GCB=V}* | \p{GCB=LVT} ) \p{GCB=T}* | \p{GCB=L}+ | \p{GCB=T}+
      | \p{Extended_Pictographic} (?: \p{GCB=Extend}* \u200d \p{Extended_Pictographic} )*
      | [^\p{GCB=Control}\r\n]
    )
    [\p{GCB=Extend}\p{GCB=SpacingMark}\u200d]*
  | .
    """,
    regex.VERBOSE | regex.DOTALL,
)


def graphemes(text: str) -> list[str]:
    """Cut the text between grapheme clusters."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    clusters: list[str] = _CLUSTER.findall(text)
    return clusters
