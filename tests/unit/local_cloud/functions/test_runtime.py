"""One call of a function: what it sees, how it fails, what it logs."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest

from orchestrator.local_cloud.functions.model import MAX_ASYNCHRONOUS, MAX_SYNCHRONOUS, Extras, InvocationRefusedError
from tests.eventually import eventually
from tests.unit.local_cloud.functions.conftest import archive

ECHO = "def handler(event, context): return {'got': event}"


def process_exists(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_b5_a_function_answers(cloud, call):
    cloud.deploy("echo", ECHO)
    assert call("echo", {"ä": [1, None]}) == ({"got": {"ä": [1, None]}}, "")


def test_b5_a_function_is_called_by_its_arn_and_sees_that_arn(cloud, call):
    function = cloud.deploy("named", "def handler(event, context): return context.invoked_function_arn")
    assert call(function.arn) == (function.arn, "")
    assert call(f"{function.arn}:live") == (f"{function.arn}:live", "")
    assert call("named", None, "7") == (f"{function.arn}:7", "")


def test_b5_a_process_sees_its_package_boto3_and_the_standard_library_only(cloud, call):
    source = """
import boto3, json, sys
def handler(event, context):
    found = []
    for name in ("moto", "orchestrator", "pytest", "typer"):
        try:
            __import__(name)
        except ImportError:
            found.append(name)
    return {"missing": found, "boto3": boto3.__version__ != "", "first": sys.path[0].endswith(event)}
"""
    function = cloud.deploy("alone", source)
    answer = {"missing": ["moto", "orchestrator", "pytest", "typer"], "boto3": True, "first": True}
    assert call("alone", function.code_sha256) == (answer, "")


def test_b5_a_process_has_variables_of_lambda_and_its_own_but_none_of_the_server(cloud, call, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "leaked")
    monkeypatch.setenv("AWS_PROFILE", "production")
    cloud.deploy(
        "variables",
        "import os\ndef handler(event, context): return dict(os.environ)",
        environment={"OWN": "1", "AWS_REGION": "eu-west-1"},
    )
    environment, _ = call("variables")
    expected = {
        "OWN": "1",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "variables",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/variables",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "ASIAFAKE",
        "AWS_SESSION_TOKEN": "token",
        "_HANDLER": "handler.handler",
        "TZ": ":UTC",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert not {"SECRET_OF_THE_SHELL", "AWS_PROFILE", "HOME"} & set(environment)
    assert cloud.sessions == [("arn:aws:iam::123456789012:role/variables", "variables")]


def test_b5_a_process_is_used_again_until_the_function_changes(cloud, call, runtime):
    source = (
        "import os\ncalls = 0\ndef handler(event, context):\n global calls\n calls += 1\n return [os.getpid(), calls]"
    )
    cloud.deploy("warm", source)
    (pid, first), _ = call("warm")
    (again, second), _ = call("warm")
    assert (again, first, second) == (pid, 1, 2)
    cloud.deploy("warm", source, environment={"CHANGED": "1"})
    (other, calls), _ = call("warm")
    assert (other != pid, calls) == (True, 1)
    assert not process_exists(pid)
    assert runtime.process_ids() == [other]


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("import nowhere", "handler.handler", "Runtime.ImportModuleError", "Unable to import module 'handler': No module named 'nowhere'"),
        ("", "handler.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'handler'"),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': it must be <file>.<function>"),
        ("def handler(:", "handler.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'handler': invalid syntax (handler.py, line 1)"),
        ("raise KeyError('SETTING')", "handler.handler", "KeyError", "'SETTING'"),
        ("def handler(e, c): raise ValueError('bad row')", "handler.handler", "ValueError", "bad row"),
        ("def handler(e, c): return object()", "handler.handler", "Runtime.MarshalError", "Unable to marshal response: Object of type object is not JSON serializable"),
        ("def handler(e, c): return 'x' * 7_000_000", "handler.handler", "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
    ],
)  # fmt: skip
def test_b5_a_failure_is_unhandled_with_its_type(cloud, call, source, handler, kind, message):
    cloud.deploy("fails", source, handler=handler)
    answer, error = call("fails")
    assert (answer["errorType"], answer["errorMessage"], error) == (kind, message, "Unhandled")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os\ndef handler(e, c): os._exit(3)", "Runtime exited with error: exit status 3"),
        ("import sys\ndef handler(e, c): sys.exit(0)", "Runtime exited without providing a reason"),
        ("import os\ndef handler(e, c): os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_b5_a_process_that_ends_fails_its_call_and_is_replaced(cloud, call, source, message):
    cloud.deploy("exits", source)
    answer, error = call("exits")
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith(f" Error: {message}")
    assert error == "Unhandled"
    cloud.deploy("exits", ECHO)
    assert call("exits", 1) == ({"got": 1}, "")


def test_b5_a_stack_trace_shows_the_functions_code(cloud, call):
    cloud.deploy("trace", "def inner():\n    raise ValueError('deep')\ndef handler(e, c):\n    inner()")
    answer, _ = call("trace")
    assert [line.split("line ")[1].split("\n")[0] for line in answer["stackTrace"]] == ["4, in handler", "2, in inner"]


def test_b5_a_call_that_takes_too_long_is_killed_with_what_it_started(cloud, call, runtime, tmp_path):
    source = f"""
