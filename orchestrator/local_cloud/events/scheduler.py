"""Fires rules at their scheduled times: a thread regularly compares them with an injected clock."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread

from orchestrator.local_cloud.events.cron import Cron, ScheduleError
from orchestrator.local_cloud.events.schedule import Rate, parse_schedule

_LOG = logging.getLogger("platformctl.local_cloud")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An enabled rule: its ARN and its schedule expression."""

    arn: str
    expression: str


class Scheduler:
    """Calls ``fire`` with the ARN and the scheduled time (UTC) of enabled rules; the thread looks every ``pause`` s."""

    def __init__(
        self,
        rules: Callable[[], Sequence[Scheduled]],
        fire: Callable[[str, datetime], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: float = 1.0,
    ) -> None:
        self._rules, self._fire, self._clock, self._pause = rules, fire, clock, pause
        self._due: dict[Scheduled, tuple[Cron | Rate | None, datetime | None]] = {}
        self._stopped = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="events-schedules", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Stop firing."""
        self._stopped.set()

    def look(self) -> None:
        """Fire what is due: once for all times missed while the machine slept. New rules count from now."""
        now = self._clock()
        self._due = {rule: self._due.get(rule) or self._first(rule, now) for rule in self._rules()}
        for rule, (schedule, time) in self._due.items():
            if schedule is None or time is None or time > now:
                continue
            following: datetime | None = time
            while following is not None and following <= now:
                following = schedule.next_after(following)
            self._due[rule] = schedule, following
            try:
                self._fire(rule.arn, time)
            except Exception:  # noqa: BLE001 - one rule must not stop the others
                _LOG.exception("%s could not be fired", rule.arn)

    def _first(self, rule: Scheduled, now: datetime) -> tuple[Cron | Rate | None, datetime | None]:
        try:
            schedule = parse_schedule(rule.expression)
        except ScheduleError as error:
            _LOG.warning("%s never fires: %s", rule.arn, error)
            return None, None
        return schedule, schedule.next_after(now)

    def _run(self) -> None:
        while not self._stopped.wait(self._pause):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - the next look may succeed
                _LOG.exception("the schedules could not be evaluated")
