"""After kill -9 of platformctl: Terraform comes to its end, its provider stays that long, and neither stays longer (C6)."""

import json
import sys
import time

import pytest

from orchestrator.adapters.processes import living
from tests.fakes.program import wait_until

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
