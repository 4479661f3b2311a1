"""Progress as recorded text from sequences of events (C4, C5).

When progress is printed: at once, and never two silent seconds while something goes on (C4).
"""

import threading

import pytest
from rich.text import Text

from orchestrator.display.live import ProgressLines, RunView, event_lines, heartbeat, seconds, summary_lines
from orchestrator.engine import events
from orchestrator.model.status import Changes, Status

T = 1_700_000_000.0


def started(*units, time=T, command="up", target="local"):
    return events.RunStarted(
        time=time, run="r", command=command, environment="dev", suffix="pr42", target=target, units=units
    )


def told(*sequence):
    """The lines of a run, and the view at its end."""
    view, lines = RunView(), []
    for event in sequence:
        view.take(event)
        lines.extend(summary_lines(view, event) if isinstance(event, events.RunFinished) else event_lines(event, view))
    return lines, view


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (8.44, "8.4 s"),
        (99.94, "99.9 s"),
        (99.96, "1m40s"),
        (100, "1m40s"),
        (125.4, "2m05s"),
        (3600, "60m00s"),
    ],
)
def test_durations(value, text):
    assert seconds(value) == text


def test_c4_a_run_that_goes_well():
    lines, _ = told(
        events.StepStarted(time=T, text="opening the local cloud"),
        events.StepFinished(time=T + 1.2, text="local cloud runs on http://127.0.0.1:4566", seconds=1.2),
        events.StepStarted(time=T + 1.2, text="preparing"),
        events.StepFinished(time=T + 1.3, text="", seconds=0.1),
        started("kms", "docs", "data/aurora", time=T + 1.5),
        events.UnitStarted(time=T + 1.6, unit="kms"),
        events.UnitPhase(time=T + 1.6, unit="kms", phase="init"),
        events.UnitPhase(time=T + 1.7, unit="kms", phase="apply"),
        events.UnitPlanned(time=T + 3, unit="kms", changes=Changes(add=2)),
        events.ResourceStarted(time=T + 3, unit="kms", address="aws_kms_key.this", action="create"),
        events.ResourceFinished(time=T + 4, unit="kms", address="aws_kms_key.this", action="create", seconds=1),
        events.UnitFinished(time=T + 5, unit="kms", status=Status.CHANGED, changes=Changes(add=2), seconds=3.4),
        events.UnitStarted(time=T + 5, unit="data/aurora"),
        events.UnitPlanned(time=T + 6, unit="data/aurora", changes=Changes()),
        events.UnitFinished(time=T + 7, unit="data/aurora", status=Status.UNCHANGED, seconds=2),
        events.RunFinished(time=T + 130, exit_code=0, seconds=130, changes=Changes(add=2)),
    )
    assert lines == [
        "[ 1.2 s] local cloud runs on http://127.0.0.1:4566",
        'up of "pr42", environment dev, on the local cloud: 3 units',
        "[ 1.6 s] kms          started",
        "[ 3.0 s] kms          to do: +2 ~0 -0",
        "[ 5.0 s] kms          applied: +2 ~0 -0 (3.4 s)",
        "[ 5.0 s] data/aurora  started",
        "[ 6.0 s] data/aurora  nothing to do",
        "[ 7.0 s] data/aurora  unchanged (2.0 s)",
        "\n1 changed, 1 unchanged in 2m10s: 2 added, 0 changed, 0 destroyed.",
    ]


def test_c5_failures_name_their_reason_skips_their_cause_and_the_summary_says_both():
    lines, _ = told(
        started("kms", "vpc", "s3", "api", target="aws", time=T),
        events.UnitStarted(time=T, unit="vpc"),
        events.UnitFinished(
            time=T + 2,
            unit="vpc",
            status=Status.FAILED,
            changes=Changes(add=1),
            seconds=2,
            error="aws_vpc.this: creating EC2 VPC\nVpcLimitExceeded\n\nat main.tf:3",
            log="/runs/1/logs/vpc.log",
        ),
        events.UnitFinished(time=T + 2, unit="api", status=Status.SKIPPED, cause="vpc"),
        events.UnitStarted(time=T + 2, unit="s3"),
        events.UnitFinished(time=T + 3, unit="s3", status=Status.FAILED, seconds=1),
        events.UnitFinished(time=T + 3, unit="kms", status=Status.CANCELLED),
        events.RunFinished(time=T + 3, exit_code=1, seconds=3, changes=Changes(add=1)),
    )
    assert lines == [
        'up of "pr42", environment dev, on AWS: 4 units',
        "[ 0.0 s] vpc  started",
        "[ 2.0 s] vpc  FAILED after 2.0 s: aws_vpc.this: creating EC2 VPC",
        '[ 2.0 s] api  skipped, because "vpc" failed',
        "[ 2.0 s] s3   started",
        "[ 3.0 s] s3   FAILED after 1.0 s: see its log",
        "[ 3.0 s] kms  cancelled",
        '\nUnit "s3" failed:',
        "  no error was reported",
        '\nUnit "vpc" failed:',
        "  aws_vpc.this: creating EC2 VPC",
        "  VpcLimitExceeded",
        "  ",
        "  at main.tf:3",
        "  log: /runs/1/logs/vpc.log",
        "\n2 failed, 1 skipped, 1 cancelled in 3.0 s: 1 added, 0 changed, 0 destroyed.",
    ]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("up", "applied: +0 ~1 -0 (1.0 s)"),
        ("destroy", "destroyed: +0 ~1 -0 (1.0 s)"),
        ("other", "done: +0 ~1 -0 (1.0 s)"),
    ],
)
def test_the_verb_is_that_of_the_command(command, text):
    lines, _ = told(
        started("a", command=command),
        events.UnitFinished(time=T, unit="a", status=Status.CHANGED, changes=Changes(change=1), seconds=1),
    )
    assert lines == [f'{command} of "pr42", environment dev, on the local cloud: 1 unit', f"[ 0.0 s] a  {text}"]


