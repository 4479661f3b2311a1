"""A2, A3: the local cloud is started once, found again, and never confused with something else."""

import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestrator.local_cloud import process
from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.process import Ending, ServerProcess, user_folder


@contextmanager
def _answering(content, status=200):
    """Somebody on a port, who answers everything with the same JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is BaseHTTPRequestHandler's

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _record(home, **changes):
    home.mkdir(parents=True, exist_ok=True)
    record = {
        "pid": os.getpid(),
        "port": 1,
        "instance_id": "abc",
        "started_at": "2026-01-01T00:00:00+00:00",
        "moto_version": "5.2.5",
    }
    (home / "server.json").write_text(json.dumps(record | changes))


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_STATE_HOME": "/state"}, Path("/state/platformctl/local-cloud")),
        ({"XDG_STATE_HOME": "relative"}, Path.home() / ".local/state/platformctl/local-cloud"),
        ({}, Path.home() / ".local/state/platformctl/local-cloud"),
    ],
)
def test_a_users_own_server_has_a_folder_where_xdg_says(environ, folder):
    assert user_folder(environ) == folder


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_used_is_reported(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalCloudError, match="The folder of the local cloud cannot be used") as raised:
        ServerProcess(tmp_path / name).start()
    assert str(tmp_path / name) in raised.value.detail
    assert not ServerProcess(tmp_path / name).status().running


def test_a_server_that_answers_with_its_own_id_is_running(tmp_path):
    with _answering({"instance_id": "abc"}) as port:
        _record(tmp_path, port=port)
        status = ServerProcess(tmp_path).status()
    assert (status.running, status.endpoint, status.pid) == (True, f"http://127.0.0.1:{port}", os.getpid())
    assert (status.instance_id, status.moto_version, status.account_id) == ("abc", "5.2.5", "123456789012")


@pytest.mark.parametrize(
    "content",
    [{"instance_id": "another"}, {}, [], b"<html>another program</html>", b""],
)
def test_somebody_else_on_the_port_is_not_the_local_cloud(tmp_path, content):
    with _answering(content) as port:
        _record(tmp_path, port=port)
        assert not ServerProcess(tmp_path).status().running
        assert ServerProcess(tmp_path).stop() is Ending.NOTHING
    assert not (tmp_path / "server.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x", "port": 1, "instance_id": "a"}', '{"pid": 1}'])
def test_a_damaged_record_is_no_server(tmp_path, text):
    (tmp_path / "server.json").write_text(text)
    assert not ServerProcess(tmp_path).status().running


def test_a_dead_process_is_no_server(tmp_path):
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", "pass"], os.environ)
    os.waitpid(child, 0)
    _record(tmp_path, pid=child)
    assert not ServerProcess(tmp_path).status().running


def test_nobody_on_the_port_is_no_server(tmp_path):
    _record(tmp_path, port=1)
    assert not ServerProcess(tmp_path).status().running


def test_a_living_server_that_is_slow_is_not_taken_for_dead(tmp_path, monkeypatch):
    def silent(_):
        raise process.SilentError

    monkeypatch.setattr(process.control_client, "health", silent)
    monkeypatch.setattr(process, "_ANSWER_DEADLINE", 0.0)
    _record(tmp_path)
    with pytest.raises(LocalCloudError) as raised:
        ServerProcess(tmp_path).start()
    assert raised.value.summary == "The local cloud does not answer"
    assert str(os.getpid()) in raised.value.hint


def test_start_keeps_a_running_server_and_takes_its_retirement_back(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(
        process.control_client, "retire", lambda endpoint, after: calls.append((endpoint, after)) or True
    )
    with _answering({"instance_id": "abc"}) as port:
        _record(tmp_path, port=port)
        assert ServerProcess(tmp_path).start().instance_id == "abc"
        assert ServerProcess(tmp_path).retire(30) is True
    assert calls == [(f"http://127.0.0.1:{port}", None), (f"http://127.0.0.1:{port}", 30)]


def test_a_server_that_answers_late_is_asked_again(tmp_path, monkeypatch):
    answers = iter([process.SilentError(), True])

    def retire(_endpoint, _after):
        answer = next(answers)
        if answer is not True:
            raise answer
        return answer

    monkeypatch.setattr(process.control_client, "retire", retire)
    with _answering({"instance_id": "abc"}) as port:
        _record(tmp_path, port=port)
        assert ServerProcess(tmp_path).start().instance_id == "abc"


def test_nothing_to_retire_and_no_environment_without_a_server(tmp_path):
    assert ServerProcess(tmp_path).retire(1) is False
    with pytest.raises(LocalCloudError, match="The local cloud is not running"):
        ServerProcess(tmp_path).environment()


def test_a_child_that_dies_shows_the_end_of_its_own_log_only(tmp_path, monkeypatch):
    (tmp_path / "server.log").write_text("an older run\n")
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'the port is taken' >&2\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(fake))
    with pytest.raises(LocalCloudError) as raised:
        ServerProcess(tmp_path).start()
    assert raised.value.summary == "The local cloud did not start"
    assert raised.value.detail == "Its process ended with status 3. The end of its log:\nthe port is taken"
    assert raised.value.hint == f"The whole log is {tmp_path / 'server.log'}."


def test_the_child_sees_no_real_credentials_and_has_no_input(tmp_path, monkeypatch):
    fake = tmp_path / "python"
    fake.write_text(
        '#!/bin/sh\necho "key=$AWS_ACCESS_KEY_ID profile=$AWS_PROFILE"\nread line || echo "no input"\nexit 1\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(fake))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAQWERTYUIOPASDFGH")
    monkeypatch.setenv("AWS_PROFILE", "production")
    with pytest.raises(LocalCloudError) as raised:
        ServerProcess(tmp_path).start()
    assert raised.value.detail.endswith("key= profile=\nno input")


def test_the_home_and_its_log_are_private(tmp_path, monkeypatch):
    home = tmp_path / "local"
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    with pytest.raises(LocalCloudError):
        ServerProcess(home).start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "server.log").stat().st_mode) == 0o600


def test_a_long_log_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_LOG_LIMIT", 10)
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    (tmp_path / "server.log").write_text("more than ten characters")
    with pytest.raises(LocalCloudError):
        ServerProcess(tmp_path).start()
    assert (tmp_path / "server.log.1").read_text() == "more than ten characters"
    assert (tmp_path / "server.log").read_text() == ""


HOLDER = """
import signal, sys, time
from pathlib import Path
from orchestrator.local_cloud.lifeline import Lifeline
signal.signal(signal.SIGTERM, signal.SIG_DFL if sys.argv[2] == "obedient" else signal.SIG_IGN)
assert Lifeline(Path(sys.argv[1])).hold()
print("holds", flush=True)
time.sleep(60)
"""


@contextmanager
def _holder(home, manners="obedient"):
    """A process that holds the folder as a server does, and answers nobody."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER, str(home), manners], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"holds\n"
        yield child
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("manners", "ending", "number"),
    [("obedient", Ending.ENDED, signal.SIGTERM), ("stubborn", Ending.KILLED, signal.SIGKILL)],
)
@pytest.mark.parametrize("suspended", [False, True])
@pytest.mark.parametrize("record", [None, "", '{"pid": 1, "port": 1, "instance_id": "x"}'])
def test_stop_ends_the_server_whatever_its_record_says(
    tmp_path, monkeypatch, manners, ending, number, suspended, record
):
    monkeypatch.setattr(process, "_STOP_DEADLINE", 0.2 if manners == "stubborn" else 30.0)
    if record is not None:
        (tmp_path / "server.json").write_text(record)
    with _holder(tmp_path, manners) as child:
        if suspended:
            child.send_signal(signal.SIGSTOP)
        assert ServerProcess(tmp_path).stop() is ending
        # It was waited for by whoever asked whether it lives.
        assert child.wait() in (-number, 0)
    assert ServerProcess(tmp_path).stop() is Ending.NOTHING
    assert not (tmp_path / "server.json").exists()


