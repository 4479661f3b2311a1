"""Prints progress as it happens, at least one line every two seconds.

On a terminal the line that says what is going on is updated in place; in a log it is printed when nothing else was.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status as Spinner
from rich.text import Text

from orchestrator.display.progress import RunView, event_lines, heartbeat, summary_lines
from orchestrator.engine.events import Event, RunFinished

SILENCE_SECONDS = 1.6
_TICK_SECONDS = 0.25


@dataclass(slots=True)
class ProgressLines:
    """A listener that prints; use it inside ``with display.ticking()``.

    Events come from one thread, ticks from another; a lock separates their lines.
    """

    console: Console
    clock: Callable[[], float]
    view: RunView = field(default_factory=RunView)
    _last: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spinner: Spinner | None = None
    _paused: bool = False

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            self.view.take(event)
            lines = summary_lines(self.view, event) if isinstance(event, RunFinished) else event_lines(event, self.view)
            for line in lines:
                self._print(line)

    def say(self, text: Text | str) -> None:
        """Print a text that is not an event, between the lines of events."""
        with self._lock:
            self.console.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)
            self._last = self.clock()

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Keep printing what is going on until the block ends."""
        stop = threading.Event()
        self._last = self.clock()
        ticker = threading.Thread(target=self._tick_until, args=(stop,), daemon=True)
        if self.console.is_terminal:
            self._spinner = self.console.status("starting", spinner="line")
            self._spinner.start()
        ticker.start()
        try:
            yield
        finally:
            stop.set()
            ticker.join()
            if self._spinner is not None:
                self._spinner.stop()
                self._spinner = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to a question until the block ends."""
        with self._lock:
            self._paused = True
            spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()
        try:
            yield
        finally:
            if spinner is not None:
                spinner.start()
            with self._lock:
                self._spinner, self._paused = spinner, False

    def tick(self) -> None:
        """Print what is going on, if it is time to."""
        with self._lock:
            if self._paused:
                return
            now = self.clock()
            line = heartbeat(self.view, now)
            if self._spinner is not None:
                width = max(self.console.width - 4, 20)
                self._spinner.update(Text(line or "working", no_wrap=True, overflow="ellipsis", end="")[:width])
            elif line and now - self._last >= SILENCE_SECONDS:
                self._print(line)

    def _tick_until(self, stop: threading.Event) -> None:
        while not stop.wait(_TICK_SECONDS):
            self.tick()

    def _print(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)
        self._last = self.clock()