@pytest.mark.parametrize(
    ("waiting", "text"),
    [(("kms", "vpc"), "; finishing kms, vpc, Ctrl-C again asks whether to interrupt them"), ((), "")],
)
def test_c6_an_interrupt_says_what_is_waited_for(waiting, text):
    lines, _ = told(started("kms"), events.RunInterrupted(time=T + 61, waiting_for=waiting))
    assert lines[1] == f"[61.0 s] interrupted: no further unit starts{text}"


@pytest.mark.parametrize(("waiting", "text"), [(("docs", "vpc"), "; finishing docs, vpc"), ((), "")])
def test_c5_a_run_that_is_stopped_says_whose_plan_it_was_and_what_is_waited_for(waiting, text):
    lines, _ = told(started("kms"), events.RunStopped(time=T + 2, unit="kms", waiting_for=waiting))
    assert lines[1] == f'[ 2.0 s] stopped after "kms" failed{text}'


def test_c5_a_refused_plan_reads_well_from_its_first_line_to_the_summary():
    error = "Its plan exceeds the approved one, so nothing of it was applied. Not approved:\n  create aws_eip.x"
    lines, _ = told(
        started("kms", "vpc", "docs"),
        events.UnitStarted(time=T, unit="kms"),
        events.UnitFinished(time=T + 1, unit="kms", status=Status.FAILED, seconds=1, error=error, log="/l/kms.log"),
        events.RunStopped(time=T + 1, unit="kms", waiting_for=()),
        events.UnitFinished(time=T + 1, unit="vpc", status=Status.SKIPPED, cause="kms"),
        events.UnitFinished(time=T + 1, unit="docs", status=Status.CANCELLED),
        events.RunFinished(time=T + 2, exit_code=1, seconds=2, changes=Changes()),
    )
    assert lines[2:] == [
        (
            "[ 1.0 s] kms   FAILED after 1.0 s: Its plan exceeds the approved one, so nothing of it was applied. "
            "Not approved:"
        ),
        '[ 1.0 s] stopped after "kms" failed',
        '[ 1.0 s] vpc   skipped, because "kms" failed',
        "[ 1.0 s] docs  cancelled",
        '\nUnit "kms" failed:',
        "  Its plan exceeds the approved one, so nothing of it was applied. Not approved:",
        "    create aws_eip.x",
        "  log: /l/kms.log",
        "\n1 failed, 1 skipped, 1 cancelled in 2.0 s: 0 added, 0 changed, 0 destroyed.",
    ]


def test_c5_another_attempt_is_announced_with_its_reason():
    lines, _ = told(
        started("kms"), events.UnitRetried(time=T + 2, unit="kms", attempt=2, wait=4.5, reason="Throttling")
    )
    assert lines[1] == "[ 2.0 s] kms  attempt 2 in 4.5 s: Throttling"


def test_a_run_without_units_has_a_summary_too():
    lines, _ = told(events.RunFinished(time=T, exit_code=0, seconds=0.5, changes=Changes()))
    assert lines == ["\nNo units in 0.5 s: 0 added, 0 changed, 0 destroyed."]


AT_WORK = (
    started("kms", "vpc", "s3"),
    events.UnitStarted(time=T + 1, unit="kms"),
    events.UnitStarted(time=T + 1, unit="vpc"),
    events.UnitPhase(time=T + 1, unit="vpc", phase="apply"),
    events.UnitPlanned(time=T + 2, unit="vpc", changes=Changes(add=6, change=1, destroy=1)),
    events.ResourceStarted(time=T + 2, unit="vpc", address="aws_vpc.this", action="create"),
    events.ResourceFinished(time=T + 3, unit="vpc", address="aws_vpc.this", action="create", seconds=1),
    events.ResourceStarted(time=T + 4, unit="vpc", address="aws_nat_gateway.this", action="create"),
    events.ResourceStarted(time=T + 5, unit="vpc", address="aws_eip.late", action="create"),
)


