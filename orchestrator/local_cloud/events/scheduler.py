"""Fires rules at the times of their schedules: what is due is worked out from a clock that is passed in, and a thread asks for it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread

from orchestrator.local_cloud.events.cron import ScheduleError
from orchestrator.local_cloud.events.schedule import Schedule, parse_schedule

_LOG = logging.getLogger("platformctl.local_cloud")
_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A rule with a schedule that is enabled.

    Attributes:
        arn: of the rule.
        expression: its schedule.

    """

    arn: str
    expression: str


@dataclass(slots=True)
class _Due:
    schedule: Schedule
    next: datetime | None


def _now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """The schedules of all rules."""

    def __init__(
        self,
        rules: Callable[[], Sequence[Scheduled]],
        fire: Callable[[str, datetime], None],
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Nothing runs yet.

        Args:
            rules: those that are enabled now.
            fire: calls the targets of the rule with that ARN, for the time that its schedule says.
            clock: the time, in UTC.

        """
        self._rules, self._fire, self._clock = rules, fire, clock
        self._due: dict[Scheduled, _Due] = {}
        self._stopped = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Starts the thread, if it does not run."""
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="events-schedules", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Fires nothing more."""
        self._stopped.set()

    def look(self) -> None:
        """Fires what is due. What was missed, because the machine slept, fires once; a rule that is new, or new again, counts from now."""
        now = self._clock()
        rules = self._rules()
        self._due = {rule: self._due.get(rule) or self._first(rule, now) for rule in rules}
        for rule, due in self._due.items():
            if due.next is None or due.next > now:
                continue
            time = due.next
            while due.next is not None and due.next <= now:
                due.next = due.schedule.next_after(due.next)
            self._fire_one(rule, time)

    def _first(self, rule: Scheduled, now: datetime) -> _Due:
        try:
            schedule = parse_schedule(rule.expression)
        except ScheduleError as error:
            _LOG.warning("%s never fires: %s", rule.arn, error)
            return _Due(_Never(), None)
        return _Due(schedule, schedule.next_after(now))

    def _fire_one(self, rule: Scheduled, time: datetime) -> None:
        try:
            self._fire(rule.arn, time)
        except Exception:  # noqa: BLE001 - one rule must not end the schedules of the others
            _LOG.exception("%s could not be fired", rule.arn)

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the next look may succeed
                _LOG.exception("the schedules could not be looked at")


class _Never:
    def next_after(self, _moment: datetime) -> datetime | None:
        return None
