"""How a unit stands in a run, what can happen to its resources, and the bounds of such fields in documents."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta

Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
TargetName: TypeAlias = Annotated[str, Meta(pattern="^(local|aws)$")]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]


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


class Action(StrEnum):
    """What a plan does with one resource instance, spelled as our JSON documents spell it."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    MOVE = "move"
    IMPORT = "import"
    FORGET = "forget"

    @property
    def counts(self) -> Changes:
        """What Terraform counts it as; a move, an import and a forget count as nothing."""
        return Changes(
            add=self in {Action.CREATE, Action.REPLACE},
            change=self is Action.UPDATE,
            destroy=self in {Action.DELETE, Action.REPLACE},
        )
