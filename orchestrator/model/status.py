"""How a unit stands in a run, and what was changed in it."""

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.model.fields import Count


class Status(StrEnum):
    """The state of one unit; everything but PENDING and RUNNING is final."""

    PENDING = "pending"
    RUNNING = "running"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in {Status.PENDING, Status.RUNNING}

    @property
    def is_success(self) -> bool:
        return self in {Status.CHANGED, Status.UNCHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many resource instances were, or would be, changed.

    A replacement counts as created and destroyed; a move, an import and a forget are not counted.

    Attributes:
        add: Created.
        change: Updated in place.
        destroy: Destroyed.

    """

    add: Count = 0
    change: Count = 0
    destroy: Count = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            add=self.add + other.add, change=self.change + other.change, destroy=self.destroy + other.destroy
        )

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.destroy)

    def __str__(self) -> str:
        return f"+{self.add} ~{self.change} -{self.destroy}"
