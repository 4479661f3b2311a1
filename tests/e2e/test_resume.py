"""A run that fails, is interrupted, or is run by another Terraform: C5, C6, A3."""

import os
import signal
import time

import pytest

pytestmark = pytest.mark.slow


# Enough to have an order; the whole platform is in test_lifecycle.
UNITS = ("dynamodb", "iam", "kms", "s3", "vpc")
ONLY = [argument for unit in UNITS for argument in ("--only", unit)]


def statuses(project):
    return {e["unit"]: (e["status"], e["cause"]) for e in project.events() if e["type"] == "unit_finished"}


def test_c5_c6_a3_failure_interrupt_and_resume_with_the_embedded_terraform(project):
    kms = project.folder / "modules" / "kms" / "main.tf"
    working = kms.read_text()

    # A failure takes its dependents with it and says why.
    kms.write_text(working + '\nresource "aws_kms_key" "broken" {\n  policy = "no policy"\n}\n')
    _, err = project.run("up", "--suffix", "r", *ONLY, code=1, PLATFORMCTL_TERRAFORM="embedded")
    found = statuses(project)
    assert found["kms"][0] == "failed"
    assert {found[name] for name in ("vpc", "s3", "dynamodb")} == {("skipped", "kms")}
    assert found["iam"][0] == "changed", "what does not depend on the failure goes on"
    assert 'Unit "kms" failed:' in err
    assert 'skipped, because "kms" failed' in err

    # Ctrl-C: what runs is finished, nothing new starts, no lock stays.
    kms.write_text(working)
    process = project.start("up", "--suffix", "r", *ONLY, PLATFORMCTL_TERRAFORM="embedded")
    deadline = time.monotonic() + 120
    while not any(e["type"] == "resource_started" and e["unit"] == "kms" for e in project.events()):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    assert "kms" not in statuses(project)
    os.kill(process.pid, signal.SIGINT)
    project.finish(process, code=130)
    assert {name: status for name, (status, _) in statuses(project).items()} == {
        "dynamodb": "cancelled",
        "iam": "unchanged",
        "kms": "changed",
        "s3": "cancelled",
        "vpc": "cancelled",
    }
    locks = project.client("s3").list_objects_v2(Bucket="terraform-state-123456789012-us-east-1").get("Contents", [])
    assert not [item["Key"] for item in locks if item["Key"].endswith(".tflock")]

    # The next run does what is left.
    project.run("up", "--suffix", "r", *ONLY, PLATFORMCTL_TERRAFORM="embedded")
    assert set(statuses(project)) == set(UNITS)
    project.run("destroy", "--suffix", "r", "--yes", PLATFORMCTL_TERRAFORM="embedded")
    assert project.left() == []
