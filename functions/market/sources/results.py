"""What becomes of the rows of a file."""

import json
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 1000
"""Characters of a row that are kept with its reason."""


class Unreadable(StrEnum):
    """Why a line has no text."""

    TOO_LONG = "longer than 64 KiB: too long to be a row"
    TOO_LONG_JSON = "longer than 1 MiB: too long to be a message"
    DAMAGED = "the compressed data end or are damaged here; what follows is not known"
    CUT = "the JSON ends or is damaged here; what follows is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that is not a trade.

    Attributes:
        line: from 1; the position in a request.
        text: the row as it came, cut where it is very long.
        cut: what follows in the file is not known.

    """

    line: int
    reason: str
    text: str
    cut: bool = False

    def to_json(self) -> str:
        # Not as ASCII: escaped binary data would be six times as long.
        document = {"line": self.line, "reason": self.reason, "text": self.text}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRow:
    """A row that a map leaves out on purpose, such as an order among the trades."""

    line: int
