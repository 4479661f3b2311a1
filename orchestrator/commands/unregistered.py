"""What a tree without suffixes has instead of a register: states wherever its backends keep them, and nothing else.

Such a tree belongs to Terragrunt as much as to platformctl. So nothing is written that is not a state, no lock is looked at but
Terraform's own, and what is in no state is nobody's business.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from orchestrator.commands.ports import Account, KeptLeftover, Leftover, Lock, RegisteredDeployment
from orchestrator.config import RemoteState
from orchestrator.errors import UsageError

_Change = Callable[[RegisteredDeployment | None], RegisteredDeployment | None]


def require_register(*, has_suffixes: bool, command: str) -> None:
    """Refuse a command that works on the register of deployments, with UsageError, in a tree that has none."""
    if not has_suffixes:
        raise UsageError(
            "The tree has no register of deployments",
            detail=f"platformctl {command} looks into the register in the state bucket; only a live tree that is deployed "
            "under suffixes has one: its live/root.hcl reads PLATFORM_SUFFIX.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """The backends of a tree's states, in place of the state bucket; ``states``: those that platformctl can prepare."""

    account: Account
    states: Sequence[RemoteState]
    name: str = ""

    def exists(self) -> bool:
        return not self.account.missing_backends(self.states)

    def create(self) -> None:
        """Create what is missing in the local cloud; raises UsageError on AWS, where their owner creates them."""
        missing = self.account.missing_backends(self.states)
        if self.account.endpoint is None and missing:
            raise UsageError(
                "A state backend does not exist",
                detail=f"{', '.join(missing)} is not in account {self.account.account_id}.",
                hint="Create it first, for example with terragrunt backend bootstrap.",
            )
        self.account.create_backends(self.states)

    def remove(self) -> None:
        """Leave everything to its owner."""

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        return ()

    def resources(self, key: str) -> int:
        return 0

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        return None

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        return ()

    def update(self, suffix: str, change: _Change) -> None:
        """Write nothing."""

    def unregister(self, suffix: str) -> bool:
        return False


class TerraformLocks:
    """Terraform's own locks, which it takes and releases by itself."""

    def list(self) -> tuple[Any, ...]:
        return ()

    def unit_of(self, key: str) -> str:
        return key

    def is_left_behind(self, lock: Lock, *, working: Collection[str]) -> bool:
        return False

    @contextmanager
    def hold(self, keys: Iterable[str]) -> Iterator[None]:
        yield

    def release(self, lock: Lock) -> bool:
        return False


class NoSweeper:
    """Finds nothing: which resources belong to the tree is known from its states alone."""

    def unrecorded(self) -> Sequence[Leftover]:
        return ()

    def sweep(self, *, types: Collection[str] | None, say: Callable[[str], None]) -> Sequence[KeptLeftover]:
        return ()

    def reclaim(self, *, say: Callable[[str], None]) -> None:
        """Remove nothing."""
