"""Terraform processes of other projects on this machine, found by what they work on (C6)."""

import json
import subprocess
import sys

import psutil
import pytest

from orchestrator.adapters.terraform.elsewhere import states_at_work


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
