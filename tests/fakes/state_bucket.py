"""The state bucket and the register in memory: the ``StateBucket`` port of the use cases."""

from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.commands.ports import RegisteredDeployment


@dataclass(slots=True)
class FakeStateBucket:
    """The tests of the adapter hold it against the real one.

    Attributes:
        states: by key of a state, how many resource instances are in it.
        registered: the records, by suffix.
        there: whether the bucket exists.

    """

    name: str = "states"
    states: dict[str, int] = field(default_factory=dict)
    registered: dict[str, RegisteredDeployment] = field(default_factory=dict)
    there: bool = True

    def exists(self) -> bool:
        return self.there

    def create(self) -> None:
        self.there = True

    def remove(self) -> None:
        self.there = False
        self.states.clear()
        self.registered.clear()

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        records = [f"{suffix}/platformctl.json" for suffix in self.registered]
        return tuple(sorted(key for key in [*records, *self.states] if key.startswith(prefix)))

    def resources(self, key: str) -> int:
        return self.states.get(key, 0)

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        return self.registered.get(suffix)

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        return tuple(self.registered[suffix] for suffix in sorted(self.registered))

    def update(self, suffix: str, change: Callable[[RegisteredDeployment | None], RegisteredDeployment | None]) -> None:
        wanted = change(self.registered.get(suffix))
        if wanted is not None:
            self.registered[suffix] = wanted

    def unregister(self, suffix: str) -> bool:
        if any(key.startswith(f"{suffix}/") for key in self.states):
            return False
        self.registered.pop(suffix, None)
        return True
