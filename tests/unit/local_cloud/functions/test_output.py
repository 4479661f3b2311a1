"""Lines out of a pipe."""

import os

import pytest

from orchestrator.local_cloud.functions.output import Output


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    output = Output(reading)
    yield output, writing
    output.close()
    os.close(writing)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"no end", ["no end"]),
        (b"windows\r\n", ["windows"]),
        (b"\n\n", []),
        (b"bad \xff byte\n", ["bad \ufffd byte"]),
        ("\u00e4".encode() + b"\n", ["\u00e4"]),
    ],
)
def test_b7_what_is_written_becomes_lines(pipe, written, expected):
    output, writing = pipe
    os.write(writing, written)
    assert output.drain() is True
    assert [text for _, text in output.take()] == expected
    assert output.take() == ()


def test_b7_a_line_may_come_in_pieces(pipe):
    output, writing = pipe
    for piece in (b"a", b"b\nc", b"d\n"):
        os.write(writing, piece)
        output.drain()
    assert [text for _, text in output.take()] == ["ab", "cd"]


def test_b7_an_event_has_256_kib_at_most(pipe):
    output, _ = pipe
    output.add(b"x" * (300 << 10))
    ((_, text),) = output.take()
    assert len(text) == (256 << 10) - 26


def test_b7_a_closed_pipe_is_reported(pipe):
    output, writing = pipe
    os.close(writing)
    try:
        assert output.drain() is False
    finally:
        os.dup2(output.fileno(), writing)