import subprocess, sys, time
def handler(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("started", context.get_remaining_time_in_millis() <= 1000)
    open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
    time.sleep(600)
"""
    cloud.deploy("slow", source, timeout=1)
    started = monotonic()
    answer, error = call("slow")
    assert (answer["errorType"], error) == ("Sandbox.Timedout", "Unhandled")
    assert answer["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert monotonic() - started < 20
    assert runtime.process_ids() == []
    child = int((tmp_path / "child").read_text())
    eventually(lambda: not process_exists(child))
    report = cloud.records("slow")[-1]
    assert (report["type"], report["record"]["status"]) == ("platform.report", "timeout")
    assert "started True" in cloud.texts("slow")


def test_b5_a_call_that_takes_too_much_memory_is_killed(cloud, call):
    cloud.deploy("large", "import time\ndef handler(e, c):\n x = bytearray(300 << 20)\n time.sleep(30)", memory_mb=128)
    answer, error = call("large")
    assert (answer["errorType"], error) == ("Runtime.ExitError", "Unhandled")
    record = cloud.records("large")[-1]["record"]
    assert (record["status"], record["errorType"]) == ("error", "Runtime.OutOfMemory")
    assert record["metrics"]["maxMemoryUsedMB"] > 128


def test_b5_a_call_that_never_stops_writing_is_stopped_at_its_timeout(cloud, call, monkeypatch):
    monkeypatch.setattr("orchestrator.local_cloud.functions.output._MAX_CALL", 1 << 20)
    cloud.deploy("loud", "def handler(e, c):\n while True: print('x' * 999)", timeout=1)
    started = monotonic()
    answer, _ = call("loud")
    assert answer["errorType"] == "Sandbox.Timedout"
    assert monotonic() - started < 20
    *lines, dropped, _done, _report = cloud.texts("loud")
    assert sum(map(len, lines)) <= 1 << 20
    assert dropped.endswith("more lines were dropped: on the local cloud a call may log 1 MiB.")


def test_b5_json_logs_are_like_those_of_lambda(cloud, call):
    source = """
import logging
print("imported")
def handler(event, context):
    print("plain")
    logging.getLogger("own").warning("two\\nlines")
    raise ValueError("bad")
"""
    cloud.deploy("logs", source)
    call("logs")
    start, *rest = cloud.records("logs")
    assert (start["type"], start["record"]["functionName"]) == ("platform.initStart", "logs")
    imported, begin, plain, warning, error, done, report = rest
    request_id = begin["record"]["requestId"]
    assert (begin["type"], imported, plain) == ("platform.start", "imported", "plain")
    assert (warning["level"], warning["message"], warning["logger"]) == ("WARNING", "two\nlines", "own")
    assert warning["requestId"] == error["requestId"] == request_id
    assert (error["log_level"], error["errorType"], error["errorMessage"]) == ("ERROR", "ValueError", "bad")
    assert (done["type"], done["record"]["status"]) == ("platform.runtimeDone", "error")
    assert report["type"] == "platform.report"
    assert (report["record"]["status"], report["record"]["errorType"]) == ("error", "ValueError")
    assert report["record"]["metrics"]["initDurationMs"] > 0
    call("logs")
    streams = {stream for stream, _, _ in cloud.logs["/aws/lambda/logs"]}
    assert len(streams) == 1
    assert "/[$LATEST]" in streams.pop()
    assert "initDurationMs" not in cloud.records("logs")[-1]["record"]["metrics"]


def test_b5_text_logs_are_like_those_of_lambda(cloud, call):
    cloud.deploy("text", "def handler(e, c): raise ValueError('bad')", log_format="Text")
    call("text")
    init, start, error, end, report = cloud.texts("text")
    assert init.startswith("INIT_START Runtime Version: python3.12")
    assert start.startswith("START RequestId: ")
    assert start.endswith(" Version: $LATEST")
    assert error.startswith("[ERROR] ValueError: bad\nTraceback (most recent call last):\n")
    assert end.startswith("END RequestId: ")
    assert report.split("\t")[3] == "Memory Size: 512 MB"
    assert report.endswith("Status: error\tError Type: ValueError")


def test_b5_at_system_log_level_warn_only_failures_are_logged(cloud, call):
    cloud.deploy("quiet", "def handler(e, c): return 1 / e", system_log_level="WARN")
    call("quiet", 1)
    assert cloud.texts("quiet") == []
    call("quiet", 0)
    kinds = [record.get("type") for record in cloud.records("quiet")]
    assert kinds == [None, "platform.runtimeDone", "platform.report"]


def test_b5_the_tail_of_the_log_has_4_kib(cloud, runtime):
    cloud.deploy("chatty", "def handler(e, c):\n for number in range(1000): print('line', number)")
    tail = runtime.invoke("chatty", b"").log_tail
    assert len(tail) == 4096
    assert b"\nline 999\n" in tail
    assert b"platform.report" in tail


TOO_LARGE = "RequestTooLargeException"


@pytest.mark.parametrize(
    ("invoke", "payload", "code", "status"),
    [
        ("invoke", b"{", "InvalidRequestContentException", 400),
        ("invoke", b"[" * 100_000, "InvalidRequestContentException", 400),
        ("invoke", b"9" * 5000, "InvalidRequestContentException", 400),
        ("invoke", b'"' + b"x" * MAX_SYNCHRONOUS + b'"', TOO_LARGE, 413),
        ("submit", b'"' + b"x" * MAX_ASYNCHRONOUS + b'"', TOO_LARGE, 413),
    ],
    ids=range(5),
)
def test_b5_an_invalid_event_is_refused(cloud, runtime, invoke, payload, code, status):
    cloud.deploy("echo", ECHO)
    with pytest.raises(InvocationRefusedError) as refused:
        getattr(runtime, invoke)("echo", payload)
    assert (refused.value.code, refused.value.status) == (code, status)
    limits = {
        "invoke": "RequestResponse invocation type (limit 6291556",
        "submit": "Event invocation type (limit 262144",
    }
    assert (limits[invoke] in refused.value.message) == (code == TOO_LARGE)


@pytest.mark.parametrize(("invoke", "arguments"), [("invoke", [b"{}"]), ("submit", [b"{}"]), ("check", [])])
def test_b5_a_missing_function_is_not_found(runtime, invoke, arguments):
    message = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:none"
    with pytest.raises(InvocationRefusedError, match=message):
        getattr(runtime, invoke)("none", *arguments)


ARCHIVE, ENVIRONMENT = "InvalidZipFileException", "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"code": b"no zip"}, ARCHIVE, "unzip the deployment package: File is not a zip file"),
        ({"code": archive("#" * 2000)}, ARCHIVE, "must be smaller than 1000 bytes"),
        ({"code": archive(ECHO)[:-30]}, ARCHIVE, "unzip the deployment package"),
        ({"environment": {"A": "x" * 5000}}, ENVIRONMENT, "exceeded the 4KB limit. They have 5001"),
        ({"environment": {"A": "a\0b"}}, ENVIRONMENT, "that a process cannot have"),
        ({"environment": {"A": "\ud800"}}, ENVIRONMENT, "that a process cannot have"),
        ({"environment": {"A=B": "1"}}, ENVIRONMENT, "that a process cannot have"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_b5_a_function_that_cannot_be_started_is_refused(cloud, runtime, monkeypatch, changes, code, text):
    monkeypatch.setattr("orchestrator.local_cloud.functions.package.MAX_UNPACKED", 1000)
    cloud.deploy("broken", ECHO, **{"code_sha256": "0" * 64, **changes})
    with pytest.raises(InvocationRefusedError, match=text) as refused:
        runtime.invoke("broken", b"")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def handler(e, c): return 'x' * (17 << 20)", "Function.ResponseSizeTooLarge"),
        ("def handler(e, c):\n deep = []\n for _ in range(10**5): deep = [deep]\n return deep", "RecursionError"),
        ("def handler(e, c): raise ValueError('x' * (17 << 20))", "ValueError"),
        ("import logging\ndef handler(e, c): logging.error('x' * (17 << 20))", None),
    ],
)
def test_b5_what_a_handler_gives_has_bounds(cloud, call, source, kind):
    cloud.deploy("gives", source)
    answer, _ = call("gives")
    assert (answer and answer["errorType"]) == kind
    assert max(map(len, cloud.texts("gives"))) < 1 << 18


def at_once(count, action):
    outcomes = []

    def run():
        try:
            outcomes.append(action())
        except InvocationRefusedError as refusal:
            outcomes.append(refusal.status)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


SLEEPER = "import os, time\ndef handler(e, c):\n time.sleep(e)\n return os.getpid()"


def test_b5_reserved_concurrency_throttles(cloud, runtime):
    cloud.deploy("reserved", SLEEPER, reserved_concurrency=1)
    outcomes = at_once(3, lambda: runtime.invoke("reserved", b"0.4").function_error)
    assert sorted(map(str, outcomes)) == ["", "429", "429"]
    cloud.deploy("reserved", SLEEPER, reserved_concurrency=0)
    with pytest.raises(InvocationRefusedError, match="Rate Exceeded"):
        runtime.invoke("reserved", b"0")


def test_b5_the_machines_limit_makes_calls_wait(cloud, start):
    runtime = start(processes=2)
    cloud.deploy("many", SLEEPER)
    pids = at_once(5, lambda: runtime.invoke("many", b"0.1").payload)
    assert len(pids) == 5
    assert 1 <= len(set(pids)) <= 2
    assert len(runtime.process_ids()) == len(set(pids))


def test_b5_idle_processes_end(cloud, start):
    runtime = start(idle_seconds=0.2)
    cloud.deploy("idle", SLEEPER)
    pid = json.loads(runtime.invoke("idle", b"0").payload)
    eventually(lambda: runtime.process_ids() == [])
    eventually(lambda: not process_exists(pid))


def test_b5_the_processes_of_a_deleted_function_end(cloud, start, monkeypatch):
    monkeypatch.setattr("orchestrator.local_cloud.functions.runtime._JANITOR_SECONDS", 0.1)
    runtime = start()
    for name in ("deleted", "kept"):
        cloud.deploy(name, SLEEPER)
    runtime.invoke("deleted", b"0")
    kept = json.loads(runtime.invoke("kept", b"0").payload)
    del cloud.functions["deleted"]
    eventually(lambda: runtime.process_ids() == [kept])


def test_b5_stopping_ends_calls_and_processes(cloud, runtime, tmp_path):
    cloud.deploy("long", SLEEPER)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(runtime.invoke("long", b"600")))
    thread.start()
    eventually(runtime.process_ids)
    (pid,) = runtime.process_ids()
    runtime.stop()
    thread.join(20)
    assert not process_exists(pid)
    assert json.loads(answers[0].payload)["errorType"] == "Runtime.ExitError"
    with pytest.raises(InvocationRefusedError):
        runtime.invoke("long", b"0")
    assert not (tmp_path / "runtime").exists()


def test_b5_a_process_does_not_outlive_its_server(tmp_path):
    program = f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parents[4])!r})
from pathlib import Path
from orchestrator.local_cloud.functions.worker import Worker
folder = Path({str(tmp_path)!r})
(folder / "handler.py").write_text("import time\\ndef handler(e, c): time.sleep(600)")
names = ("FUNCTION_NAME", "FUNCTION_VERSION", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME")
environment = {{"_HANDLER": "handler.handler", **{{f"AWS_LAMBDA_{{name}}": "x" for name in names}}}}
worker = Worker(path=(folder,), environment=environment, hosts={{}}, timeout=600, memory_mb=512)
assert worker.initialise(60, request_id="r").status == "success"
print(worker.pid, flush=True)
worker.invoke(b"1", request_id="r", function_arn="a", trace_id="t")
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with server, closing(server.stdout):
        pid = int(server.stdout.readline())
        sleep(0.2)
        assert process_exists(pid)
        server.kill()
    eventually(lambda: not process_exists(pid))


def test_b5_extras_reach_a_function_and_their_change_replaces_its_processes(cloud, start):
    current = Extras(environment={"DATABASE_CA_FILE": "/ca.pem", "OWN": "theirs"})
    runtime = start(extras=lambda: current)
    source = """
import os, socket
def handler(event, context):
    answers = []
    for connect in (socket.create_connection, lambda address: (s := socket.socket(), s.connect(address))[0]):
        with connect((event, 5432)) as connection:
            answers.append(connection.recv(10).decode())
    return [answers, os.environ["DATABASE_CA_FILE"], os.environ["OWN"]]
"""
    cloud.deploy("extra", source, environment={"OWN": "mine"})
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"postgres")

        threading.Thread(target=answer, daemon=True).start()
        event = b'"writer.cluster.example"'
        refused = json.loads(runtime.invoke("extra", event).payload)
        assert refused["errorType"] in ("gaierror", "TimeoutError")
        hosts = {"writer.cluster.example:5432": ("127.0.0.1", listener.getsockname()[1])}
        current = Extras(environment=current.environment, hosts=hosts)
        found = json.loads(runtime.invoke("extra", event).payload)
        assert found == [["postgres", "postgres"], "/ca.pem", "mine"]
