"""Terraform processes of other projects on this machine, found by what they work on (C6)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.adapters.terraform.elsewhere import states_at_work


@pytest.fixture
def machine(tmp_path):
    """A /proc with processes in folders: machine(number, command line, backend of the folder)."""

    def add(number, command, backend):
        process, folder = tmp_path / "proc" / str(number), tmp_path / f"folder{number}"
        (folder / ".terraform").mkdir(parents=True)
        if backend is not None:
            (folder / ".terraform" / "terraform.tfstate").write_text(backend)
        process.mkdir(parents=True)
        (process / "cmdline").write_bytes(b"\0".join(word.encode() for word in command.split()) + b"\0")
        (process / "cwd").symlink_to(folder)

    add.proc = tmp_path / "proc"
    return add


def backend(key, bucket="states"):
    return json.dumps({"version": 3, "backend": {"type": "s3", "config": {"bucket": bucket, "key": key}}})


def test_c6_whoever_runs_terraform_on_a_state_is_found(machine):
    machine(1, "/usr/bin/terraform apply -json", backend("pr42/vpc/terraform.tfstate"))
    machine(2, "tofu apply", backend("pr42/kms/terraform.tfstate"))
    machine(
        3, "/venv/bin/python -m orchestrator.adapters.terraform.embedded apply", backend("pr42/s3/terraform.tfstate")
    )
    assert states_at_work("states", proc=machine.proc) == {
        f"pr42/{name}/terraform.tfstate" for name in ("kms", "s3", "vpc")
    }


def test_other_programs_buckets_and_folders_are_not(machine):
    machine(1, "vim terraform", backend("pr42/vpc/terraform.tfstate"))
    machine(2, "terraform apply", backend("pr42/vpc/terraform.tfstate", bucket="others"))
    for number, text in enumerate([None, "", "[]", '{"backend": null}', '{"backend": {"config": {}}}'], start=3):
        machine(number, "terraform apply", text)
    (machine.proc / "99").mkdir()
    assert states_at_work("states", proc=machine.proc) == frozenset()


def test_where_the_system_lists_no_processes_nothing_is_known(tmp_path):
    assert states_at_work("states", proc=tmp_path / "nothing") == frozenset()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no /proc")
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
