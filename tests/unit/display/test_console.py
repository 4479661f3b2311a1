"""Output that always arrives: any width, any encoding, a closed pipe, a full disk (C4)."""

import errno
import io
import json
import os
import subprocess
import sys

import pytest
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orchestrator.display.console import NARROWEST, WIDEST, finish_output, make_console


class Stream(io.StringIO):
    """A stream of this process: a terminal or not, with an encoding, and with a write that may fail."""

    def __init__(self, *, terminal=False, encoding="utf-8", error=None, fails_in="write"):
        super().__init__()
        self.terminal, self.codec, self.error, self.fails_in = terminal, encoding, error, fails_in

    @property
    def encoding(self):
        return self.codec

    def isatty(self):
        return self.terminal

    def write(self, text):
        text.encode(self.codec)
        if self.error is not None and self.fails_in == "write":
            raise self.error
        return super().write(text)

    def flush(self):
        if self.error is not None and self.fails_in == "flush":
            raise self.error


@pytest.fixture
def stream(monkeypatch):
    """Replace standard output, or another stream."""

    def make(name="stdout", **settings):
        made = Stream(**settings)
        monkeypatch.setattr("sys." + name, made)
        return made

    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    return make


WIDTHS = {
    None: 80,
    "": 80,
    "100": 100,
    "0": 80,
    "-5": 80,
    "wide": 80,
    "1": NARROWEST,
    "19": NARROWEST,
    "20": 20,
    "1000": WIDEST,
    "99999": WIDEST,
    "9" * 30: 80,
    "٣٠": 80,
    "1e3": 80,
    " 90 ": 80,
}


@pytest.mark.parametrize(("columns", "width"), WIDTHS.items())
def test_c4_the_width_of_a_terminal_is_believed_within_reason(stream, monkeypatch, columns, width):
    stream(terminal=True)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert make_console().width == width


@pytest.mark.parametrize(("reported", "width"), [(0, 80), (1, NARROWEST), (57, 57), (65535, WIDEST)])
def test_c4_a_terminal_of_any_size_has_a_width(stream, monkeypatch, reported, width):
    monkeypatch.setattr(stream(terminal=True), "fileno", lambda: 1, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _descriptor: os.terminal_size((reported, 0)))
    assert (make_console().width, make_console().height) == (width, 25)


@pytest.mark.parametrize("columns", [None, "0", "20", "80", "-1", "x"])
@pytest.mark.parametrize("coloured", [False, True])
def test_c4_into_a_pipe_nothing_is_wrapped_or_cut(stream, monkeypatch, columns, coloured):
    out = stream()
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    if coloured:
        monkeypatch.setenv("FORCE_COLOR", "1")
    long = "x" * 300
    tree, table = Tree("dev"), Table(box=None)
    tree.add("a").add("b").add(Text(long))
    table.add_column(long)
    for subject in (tree, table, f"{long} {long}", json.dumps({"a": long, "b": [long]})):
        make_console().print(subject)
    written = out.getvalue()
    assert written.count(long) == 6
    assert len(written.splitlines()) == 7


@pytest.mark.parametrize("columns", ["0", "1", "20", "1000", "junk"])
def test_c4_in_a_terminal_messages_are_never_empty(stream, monkeypatch, columns):
    out = stream(terminal=True)
    monkeypatch.setenv("COLUMNS", columns)
    make_console().print("one two")
    assert out.getvalue().split() == ["one", "two"]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "é ± \\ud83d\n"), ("ascii", "\\xe9 \\xb1 \\ud83d\n"), ("latin-1", "é ± \\ud83d\n")],
)
def test_c4_what_an_encoding_does_not_have_is_escaped(stream, encoding, expected):
    out = stream(encoding=encoding)
    make_console().print("é ± \ud83d")
    assert out.getvalue() == expected


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("fails_in", ["write", "flush"])
@pytest.mark.parametrize(
    ("error", "code", "expected", "said"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, 0, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 3, 3, ""),
        (FULL, 0, 1, "error: standard output could not be written: No space left on device\n"),
        (FULL, 2, 2, "error: standard output could not be written: No space left on device\n"),
        (OSError("odd"), 0, 1, "error: standard output could not be written: odd\n"),
    ],
)
def test_c4_what_could_not_be_written_is_said_once_at_the_end(stream, error, code, expected, said, fails_in):
    err = stream("stderr")
    stream(error=error, fails_in=fails_in)
    out = make_console()
    for _ in range(3):
        out.print("a result")
    assert err.getvalue() == "", "the command goes on"
    assert finish_output([out, make_console(stderr=True)], code) == expected
    assert err.getvalue() == said


def test_c4_where_nothing_can_be_written_nothing_is_said(stream):
    stream("stderr", error=FULL)
    stream(error=FULL)
    out, err = make_console(), make_console(stderr=True)
    out.print("a result")
    err.print("a line")
    assert finish_output([out, err], 0) == 1


PROGRAM = """
import sys
from orchestrator.display.console import finish_output, make_console
out = make_console()
for _ in range(5000):
    out.print("x" * 100)
sys.exit(finish_output([out], 0))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        ("| head -c 10 > /dev/null", "0", []),
        ("> /dev/full", "1", ["error: standard output could not be written: No space left on device"]),
    ],
)
def test_c4_the_interpreter_has_nothing_to_complain_about_at_its_end(where, code, said):
    line = f'"{sys.executable}" -c "$0" {where}; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", line, PROGRAM], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr.splitlines()) == (code, said)