@pytest.mark.slow
def test_a_process_number_that_was_used_again_is_not_killed(tmp_path):
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    with _holder(elsewhere) as bystander:
        _record(tmp_path, pid=bystander.pid)
        (tmp_path / "server.alive").write_text(json.dumps({"pid": bystander.pid, "started": 1.0}))
        assert ServerProcess(tmp_path).stop() is Ending.NOTHING
        assert bystander.poll() is None


@pytest.mark.slow
def test_a_holder_that_does_not_say_who_it_is_is_reported(tmp_path):
    with _holder(tmp_path) as child:
        (tmp_path / "server.alive").write_text("damaged")
        with pytest.raises(LocalCloudError, match="The local cloud does not stop") as raised:
            ServerProcess(tmp_path).stop()
        assert str(tmp_path / "server.alive") in raised.value.hint
        assert child.poll() is None


@pytest.mark.slow
def test_start_makes_no_second_server_beside_one_that_neither_answers_nor_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_START_DEADLINE", 0.2)
    with _holder(tmp_path), pytest.raises(LocalCloudError, match="neither answers nor ends") as raised:
        ServerProcess(tmp_path).start()
    assert "platformctl local stop" in raised.value.hint


def test_a_kill_that_has_no_effect_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_STOP_DEADLINE", 0.0)
    monkeypatch.setattr(process, "_KILL_DEADLINE", 0.0)
    sent = []
    monkeypatch.setattr(process.Identity, "signal", lambda _, *numbers: sent.extend(numbers))
    with _answering({"instance_id": "abc"}) as port:
        _record(tmp_path, port=port)
        with pytest.raises(LocalCloudError, match="The local cloud does not stop"):
            ServerProcess(tmp_path).stop()
    assert sent == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]
