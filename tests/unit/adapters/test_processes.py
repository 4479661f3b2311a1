"""Child processes: their output line by line, their own session, and orderly interrupts (C6)."""

import os
import sys
import threading

import pytest

from orchestrator.adapters.processes import Processes

# Says that it is ready, waits to be interrupted, writes its state, and ends with a code of its own.
TRAPS = """
import os, signal, time
def stop(number, frame):
    os.write(1, b"interrupted\\n")
    os._exit(7)
signal.signal(signal.SIGINT, stop)
os.write(1, b"ready\\n")
time.sleep(20)
"""


def python(code):
    return [sys.executable, "-IS", "-c", code]


@pytest.fixture
def run(tmp_path):
    processes = Processes()

    def start(code, **settings):
        lines = settings.pop("lines", [])
        options = {"folder": tmp_path, "environment": {"PATH": os.defpath}, "on_line": lines.append} | settings
        return processes.stream(python(code), **options), lines

    start.processes = processes
    return start


def test_output_of_both_streams_arrives_line_by_line_with_the_exit_code(run):
    code, lines = run(
        "import sys; print('one'); print(); sys.stdout.flush(); print('two', file=sys.stderr, end=''); sys.exit(3)"
    )
    assert (code, lines) == (3, ["one", "", "two"])


def test_lines_arrive_while_the_child_runs(run, tmp_path):
    """A child that waits for what is done with its first line would never end if output came at its end."""
    go = tmp_path / "go"

    def note(line):
        if line == "first":
            go.touch()

    code, _ = run(
        "import os, sys, time\nprint('first', flush=True)\nfor _ in range(400):\n"
        "    if os.path.exists('go'): sys.exit(0)\n    time.sleep(0.02)\nsys.exit(1)",
        on_line=note,
    )
    assert code == 0


def test_what_is_no_text_is_replaced_and_not_an_error(run):
    code, lines = run("import sys; sys.stdout.buffer.write(b'a\\xffb\\n')")
    assert (code, lines) == (0, ["a\ufffdb"])


def test_the_child_has_the_folder_and_exactly_the_environment_that_it_is_given(run, tmp_path):
    _, lines = run(
        "import os, sys; print(os.getcwd()); print(sorted(set(os.environ) - {'LC_CTYPE'})); print(sys.stdin.read())",
        environment={"ONLY": "this"},
    )
    assert lines == [str(tmp_path), "['ONLY']", ""]


def test_the_child_is_in_a_session_of_its_own(run):
    """C6: a Ctrl-C in the terminal reaches platformctl alone."""
    _, lines = run("import os; print(os.getsid(0), os.getpid())")
    session, pid = lines[0].split()
    assert session == pid
    assert int(session) != os.getsid(0)


def test_descriptors_are_inherited_only_when_asked_for(run):
    reading, writing = os.pipe()
    try:
        code = f"import os\ntry:\n    os.fstat({writing})\n    print('open')\nexcept OSError:\n    print('closed')"
        assert run(code)[1] == ["closed"]
        assert run(code, keep_open=[writing])[1] == ["open"]
    finally:
        os.close(reading)
        os.close(writing)


def test_c6_an_interrupt_lets_a_child_come_to_its_own_end(run):
    ready, ended = threading.Event(), []
    lines = []

    def note(line):
        lines.append(line)
        ready.set()

    thread = threading.Thread(target=lambda: ended.append(run(TRAPS, on_line=note)[0]))
    thread.start()
    assert ready.wait(10)
    assert not run.processes.interrupted
    run.processes.interrupt()
    thread.join(10)
    assert (ended, lines) == ([7], ["ready", "interrupted"])
    assert run.processes.interrupted


def test_c6_an_interrupt_reaches_every_running_child(run):
    ready, ended = threading.Barrier(4), []

    def note(line):
        if line == "ready":
            ready.wait(10)

    threads = [threading.Thread(target=lambda: ended.append(run(TRAPS, on_line=note)[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    run.processes.interrupt()
    for thread in threads:
        thread.join(10)
    assert ended == [7, 7, 7]


def test_c6_a_child_that_is_started_after_an_interrupt_is_interrupted_at_once(run):
    run.processes.interrupt()
    code, _ = run("import time; time.sleep(20)")
    assert code != 0


def test_an_interrupt_with_nothing_running_is_no_error(run):
    assert run("print()")[0] == 0
    run.processes.interrupt()
    assert run.processes._running == {}


def test_a_listener_that_fails_leaves_no_child_behind(run):
    def fail(_line):
        raise ValueError("broken listener")

    with pytest.raises(ValueError, match="broken listener"):
        run("print('x')", on_line=fail)
    assert run.processes._running == {}


def test_a_program_that_does_not_exist_is_an_os_error_and_leaves_nothing(tmp_path):
    processes = Processes()
    with pytest.raises(FileNotFoundError):
        processes.stream(["/no/such/program"], folder=tmp_path, environment={}, on_line=print)
    assert processes._running == {}


def test_c6_whoever_breaks_off_interrupts_the_child_and_waits_for_it(run):
    lines = []

    def break_off(line):
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(TRAPS, on_line=break_off)
    assert lines == ["ready"]
    assert run.processes._running == {}
