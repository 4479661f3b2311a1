"""Shared provider processes, played by a script: one per configuration, and none left behind (C2, C6, C8)."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from orchestrator.adapters.terraform import provider
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.errors import PlatformctlError
from tests.fakes.errors import error_of
from tests.fakes.program import wait_until

SCRIPT = """#!{python} -IS
import json, os, pathlib, signal, sys, time

here = pathlib.Path(__file__).parent
note = {{"pid": os.getpid(), "arguments": sys.argv[1:], "environment": dict(os.environ)}}
with (here / "started").open("a") as started:
    started.write(json.dumps(note) + "\\n")
sys.stderr.write("a line of the log\\n")
{body}
"""
ANNOUNCES = """
address = json.dumps({"registry.terraform.io/hashicorp/aws": {"Pid": os.getpid()}})
print("Provider started. Set this:\\n\\n\\tTF_REATTACH_PROVIDERS='" + address + "'", flush=True)
time.sleep(60)
"""
DIES = """
sys.stderr.write("panic: no memory\\n")
sys.exit(2)
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "terraform-provider-aws"
        self.asked = 0

    def write(self, body):
        self.folder.mkdir(exist_ok=True)
        self.script.write_text(SCRIPT.format(python=sys.executable, body=body))
        self.script.chmod(0o755)

    def executable(self):
        self.asked += 1
        return self.script

    def shared(self, **environment):
        return SharedProviders(
            executable=self.executable,
            environment={"PATH": os.defpath, **environment},
            log=self.folder / "log" / "p.log",
        )

    @property
    def started(self):
        return [json.loads(line) for line in (self.folder / "started").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "provider")
    made.write(ANNOUNCES)
    return made


def test_units_with_one_configuration_share_one_process(bench, is_alive):
    with bench.shared() as providers:
        values = {providers.reattach("region = 1") for _ in range(3)}
        (value,) = values
        (process,) = bench.started
        assert json.loads(value)["registry.terraform.io/hashicorp/aws"]["Pid"] == process["pid"]
        assert process["arguments"] == ["-debug"]
        assert is_alive(process["pid"])


def test_units_with_another_configuration_get_another_process(bench):
    with bench.shared() as providers:
        assert providers.reattach("region = 1") != providers.reattach("region = 2")
        assert len(bench.started) == 2
        assert len(providers._pipes) == 2


