"""Terraform processes of other projects on this machine, found by what they work on (C6).

After kill -9 of platformctl: Terraform comes to its end, its provider stays that long, and neither stays longer (C6).
"""

import json
import subprocess
import sys
import time

import psutil
import pytest

from orchestrator.adapters.processes import living
from orchestrator.adapters.terraform.tools import states_at_work
from tests.fakes.program import wait_until


class FakeProcess:
    def __init__(self, command, folder):
        self.command, self.folder = command, folder

    def cmdline(self):
        if self.command is None:
            raise psutil.AccessDenied
        return self.command.split()

    def cwd(self):
        return str(self.folder)


@pytest.fixture
def machine(tmp_path):
    """Processes in folders of their own, each by its command line and the backend of its folder."""

    def make(*processes):
        for number, (command, backend) in enumerate(processes):
            folder = tmp_path / str(number) / ".terraform"
            folder.mkdir(parents=True)
            if backend is not None:
                (folder / "terraform.tfstate").write_text(backend)
            yield FakeProcess(command, folder.parent)

    return lambda *processes: states_at_work("states", processes=make(*processes))


def backend(key, bucket="states"):
    return json.dumps({"version": 3, "backend": {"type": "s3", "config": {"bucket": bucket, "key": key}}})


def test_c6_whoever_runs_terraform_on_a_state_is_found(machine):
    found = machine(
        ("/usr/bin/terraform apply -json", backend("pr42/vpc/terraform.tfstate")),
        ("tofu apply", backend("pr42/kms/terraform.tfstate")),
        ("/venv/bin/python -m orchestrator.adapters.terraform.embedded apply", backend("pr42/s3/terraform.tfstate")),
    )
    assert found == {f"pr42/{name}/terraform.tfstate" for name in ("kms", "s3", "vpc")}


def test_other_programs_buckets_and_folders_are_not(machine):
    mine = backend("pr42/vpc/terraform.tfstate")
    broken = [None, "", "[]", '{"backend": null}', '{"backend": {"config": {}}}', "[" * 100_000]
    found = machine(
        ("vim terraform", mine),
        ("", mine),
        (None, mine),
        ("terraform apply", backend("pr42/vpc/terraform.tfstate", bucket="others")),
        *(("terraform apply", text) for text in broken),
    )
    assert found == frozenset()


def test_a_real_process_is_found(tmp_path):
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "terraform.tfstate").write_text(
        backend("pr42/vpc/terraform.tfstate", bucket="of-this-test")
    )
    command = ["terraform", "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        command, executable=sys.executable, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert states_at_work("of-this-test") == {"pr42/vpc/terraform.tfstate"}
        process.stdin.close()
    assert states_at_work("of-this-test") == frozenset()


# Announces its address, and lives until it is told to go.
PROVIDER = """#!{python} -IS
import json, os, pathlib, time
(pathlib.Path(__file__).parent / "provider.pid").write_text(str(os.getpid()))
print("TF_REATTACH_PROVIDERS='" + json.dumps({{"Pid": os.getpid()}}) + "'", flush=True)
time.sleep(60)
"""
PLATFORMCTL = """
import os, sys
from pathlib import Path
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform.command import Command, Invocation
from orchestrator.adapters.terraform.provider import SharedProviders

here = Path.cwd()
with SharedProviders(
    executable=lambda: here / "provider", environment={"PATH": os.defpath}, log=here / "provider.log"
) as providers:
    arguments, environment = (str(here / "bin" / "terraform"),), {"PATH": os.defpath}
    alone = Invocation(arguments=arguments, folder=here, environment=environment, unit="vpc")
    invocation = providers.attach(alone, "region")
    say = lambda line: print(line, flush=True)
    Command(invocation, processes=Processes(records=here / "records"), on_line=say, log=here / "vpc.log").cmd("apply")
"""


@pytest.fixture
def killed(terraform, tmp_path, platformctl):
    """A platformctl that was killed while its Terraform was at work."""
    (tmp_path / "provider").write_text(PROVIDER.format(python=sys.executable))
    (tmp_path / "provider").chmod(0o755)
    terraform.answer("apply", "working", waits=[{"type": "apply_complete"}, "state written"])
    with platformctl(PLATFORMCTL, b"working\n") as parent:
        pass
    yield parent.pid
    terraform.go()


@pytest.mark.slow
def test_c6_terraform_finishes_with_its_provider_after_kill_9_of_platformctl(killed, terraform, tmp_path, is_alive):
    (child,) = living(tmp_path / "records")
    provider = int((tmp_path / "provider.pid").read_text())
    assert (child.command, child.unit, child.parent, child.orphaned) == ("apply", "vpc", killed, True)
    # The tether has noticed by now what it would notice at all.
    time.sleep(0.3)
    assert is_alive(child.pid)
    assert is_alive(provider), "Terraform still holds the pipe"
    terraform.go()
    assert wait_until(lambda: not is_alive(child.pid))
    lines = [json.dumps({"type": "apply_complete"}), "state written"]
    assert (tmp_path / "vpc.log").read_text().splitlines() == ["working", *lines]
    assert wait_until(lambda: not is_alive(provider)), "nobody is left who needs it"
    assert living(tmp_path / "records") == ()
