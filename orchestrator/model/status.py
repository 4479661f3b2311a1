"""What became of a unit in a run."""

from dataclasses import dataclass
from enum import StrEnum


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
    """How many resource instances were, or would be, created, updated in place and destroyed."""

    add: int = 0
    change: int = 0
    destroy: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            add=self.add + other.add, change=self.change + other.change, destroy=self.destroy + other.destroy
        )

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.destroy)

    def __str__(self) -> str:
        return f"+{self.add} ~{self.change} -{self.destroy}"