def test_c4_the_heartbeat_names_every_unit_at_work_and_its_oldest_resource():
    _, view = told(*AT_WORK)
    assert heartbeat(view, T + 9) == ("[ 9.0 s] working: kms starting; vpc apply 1/8 aws_nat_gateway.this for 5.0 s")


def test_c4_resources_that_began_together_are_named_in_the_same_order_every_time():
    started_at = [
        events.ResourceStarted(time=T + 4, unit="kms", address=name, action="create") for name in ("b.x", "a.x")
    ]
    _, view = told(started("kms"), events.UnitStarted(time=T, unit="kms"), *started_at)
    assert heartbeat(view, T + 5) == "[ 5.0 s] working: kms starting a.x for 1.0 s"


def test_c4_the_heartbeat_names_the_step_where_no_unit_is_at_work():
    _, view = told(events.StepStarted(time=T, text="starting the provider"))
    assert heartbeat(view, T + 4) == "[ 4.0 s] starting the provider (4.0 s)"
    view.take(events.StepFinished(time=T + 5, text="", seconds=5))
    assert heartbeat(view, T + 6) == ""


def test_the_heartbeat_is_silent_when_nothing_goes_on():
    assert heartbeat(RunView(), T) == ""
    _, view = told(
        *AT_WORK, *[events.UnitFinished(time=T + 9, unit=name, status=Status.CHANGED) for name in ("kms", "vpc")]
    )
    assert heartbeat(view, T + 10) == ""


START = 1_700_000_000.0
RUN = events.RunStarted(
    time=START, run="r", command="up", environment="dev", suffix="pr42", target="local", units=("kms",)
)


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
    display(events.UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    assert len(log.lines) == 2
    ticks(display, clock, until=4.5)
    assert log.lines[2:] == ["[ 1.8 s] working: kms starting", "[ 3.5 s] working: kms starting"]


def test_c4_any_line_starts_the_silence_anew(display, clock, log):
    display(RUN)
    display(events.UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    display(events.UnitFinished(time=clock.now, unit="kms", status=Status.CHANGED, changes=Changes(add=1), seconds=1.5))
    display(events.UnitStarted(time=clock.now, unit="kms"))
    ticks(display, clock, until=3.0)
    assert len(log.lines) == 4
    ticks(display, clock, until=3.25)
    assert log.lines[4:] == ["[ 3.2 s] working: kms starting"]


def test_c4_events_that_print_nothing_do_not_put_the_heartbeat_off(display, clock, log):
    display(events.StepStarted(time=START, text="opening"))
    ticks(display, clock, until=1.5)
    display(events.StepFinished(time=clock.now, text="", seconds=1.5))
    display(events.StepStarted(time=clock.now, text="planning"))
    ticks(display, clock, until=2.0)
    assert log.lines == ["[ 1.8 s] planning (0.2 s)"]


def test_nothing_is_printed_when_nothing_goes_on(display, clock, log):
    ticks(display, clock, until=60)
    assert log.text == ""
    display(events.StepStarted(time=clock.now, text="opening"))
    display(events.StepFinished(time=clock.now, text="", seconds=0))
    ticks(display, clock, until=120)
    assert log.text == ""


def test_the_last_event_prints_the_summary(display, log):
    display(RUN)
    display(events.RunFinished(time=START, exit_code=0, seconds=3, changes=Changes()))
    assert log.text == (
        'up of "pr42", environment dev, on the local cloud: 1 unit\n'
        "\nNo units in 3.0 s: 0 added, 0 changed, 0 destroyed.\n"
    )


def test_a_log_gets_long_lines_whole_and_brackets_as_they_are(display, log):
    display(RUN)
    error = f"[bold]{'long ' * 40}end"
    display(events.UnitFinished(time=START, unit="kms", status=Status.FAILED, seconds=1, error=error))
    assert log.lines[1] == f"[ 0.0 s] kms  FAILED after 1.0 s: {error}"


def test_a_terminal_shows_what_goes_on_in_one_line_that_fits(terminal, clock):
    display = ProgressLines(console=terminal, clock=clock)
    with display.ticking():
        display(RUN)
        display(
            events.UnitStarted(
                time=START, unit="unit-with-a-name-that-is-far-too-long-for-one-line-of-the-terminal" * 2
            )
        )
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
    display(events.UnitStarted(time=START, unit="kms"))
    ticks(display, clock, until=1.5)
    display.say("Plan: 1 to add, 0 to change, 0 to destroy.")
    ticks(display, clock, until=3.0)
    assert log.lines[2:] == ["Plan: 1 to add, 0 to change, 0 to destroy."]
    ticks(display, clock, until=3.25)
    assert log.lines[3:] == ["[ 3.2 s] working: kms starting"]
