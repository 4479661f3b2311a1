"""A deployment in a real account, for the tests marked ``aws``; docs/aws-tests.md says what they need and cost.

They run only where both are said: ``-m aws`` on the command line, and in PLATFORMCTL_AWS_TESTS the id of the account that may be used, or
"local" for a rehearsal on the local cloud.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.commands import Target
from orchestrator.local_cloud.identity import REGION
from tests.e2e.conftest import Project, built, project

__all__ = ["built", "project"]

ACCOUNT = "PLATFORMCTL_AWS_TESTS"
REHEARSAL = "local"
# Without AWS Config and what depends on it: recording some 400 resources alone would cost more than a dollar.
UNITS = ("iam", "kms", "vpc", "s3", "messaging", "dynamodb", "aurora", "database-access", "lambda", "apigw")


def pytest_collection_modifyitems(config, items):
    """Skip the tests of this folder unless they were asked for in both ways."""
    asked = config.getoption("markexpr") == "aws" and os.environ.get(ACCOUNT)
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.aws)
            item.add_marker(pytest.mark.slow)
            if not asked:
                item.add_marker(pytest.mark.skip(reason=f"needs -m aws and {ACCOUNT}"))


@dataclass(frozen=True)
class RealProject(Project):
    """A project whose commands reach the account of the caller's credentials."""

    target: Target = Target.AWS
    suffix: str = ""

    @property
    def environ(self):
        if self.target is Target.LOCAL:
            return super().environ
        return os.environ | {"PLATFORMCTL_PROJECT": str(self.folder), "COLUMNS": "120"}

    def client(self, service):
        if self.target is Target.LOCAL:
            return super().client(service)
        return boto3.session.Session(region_name=REGION).client(service)

    def finish(self, process, code=0):
        # On AWS a destroy waits up to 45 minutes for the network interfaces of functions.
        out, err = process.communicate(timeout=5400)
        assert code in (None, process.returncode), f"exit code {process.returncode}, expected {code}\n{out}\n{err}"
        return out, err

    def call(self, command, *arguments, code=0):
        """Run a command on the deployment."""
        return self.run(command, "--suffix", self.suffix, "--target", str(self.target), *arguments, code=code)

    def clean_up(self):
        """Remove everything of the deployment, whatever state it is in; returns what is left."""
        for _ in range(2):
            # A run that failed or was killed leaves locks and unrecorded resources behind.
            for command in ("recover", "destroy"):
                self.finish(
                    self.start(command, "--suffix", self.suffix, "--target", str(self.target), "--yes"), code=None
                )
            left = list_resources(self.client, suffix=self.suffix)
            if not left:
                break
        return left


@pytest.fixture(scope="module")
def deployment(project):
    """A suffix of its own in the account; whatever was deployed is destroyed at the end, also after a failure."""
    account = os.environ[ACCOUNT]
    target = Target.LOCAL if account == REHEARSAL else Target.AWS
    made = RealProject(folder=project.folder, target=target, suffix=f"t{int(time.time()):x}")
    if target is Target.AWS:
        found = boto3.client("sts").get_caller_identity()["Account"]
        assert found == account, f"{ACCOUNT} names account {account}, and the credentials belong to {found}"
    try:
        yield made
    finally:
        left = made.clean_up()
        assert left == [], f"Delete by hand: {left}"
