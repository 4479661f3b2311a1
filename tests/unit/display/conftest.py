"""Consoles that record what they print, 80 columns wide, as in a terminal or as in a log."""

import io

import pytest
from rich.console import Console


class Recorder(Console):
    """A console without colours whose output is text to compare."""

    def __init__(self, *, terminal: bool) -> None:
        self.written = io.StringIO()
        super().__init__(
            file=self.written, width=80, force_terminal=terminal, color_system=None, highlight=False, _environ={}
        )

    @property
    def text(self) -> str:
        return self.written.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@pytest.fixture
def log():
    return Recorder(terminal=False)


@pytest.fixture
def terminal():
    return Recorder(terminal=True)
