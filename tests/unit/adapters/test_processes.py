"""Child processes: their output line by line, their own session, orderly interrupts, and lives of their own (C6)."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestrator.adapters.processes import Child, Lines, Processes, Purpose, follow_file, living, start_time
from tests.fakes.program import wait_until

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


def starter(tmp_path, log=None):
    """Runs Python code as a child; returns its exit code and its lines."""
    processes = Processes(records=tmp_path / "records")

    def start(code, **settings):
        lines = []
        options = {"folder": tmp_path, "environment": {"PATH": os.defpath}, "on_line": lines.append, "log": log}
        return processes.run(python(code), **(options | settings)), lines

    start.processes, start.log, start.records = processes, log, tmp_path / "records"
    return start


@pytest.fixture
def follow(tmp_path):
    """Runs code that appends its output to a log."""
    log = tmp_path / "unit.log"
    log.write_bytes(b"# before\n")
    return starter(tmp_path, log)


@pytest.fixture(params=["pipe", "log"])
def run(request, tmp_path):
    """Runs code whose output comes through a pipe, or from a log."""
    return starter(tmp_path) if request.param == "pipe" else request.getfixturevalue("follow")


def test_output_of_both_streams_arrives_line_by_line_with_the_exit_code(run):
    code, lines = run(
        "import sys; print('one'); print(); sys.stdout.flush(); print('two', file=sys.stderr, end=''); sys.exit(3)"
    )
    assert (code, lines) == (3, ["one", "", "two"])


def test_lines_arrive_while_the_child_runs(run, tmp_path):
    """A child that waits for what is done with its first line would never end if output came at its end."""
    go = tmp_path / "go"

    def note(line):
        lines.append(line)
        go.touch()

    lines = []
    code, _ = run(
        "import os, sys, time\nos.write(1, b'fi')\ntime.sleep(0.05)\nos.write(1, b'rst\\nsec')\n"
        "for _ in range(400):\n    if os.path.exists('go'): break\n    time.sleep(0.02)\nelse: sys.exit(1)\n"
        "os.write(1, b'ond\\n')",
        on_line=note,
    )
    assert (code, lines) == (0, ["first", "second"])


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


def test_c6_an_interrupt_reaches_every_running_child(run, tmp_path):
    ready, ended = threading.Barrier(4), []

    def note(line):
        if line == "ready":
            ready.wait(10)

    def work(name):
        ended.append(run(TRAPS, on_line=note, log=run.log and tmp_path / name)[0])

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "c")]
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


def test_a_program_that_does_not_exist_is_an_os_error_and_leaves_nothing(run, tmp_path):
    with pytest.raises(FileNotFoundError):
        run.processes.run(["/no/such/program"], folder=tmp_path, environment={}, on_line=print, log=run.log)
    assert run.processes._running == {}


def test_c6_whoever_breaks_off_interrupts_the_child_and_waits_for_it(run):
    lines = []

    def break_off(line):
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(TRAPS, on_line=break_off)
    assert lines == ["ready"]
    assert run.processes._running == {}


# Counts interrupts, and ends when it is told to.
COUNTS = """
import os, signal, time
seen = []
signal.signal(signal.SIGINT, lambda number, frame: (seen.append(number), os.write(1, b"interrupted\\n")))
os.write(1, b"ready\\n")
while not os.path.exists("go"):
    time.sleep(0.02)
