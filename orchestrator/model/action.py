"""What can happen to a resource instance, and how Terraform counts it."""

from enum import StrEnum

from orchestrator.model.status import Changes


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
