"""Who may run next: scheduling as data, without threads and without a clock.

A schedule is owned by one thread. Units that are ready come longest remaining path first (the critical path rule of
list scheduling: R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969), so that slow chains start early;
ties go by name, so that the order is the same every time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from orchestrator.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A unit that will not run, and the failed unit that is the reason."""

    name: str
    cause: str


@dataclass(slots=True)
class Schedule:
    """The progress of a set of units through one run.

    Args:
        needs: for each unit the units that must succeed before it; edges that leave the set count as satisfied.
        seconds: how long each unit is expected to take; 1 where nothing is known.

    """

    needs: Mapping[str, Collection[str]]
    seconds: Mapping[str, float] = field(default_factory=dict)
    status: dict[str, Status] = field(init=False)
    _waiting_for: dict[str, set[str]] = field(init=False)
    _needed_by: dict[str, list[str]] = field(init=False)
    _priority: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        names = sorted(self.needs)
        self.status = dict.fromkeys(names, Status.PENDING)
        self._waiting_for = {name: {need for need in self.needs[name] if need in self.needs} for name in names}
        self._needed_by = {name: [] for name in names}
        for name in names:
            for need in sorted(self._waiting_for[name]):
                self._needed_by[need].append(name)
        self._priority = self._longest_paths()

    def ready(self) -> tuple[str, ...]:
        """The units that may start now, most urgent first."""
        found = [
            name for name, status in self.status.items() if status is Status.PENDING and not self._waiting_for[name]
        ]
        return tuple(sorted(found, key=lambda name: (-self._priority[name], name)))

    def running(self) -> tuple[str, ...]:
        """The units that have started and not ended, by name."""
        return tuple(name for name, status in self.status.items() if status is Status.RUNNING)

    def start(self, name: str) -> None:
        """Note that a ready unit runs now."""
        assert self.status[name] is Status.PENDING, f"{name} was started twice"
        assert not self._waiting_for[name], f"{name} was started before {sorted(self._waiting_for[name])}"
        self.status[name] = Status.RUNNING

    def finish(self, name: str, status: Status) -> tuple[Skip, ...]:
        """Note how a running unit ended; returns the units that are skipped because of it, by name."""
        assert self.status[name] is Status.RUNNING, f"{name} ended without running"
        assert status.is_final
        self.status[name] = status
        if status.is_success:
            for dependent in self._needed_by[name]:
                self._waiting_for[dependent].discard(name)
            return ()
        return self._skip_dependents(name)

    def cancel_pending(self) -> tuple[str, ...]:
        """Give up on everything that has not started; returns the units concerned, by name."""
        cancelled = tuple(name for name, status in self.status.items() if status is Status.PENDING)
        for name in cancelled:
            self.status[name] = Status.CANCELLED
        return cancelled

    def is_finished(self) -> bool:
        """Whether every unit has a final status.

        A schedule of which nothing runs, nothing is ready and something is pending cannot go on; the graph is acyclic,
        so that is a defect here, and it must not look like a hang.
        """
        finished = all(status.is_final for status in self.status.values())
        assert finished or self.running() or self.ready(), f"deadlock: {self.status}"
        return finished

    def _skip_dependents(self, cause: str) -> tuple[Skip, ...]:
        skipped: list[Skip] = []
        stack = list(self._needed_by[cause])
        while stack:
            name = stack.pop()
            if self.status[name] is Status.PENDING:
                self.status[name] = Status.SKIPPED
                skipped.append(Skip(name=name, cause=cause))
                stack.extend(self._needed_by[name])
        return tuple(sorted(skipped, key=lambda skip: skip.name))

    def _longest_paths(self) -> dict[str, float]:
        """For each unit the expected seconds from its start to the end of the last unit that waits for it."""
        left = {name: len(self._needed_by[name]) for name in self._needed_by}
        queue = [name for name, count in left.items() if not count]
        longest: dict[str, float] = {}
        for name in queue:
            behind = max((longest[dependent] for dependent in self._needed_by[name]), default=0.0)
            longest[name] = self.seconds.get(name, 1.0) + behind
            for need in self._waiting_for[name]:
                left[need] -= 1
                if not left[need]:
                    queue.append(need)
        assert len(longest) == len(left), "the needs form a cycle"
        return longest
