"""Sale conditions: what a trade may set in a bar, by the rules of the consolidated tape for US equities.

A trade with several conditions may set only what all of them allow. A trade without conditions sets everything. A condition
that is not listed allows everything; it is kept with the trade and counted.

Sources: UTP Plan, "UTDF Direct Subscriber Interface Specification" (sale condition matrix), and Consolidated Tape Association,
"CTS Output Multicast Specification"; the matrix is also at https://polygon.io/glossary/us/stocks/conditions-indicators.
"""

from collections.abc import Iterable, Mapping
from enum import IntFlag


class Sets(IntFlag):
    """What a trade may set. Analytics stores it with the trade as a number."""

    NOTHING = 0
    HIGH_LOW = 1
    LAST = 2
    """Open and close."""
    LAST_IF_ONLY = 4
    """Open and close of a bar in which no trade has ``LAST``: a late report or a price from another time."""
    VOLUME = 8
    """Volume, value and the number of trades."""
    ALL = 11


_ALL = Sets.ALL
_IF_ONLY = Sets.HIGH_LOW | Sets.LAST_IF_ONLY | Sets.VOLUME
_VOLUME = Sets.VOLUME
CONDITIONS: Mapping[str, Sets] = {
    "acquisition": _ALL,
    "automatic-execution": _ALL,
    "average-price": _VOLUME,
    "bunched": _ALL,
    "bunched-sold": _IF_ONLY,
    "cash-sale": _VOLUME,
    "closing-print": _ALL,
    "contingent": _VOLUME,
    "corrected-consolidated-close": Sets.HIGH_LOW | Sets.LAST,
    "cross": _ALL,
    "derivatively-priced": _IF_ONLY,
    "distribution": _ALL,
    "extended-hours": _VOLUME,
    "extended-hours-out-of-sequence": _VOLUME,
    "intermarket-sweep": _ALL,
    "next-day": _VOLUME,
    "odd-lot": _VOLUME,
    "official-close": Sets.NOTHING,
    "official-open": Sets.NOTHING,
    "opening-print": _ALL,
    "price-variation": _VOLUME,
    "prior-reference-price": _IF_ONLY,
    "qualified-contingent": _VOLUME,
    "regular": _ALL,
    "reopening-print": _ALL,
    "rule-127-155": _ALL,
    "seller": _IF_ONLY,
    "sold-last": _ALL,
    "sold-out-of-sequence": _IF_ONLY,
    "split": _ALL,
    "stopped-stock": _ALL,
    "yellow-flag": _ALL,
}
"""Conditions by the name that messages give them."""

_BOTH_TAPES = {
    "@": "regular",
    "C": "cash-sale",
    "E": "automatic-execution",
    "F": "intermarket-sweep",
    "H": "price-variation",
    "I": "odd-lot",
    "K": "rule-127-155",
    "L": "sold-last",
    "M": "official-close",
    "N": "next-day",
    "O": "opening-print",
    "P": "prior-reference-price",
    "Q": "official-open",
    "R": "seller",
    "T": "extended-hours",
    "U": "extended-hours-out-of-sequence",
    "V": "contingent",
    "X": "cross",
    "Z": "sold-out-of-sequence",
    "4": "derivatively-priced",
    "5": "reopening-print",
    "6": "closing-print",
    "7": "qualified-contingent",
    "9": "corrected-consolidated-close",
}
UTP: Mapping[str, str] = _BOTH_TAPES | {
    "A": "acquisition",
    "B": "bunched",
    "D": "distribution",
    "G": "bunched-sold",
    "S": "split",
    "W": "average-price",
    "Y": "yellow-flag",
    "1": "stopped-stock",
}
"""The one-character codes of tape C (Nasdaq)."""
CTA: Mapping[str, str] = _BOTH_TAPES | {"B": "average-price"}
"""The one-character codes of tapes A and B (NYSE and regional exchanges)."""


def sets(conditions: Iterable[str]) -> Sets:
    """Return what a trade with these conditions may set."""
    allowed, last = Sets.ALL | Sets.LAST_IF_ONLY, Sets.LAST
    for name in conditions:
        rule = CONDITIONS.get(name, Sets.ALL)
        # "Last" allows what "last if only" allows, not the other way round.
        allowed &= rule | (Sets.LAST_IF_ONLY if rule & Sets.LAST else Sets.NOTHING)
        last &= rule
    return allowed & ~Sets.LAST_IF_ONLY if last else allowed


def unknown(conditions: Iterable[str]) -> list[str]:
    """Return the conditions that have no rule."""
    return sorted(name for name in conditions if name not in CONDITIONS)
