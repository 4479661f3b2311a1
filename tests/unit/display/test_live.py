"""When progress is printed: at once, and never two silent seconds while something goes on (C4)."""

import threading

import pytest
from rich.text import Text

from orchestrator.display.live import ProgressLines
from orchestrator.engine.events import RunFinished, RunStarted, StepFinished, StepStarted, UnitFinished, UnitStarted
from orchestrator.model.status import Changes, Status

START = 1_700_000_000.0
RUN = RunStarted(time=START, run="r", command="up", environment="dev", suffix="pr42", target="local", units=("kms",))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def display(log, clock):
    lines = ProgressLines(console=log, clock=clock)
    lines._last = START
    return lines


def ticks(display, clock, *, until, step=0.25):
    while clock.now < START + until:
        clock.now += step
        display.tick()


def test_c4_silence_in_a_log_is_broken_before_two_seconds_have_passed(display, clock, log):
    display(RUN)
    display(UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    assert len(log.lines) == 2
    ticks(display, clock, until=4.5)
    assert log.lines[2:] == ["[ 1.8 s] working: kms starting", "[ 3.5 s] working: kms starting"]


def test_c4_any_line_starts_the_silence_anew(display, clock, log):
    display(RUN)
    display(UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    display(UnitFinished(time=clock.now, unit="kms", status=Status.CHANGED, changes=Changes(add=1), seconds=1.5))
    display(UnitStarted(time=clock.now, unit="kms"))
    ticks(display, clock, until=3.0)
    assert len(log.lines) == 4
    ticks(display, clock, until=3.25)
    assert log.lines[4:] == ["[ 3.2 s] working: kms starting"]


def test_c4_events_that_print_nothing_do_not_put_the_heartbeat_off(display, clock, log):
    display(StepStarted(time=START, text="opening"))
    ticks(display, clock, until=1.5)
    display(StepFinished(time=clock.now, text="", seconds=1.5))
    display(StepStarted(time=clock.now, text="planning"))
    ticks(display, clock, until=2.0)
    assert log.lines == ["[ 1.8 s] planning (0.2 s)"]


def test_nothing_is_printed_when_nothing_goes_on(display, clock, log):
    ticks(display, clock, until=60)
    assert log.text == ""
    display(StepStarted(time=clock.now, text="opening"))
    display(StepFinished(time=clock.now, text="", seconds=0))
    ticks(display, clock, until=120)
    assert log.text == ""


def test_the_last_event_prints_the_summary(display, log):
    display(RUN)
    display(RunFinished(time=START, exit_code=0, seconds=3, changes=Changes()))
    assert log.text == (
        'up of "pr42", environment dev, on the local cloud: 1 unit\n'
        "\nNo units in 3.0 s: 0 added, 0 changed, 0 destroyed.\n"
    )


def test_a_log_gets_long_lines_whole_and_brackets_as_they_are(display, log):
    display(RUN)
    error = f"[bold]{'long ' * 40}end"
    display(UnitFinished(time=START, unit="kms", status=Status.FAILED, seconds=1, error=error))
    assert log.lines[1] == f"[ 0.0 s] kms  FAILED after 1.0 s: {error}"


def test_a_terminal_shows_what_goes_on_in_one_line_that_fits(terminal, clock):
    display = ProgressLines(console=terminal, clock=clock)
    with display.ticking():
        display(RUN)
        display(UnitStarted(time=START, unit="unit-with-a-name-that-is-far-too-long-for-one-line-of-the-terminal" * 2))
        assert display._spinner is not None
        display.tick()
        shown = str(display._spinner.status)
    assert shown.startswith("[ 0.0 s] working: unit-with-a-name")
    assert len(shown) <= 76
    assert display._spinner is None


def test_ticking_ends_with_its_block_also_after_an_error(log, clock):
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="broken"), ProgressLines(console=log, clock=clock).ticking():
        raise ValueError("broken")
    assert set(threading.enumerate()) <= before


def test_the_terminal_is_left_alone_while_a_question_is_asked(terminal, clock):
    display = ProgressLines(console=terminal, clock=clock)
    with display.ticking():
        spinner = display._spinner
        with display.paused():
            assert display._spinner is None
        assert display._spinner is spinner


@pytest.mark.parametrize("text", ["two [bold]words[/bold]", Text("two [bold]words[/bold]", style="red")])
def test_c4_what_is_no_event_is_printed_as_it_is(display, log, text):
    display.say(text)
    assert log.text == "two [bold]words[/bold]\n"


def test_c4_a_long_text_that_is_no_event_is_not_broken_in_a_log(display, log):
    display.say("word " * 40 + "end")
    assert log.lines == ["word " * 40 + "end"]


def test_c4_what_is_said_starts_the_silence_anew(display, clock, log):
    display(RUN)
    display(UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    display.say("Plan: 1 to add, 0 to change, 0 to destroy.")
    ticks(display, clock, until=3.0)
    assert log.lines[2:] == ["Plan: 1 to add, 0 to change, 0 to destroy."]
    ticks(display, clock, until=3.25)
    assert log.lines[3:] == ["[ 3.2 s] working: kms starting"]
