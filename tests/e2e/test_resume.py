"""A run that fails, is interrupted, or is run by another Terraform: C5, C6, A3."""

import json
import os
import signal
import time

import pytest

from orchestrator.adapters.aws.sweep import unrecorded
from tests.e2e.conftest import only

pytestmark = pytest.mark.slow


# Enough to have an order, and quick to create; the whole platform is in test_lifecycle.
UNITS = ("dynamodb", "iam", "kms")

# Valid JSON, so that Terraform plans it, but not a policy, so that IAM refuses it.
BROKEN = """
resource "aws_iam_policy" "broken" {
  name   = "iam-policy-broken-r"
  policy = jsonencode({ Version = "2012-10-17" })
}
"""


def statuses(project):
    return {unit: (event["status"], event["cause"]) for unit, event in project.finished("r").items()}


def state_keys(project):
    listed = project.client("s3").list_objects_v2(Bucket="terraform-state-123456789012-us-east-1")
    return [item["Key"] for item in listed.get("Contents", [])]


def keys(project):
    return [item for item in project.left("r") if item.type == "key"]


def at_work_on_kms(project):
    """Start an ``up`` and wait until Terraform creates keys."""
    before = len(list((project.folder / ".platformctl" / "runs").iterdir()))
    process = project.start("up", "--suffix", "r", *only(*UNITS), PLATFORMCTL_TERRAFORM="embedded")
    deadline = time.monotonic() + 120

    def has_come_so_far():
        if len(list((project.folder / ".platformctl" / "runs").iterdir())) == before:
            return False
        return any(event["type"] == "resource_started" and event["unit"] == "kms" for event in project.events("r"))

    while not has_come_so_far():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


def test_c5_c6_a3_failure_interrupt_and_resume_with_the_embedded_terraform(project):
    kms = project.folder / "modules" / "kms" / "main.tf"
    working = kms.read_text()

    # A failure that no plan can foresee skips the units that depend on it, and says why.
    key = 'resource "aws_kms_key" "this" {\n'
    assert key in working
    kms.write_text(working.replace(key, f"{key}  depends_on = [aws_iam_policy.broken]\n") + BROKEN)
    _, err = project.run("up", "--suffix", "r", *only(*UNITS), code=1, PLATFORMCTL_TERRAFORM="embedded")
    found = statuses(project)
    assert found["kms"][0] == "failed"
    assert found["dynamodb"] == ("skipped", "kms")
    assert found["iam"][0] == "changed", "what does not depend on the failure goes on"
    assert 'Unit "kms" failed:' in err
    assert 'skipped, because "kms" failed' in err

    # kill -9 of one Terraform leaves its lock, and keys that are in no state; the report says what happened.
    kms.write_text(working)
    process = at_work_on_kms(project)
    # The provider waits ten seconds for each key. Only KMS is listed: listing all services takes too long.
    while len(project.client("kms").list_keys()["Keys"]) < 3:
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    [record] = [
        child
        for child in (json.loads(file.read_text()) for file in project.folder.glob(".platformctl/processes/*.json"))
        if child["unit"] == "kms"
    ]
    os.kill(record["pid"], signal.SIGKILL)
    project.finish(process, code=1)
    assert [key for key in state_keys(project) if key.endswith(".tflock")] == ["r/kms/terraform.tfstate.tflock"]
    run = max((project.folder / ".platformctl" / "runs").iterdir())
    report = {unit["name"]: unit for unit in json.loads((run / "report.json").read_text())["units"]}
    assert report["kms"]["status"] == "failed"
    assert "SIGKILL" in report["kms"]["error"]
    assert {name: unit["cause"] for name, unit in report.items() if unit["status"] == "skipped"} == {"dynamodb": "kms"}
    assert len(keys(project)) >= 3

    # Ctrl-C in the run that repairs it: what runs is finished, nothing new starts, no lock stays.
    process = at_work_on_kms(project)
    assert "kms" not in statuses(project)
    os.kill(process.pid, signal.SIGINT)
    _, err = project.finish(process, code=130)
    assert "kms" in err
    assert {name: status for name, (status, _) in statuses(project).items()} == {
        "dynamodb": "cancelled",
        "iam": "unchanged",
        "kms": "changed",
    }
    assert not [key for key in state_keys(project) if key.endswith(".tflock")]

    # The next run does the rest, and nothing exists twice.
    project.run("up", "--suffix", "r", *only(*UNITS), PLATFORMCTL_TERRAFORM="embedded")
    assert set(statuses(project)) == set(UNITS)
    assert len(keys(project)) == 6
    assert unrecorded(project.client, "r", list(project.states("r").values())) == ()
    project.run("destroy", "--suffix", "r", "--yes", PLATFORMCTL_TERRAFORM="embedded")
    assert project.left() == []
