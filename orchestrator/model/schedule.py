"""Decides which unit runs next: scheduling as data, without threads and without a clock.

A schedule is owned by one thread. Ready units are ordered by longest remaining path (the critical path rule of list
scheduling: R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969), so that slow chains start early; ties by
name, so that the order is deterministic.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from orchestrator.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A unit that will not run, and the failed unit that is the cause."""

    name: str
    cause: str


@dataclass(slots=True)
class Schedule:
    """The progress of a set of units through one run.

    ``needs``: for each unit the units that must succeed before it; units outside of the set count as satisfied.
    ``seconds``: how long each unit is expected to take; 1 where that is unknown.
    """

    needs: Mapping[str, Collection[str]]
    seconds: Mapping[str, float] = field(default_factory=dict)
    status: dict[str, Status] = field(init=False)
    _waiting_for: dict[str, set[str]] = field(init=False)
    _needed_by: dict[str, list[str]] = field(init=False)
    _order: dict[str, tuple[float, str]] = field(init=False)
    _ready: list[tuple[float, str]] = field(init=False)
    _running: set[str] = field(default_factory=set)
    _unfinished: int = field(init=False)

    def __post_init__(self) -> None:
        names = sorted(self.needs)
        self.status = dict.fromkeys(names, Status.PENDING)
        self._waiting_for = {name: {need for need in self.needs[name] if need in self.needs} for name in names}
        self._needed_by = {name: [] for name in names}
        for name in names:
            for need in sorted(self._waiting_for[name]):
                self._needed_by[need].append(name)
        self._order = {name: (-seconds, name) for name, seconds in self._longest_paths().items()}
        self._ready = sorted(self._order[name] for name in names if not self._waiting_for[name])
        self._unfinished = len(names)

    def ready(self, limit: int | None = None) -> tuple[str, ...]:
        """Return the units that may start now, most urgent first; at most ``limit`` of them."""
        return tuple(name for _, name in self._ready[:limit])

    def running(self) -> tuple[str, ...]:
        """Return the units that are running, by name."""
        return tuple(sorted(self._running))

    def start(self, name: str) -> None:
        assert self.status[name] is Status.PENDING, f"{name} was started twice"
        assert not self._waiting_for[name], f"{name} was started before {sorted(self._waiting_for[name])}"
        self.status[name] = Status.RUNNING
        del self._ready[bisect_left(self._ready, self._order[name])]
        self._running.add(name)

    def finish(self, name: str, status: Status) -> tuple[Skip, ...]:
        """Record how a running unit ended; return the units that are skipped because of it, by name."""
        assert self.status[name] is Status.RUNNING, f"{name} ended without running"
        assert status.is_final
        self._running.discard(name)
        self._end(name, status)
        if status.is_success:
            for dependent in self._needed_by[name]:
                self._waiting_for[dependent].discard(name)
                if not self._waiting_for[dependent] and self.status[dependent] is Status.PENDING:
                    insort(self._ready, self._order[dependent])
            return ()
        return self._skip_dependents(name)

    def cancel_pending(self) -> tuple[str, ...]:
        """Cancel everything that has not started; return those units, by name."""
        cancelled = tuple(name for name, status in self.status.items() if status is Status.PENDING)
        for name in cancelled:
            self._end(name, Status.CANCELLED)
        self._ready.clear()
        return cancelled

    def is_finished(self) -> bool:
        """Whether every unit has a final status.

        Pending units with nothing ready or running would be a defect here, because the graph is acyclic; the assertion
        keeps that from looking like a hang.
        """
        finished = not self._unfinished
        assert finished or self._running or self._ready, f"deadlock: {self.status}"
        return finished

    def _end(self, name: str, status: Status) -> None:
        self.status[name] = status
        self._unfinished -= 1

    def _skip_dependents(self, cause: str) -> tuple[Skip, ...]:
        skipped: list[Skip] = []
        stack = list(self._needed_by[cause])
        while stack:
            name = stack.pop()
            if self.status[name] is Status.PENDING:
                self._end(name, Status.SKIPPED)
                skipped.append(Skip(name=name, cause=cause))
                stack.extend(self._needed_by[name])
        return tuple(sorted(skipped, key=lambda skip: skip.name))

    def _longest_paths(self) -> dict[str, float]:
        """Return for each unit the expected seconds from its start to the end of the last unit that waits for it."""
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