open("count", "w").write(str(len(seen)))
"""


@pytest.mark.parametrize("breaks_off", [False, True])
def test_c6_no_child_ever_gets_a_second_interrupt(run, tmp_path, breaks_off):
    """Terraform takes a second one as leave to drop its state."""
    lines = []

    def note(line):
        lines.append(line)
        if line == "ready":
            run.processes.interrupt()
        else:
            run.processes.interrupt()
            (tmp_path / "go").touch()
            if breaks_off:
                raise KeyboardInterrupt

    if breaks_off:
        with pytest.raises(KeyboardInterrupt):
            run(COUNTS, on_line=note)
    else:
        assert run(COUNTS, on_line=note)[0] == 0
    assert (tmp_path / "count").read_text() == "1"
    assert lines == ["ready", "interrupted"]


def test_c6_a_pause_ends_at_once_with_an_interrupt():
    processes = Processes()
    assert processes.pause(0) is False
    threading.Timer(0.05, processes.interrupt).start()
    assert processes.pause(60) is True
    assert processes.pause(60) is True


def test_c4_a_followed_child_writes_to_the_log_by_itself_and_its_lines_are_handed_over(follow):
    code, lines = follow(
        "import os, sys; print(os.readlink('/proc/self/fd/1')); sys.stdout.flush(); print('two', file=sys.stderr)\n"
        "sys.stderr.write('no line break'); sys.exit(3)"
        if Path("/proc/self/fd").exists()
        else f"import sys; print('{follow.log}', flush=True); sys.stderr.write('two\\nno line break'); sys.exit(3)"
    )
    assert (code, lines) == (3, [str(follow.log), "two", "no line break"])
    assert follow.log.read_text() == f"# before\n{follow.log}\ntwo\nno line break"


def test_much_output_arrives_complete(run):
    code, lines = run("print('\\n'.join(str(n) * 20 for n in range(50000)))")
    assert (code, len(lines), lines[-1]) == (0, 50000, "49999" * 20)


def test_what_a_child_writes_last_is_read_after_it_has_ended(tmp_path):
    file = tmp_path / "log"
    file.write_bytes(b"first\n")

    def ended():
        with file.open("ab") as stream:
            stream.write(b"last\n")
        return True

    lines = []
    with file.open("rb") as reading:
        follow_file(reading, Lines(lines.append, longest=100), has_ended=ended)
    assert lines == ["first", "last"]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("output", "lines"),
    [
        (b"", []),
        (b"\n\nx", ["", "", "x"]),
        (b"one\r\ntwo", ["one", "two"]),
        (b"12345678\n123456789\nz\n", ["12345678", "12345678... (1 more bytes in this line)", "z"]),
        (b"x" * 5000, ["x" * 8 + "... (4992 more bytes in this line)"]),
        (b"\xe9t\xe9\n", ["\ufffdt\ufffd"]),
    ],
    ids=["nothing", "empty lines", "carriage returns", "at the limit", "one line without end", "latin-1"],
)
def test_c4_output_of_any_shape_becomes_lines_of_bounded_length(output, lines, size):
    found = []
    splitter = Lines(found.append, longest=8)
    for start in range(0, len(output), size):
        splitter.feed(output[start : start + size])
    splitter.end()
    assert found == lines


def test_a_child_that_is_killed_says_by_what(run):
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == -signal.SIGKILL


PARENT = """
import os, sys, threading
from pathlib import Path
from orchestrator.adapters.processes import Processes, Purpose
child = "import os, sys, time" + chr(10) + "print('ready', flush=True)" + chr(10)
child += "while not os.path.exists('go'): time.sleep(0.02)" + chr(10) + "print('state written', flush=True)"
Processes(records=Path("records")).run(
    [sys.executable, "-IS", "-c", child],
    folder=Path.cwd(),
    environment={"PATH": os.defpath},
    log=Path("unit.log").absolute(),
    on_line=lambda line: print(line, flush=True),
    purpose=Purpose(command="apply", unit="vpc"),
)
"""


@pytest.mark.slow
def test_c6_after_kill_9_of_platformctl_a_child_runs_to_its_end_and_is_found(tmp_path, platformctl):
    with platformctl(PARENT, b"ready\n") as parent:
        (child,) = living(tmp_path / "records")
        assert child == Child(
            pid=child.pid,
            command="apply",
            folder=tmp_path,
            unit="vpc",
            log=tmp_path / "unit.log",
            parent=parent.pid,
            orphaned=False,
        )
    (orphan,) = living(tmp_path / "records")
    assert (orphan.pid, orphan.orphaned) == (child.pid, True)
    (tmp_path / "go").touch()
    assert wait_until(lambda: not living(tmp_path / "records"))
    assert (tmp_path / "unit.log").read_text() == "ready\nstate written\n"
    assert list((tmp_path / "records").iterdir()) == [], "the record of what has ended is gone"


def test_a_record_is_private_and_goes_with_its_child(follow):
    def note(line):
        (file,) = follow.records.iterdir()
        seen.append((json.loads(file.read_text()), file.stat().st_mode & 0o077, file.stem))

    seen = []
    follow("import os; print(os.getpid())", on_line=note, purpose=Purpose(command="plan"))
    ((record, others, name),) = seen
    assert (str(record["pid"]), others) == (name, 0)
    assert (record["command"], record["unit"], record["log"]) == ("plan", "", str(follow.log))
    assert record["parent"] == {"pid": os.getpid(), "started": start_time(os.getpid())}
    assert list(follow.records.iterdir()) == []
    with pytest.raises(ValueError, match="broken listener"):
        follow("print()", on_line=lambda _line: (_ for _ in ()).throw(ValueError("broken listener")))
    assert list(follow.records.iterdir()) == []


@pytest.mark.parametrize(
    "change", [{"started": 1.0}, {"started": "1"}, {"started": None}, {"pid": 2**22 + 1}, {"parent": {}}]
)
def test_a_record_of_something_else_is_not_believed_and_removed(tmp_path, change):
    """A process number is used again sooner or later."""
    mine = {"pid": os.getpid(), "started": start_time(os.getpid())}
    record = mine | {"command": "apply", "unit": "", "folder": "/", "log": None, "parent": mine}
    file = tmp_path / "1.json"
    file.write_text(json.dumps(record))
    (found,) = living(tmp_path)
    assert (found.pid, found.log, found.orphaned) == (os.getpid(), None, False)
    file.write_text(json.dumps(record | change))
    assert living(tmp_path) == ()
    assert not file.exists()


def test_without_records_nothing_lives(tmp_path):
    assert living(tmp_path / "none") == ()
    (tmp_path / "1.json").write_text("{")
    assert living(tmp_path) == ()


def test_a_process_has_one_start_and_none_after_its_end():
    child = subprocess.Popen([sys.executable, "-IS", "-c", "input()"], stdin=subprocess.PIPE)
    with child:
        assert start_time(child.pid) == start_time(child.pid) is not None
        child.kill()
        assert wait_until(lambda: start_time(child.pid) is None), "one that nobody has waited for has ended, too"
    assert start_time(child.pid) is None


def test_c6_a_pause_ends_when_everything_comes_to_its_end_and_children_go_on():
    processes = Processes()
    assert not processes.pause(0.0)
    processes.wind_down()
    assert processes.pause(60.0)
    assert not processes.interrupted