def test_workers_that_ask_at_once_start_one_process(bench):
    with bench.shared() as providers:
        found = []
        threads = [threading.Thread(target=lambda: found.append(providers.reattach("x"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (len(found), len(set(found)), len(bench.started)) == (4, 1, 1)


def test_no_process_is_started_before_one_is_needed(bench):
    with bench.shared():
        pass
    assert not (bench.folder / "started").exists()
    assert bench.asked == 0


def test_nothing_is_left_when_the_run_ends(bench, is_alive):
    with bench.shared() as providers:
        providers.reattach("a")
        providers.reattach("b")
        pids = [process["pid"] for process in bench.started]
        pipes = tuple(providers._pipes)
    assert wait_until(lambda: not any(map(is_alive, pids)))
    assert tuple(providers._pipes) == ()
    for pipe in pipes:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(pipe)
    providers.close()


def test_nothing_is_left_when_the_run_ends_with_an_error(bench, is_alive):
    def run():
        with bench.shared() as providers:
            providers.reattach("a")
            raise KeyError

    with pytest.raises(KeyError):
        run()
    assert wait_until(lambda: not is_alive(bench.started[0]["pid"]))


def test_c6_the_provider_lives_while_a_terraform_process_holds_it(bench, is_alive):
    """After kill -9 of platformctl, a Terraform process that still runs must be able to write its state."""
    providers = bench.shared()
    providers.reattach("a")
    held = os.dup(providers._pipes[0])
    pid = bench.started[0]["pid"]
    closer = threading.Thread(target=providers.close)
    closer.start()
    try:
        time.sleep(0.3)
        assert is_alive(pid)
    finally:
        os.close(held)
        closer.join(10)
    assert not closer.is_alive()
    assert wait_until(lambda: not is_alive(pid))


def test_a_provider_that_ignores_the_request_to_end_is_ended_all_the_same(bench, is_alive, monkeypatch):
    tether = Path(provider.__file__).with_name("tether.py")
    text = tether.read_text().replace("timeout=10", "timeout=0.5")
    (bench.folder / "tether.py").write_text(text)
    monkeypatch.setattr(provider, "__file__", str(bench.folder / "provider.py"))
    bench.write("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ANNOUNCES)
    with bench.shared() as providers:
        providers.reattach("a")
        pid = bench.started[0]["pid"]
        began = time.monotonic()
    assert wait_until(lambda: not is_alive(pid))
    assert time.monotonic() - began < 10


def test_a_provider_that_dies_is_told_with_the_end_of_its_log_at_once(bench, monkeypatch):
    monkeypatch.setattr(provider, "START_SECONDS", 6.0)
    bench.write(DIES)
    began = time.monotonic()
    with bench.shared() as providers, pytest.raises(PlatformctlError) as caught:
        providers.reattach("a")
    error = caught.value
    assert error.summary == "The provider did not start"
    assert error.detail.endswith("The end of its log:\na line of the log\npanic: no memory")
    assert error.hint == (
        f"The whole log is {bench.folder}/log/p.log. Set PLATFORMCTL_PROVIDER=launch to do without a shared provider."
    )
    assert time.monotonic() - began < 4, "it waited for a provider that had ended"


def test_a_provider_that_says_nothing_is_given_up_and_ended(bench, monkeypatch, is_alive):
    monkeypatch.setattr(provider, "START_SECONDS", 0.7)
    bench.write("time.sleep(60)")
    with bench.shared() as providers, pytest.raises(PlatformctlError, match="The provider did not start"):
        providers.reattach("a")
    assert wait_until(lambda: not is_alive(bench.started[0]["pid"]))


@pytest.mark.parametrize(
    ("prints", "quoted"),
    [
        ("print(\"TF_REATTACH_PROVIDERS='{broken'\")", "\"TF_REATTACH_PROVIDERS='{broken'\""),
        ("print(\"TF_REATTACH_PROVIDERS='[]'\")", "\"TF_REATTACH_PROVIDERS='[]'\""),
        ("print('This binary is a plugin.')", '"This binary is a plugin."'),
        ("sys.stdout.buffer.write(b'\\xff\\xfe')", '"\ufffd\ufffd"'),
        ("print('x' * 3_000_000)", '"****…"'),
        ("pass", "nothing"),
    ],
)
def test_c5_what_is_no_announcement_is_quoted(bench, prints, quoted):
    bench.write(prints)
    with bench.shared() as providers:
        error = error_of(lambda: providers.reattach("a"))
    assert error.summary == "The provider did not start"
    assert f"It printed: {quoted}." in error.detail


def test_c8_a_provider_on_its_own_does_not_log_what_it_sends(bench):
    with bench.shared(TF_LOG="TRACE", AWS_ACCESS_KEY_ID="local") as providers:
        providers.reattach("a")
        environment = bench.started[0]["environment"]
    assert environment["TF_LOG"] == environment["TF_LOG_PROVIDER"] == environment["TF_LOG_SDK"] == "ERROR"
    assert environment["AWS_ACCESS_KEY_ID"] == "local"


def test_what_a_provider_prints_later_does_not_stop_it(bench, is_alive):
    bench.write(
        ANNOUNCES.replace(
            "time.sleep(60)", "print('x' * 300000, flush=True)\n(here / 'printed').touch()\ntime.sleep(60)"
        )
    )
    with bench.shared() as providers:
        providers.reattach("a")
        assert wait_until((bench.folder / "printed").exists)


def test_the_log_has_what_every_process_wrote(bench):
    with bench.shared() as providers:
        providers.reattach("a")
        providers.reattach("b")
    lines = (bench.folder / "log" / "p.log").read_text().splitlines()
    assert lines == ["a line of the log"] * 2
