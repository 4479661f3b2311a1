"""How one kind of thing is removed: in which turn, by which calls, and what a person would type instead."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_GONE = re.compile(r"404|NotFound|NoSuch|NonExist|Nonexistent|DoesNotExist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """How one kind is removed.

    Attributes:
        turn: what has a lower number goes first; what still holds a thing makes it wait for another round.
        remove: takes the client of the service and the parts of the identifier; raises a ClientError or a StillInUseError.
        words: the AWS CLI's command, with {0} for the first part of the identifier.
        parts: how many there are; what is part of something else begins with that thing's identifier.

    """

    turn: int
    remove: Callable[..., Any]
    words: str
    parts: int = 1

    def split(self, identifier: str) -> list[str]:
        """The parts of an identifier; only the last may hold spaces."""
        return identifier.split(" ", self.parts - 1)

    def command(self, identifier: str) -> str:
        """What to type to remove a thing by hand."""
        return "aws " + self.words.format(*self.split(identifier))


class StillInUseError(Exception):
    """Something that is not ours to remove still needs the thing; it will let go of it by itself."""


def is_gone(error: ClientError) -> bool:
    """Whether the service says that there is no such thing, which is what was wanted."""
    return bool(_GONE.search(error.response["Error"]["Code"]))
