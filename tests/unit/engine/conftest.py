"""A standard stack over fake states and a fake Terraform."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.config import Stack
from orchestrator.engine.operations import Outputs, UnitWork
from orchestrator.hcl.values import Sensitive
from tests.fakes.live_tree import LiveTree
from tests.fakes.states import FakeStates
from tests.fakes.terraform import FakeTerraform


@dataclass(slots=True, kw_only=True)
class Bench:
    """One deployment of the standard stack: kms <- vpc <- api, docs alone; nothing is applied at first."""

    stack: Stack
    states: FakeStates
    terraform: FakeTerraform
    outputs: Outputs
    work: UnitWork

    def up(self, *names: str):
        return [self.work.up(name, lambda _progress: None) for name in names]

    def destroy(self, *names: str):
        return [self.work.destroy(name, lambda _progress: None) for name in names]


@pytest.fixture
def tree(tmp_path):
    return LiveTree(tmp_path)


@pytest.fixture
def bench(tree):
    stack = tree.standard().load()
    states = FakeStates()
    terraform = FakeTerraform(
        states=states,
        outputs={
            "kms": {"key_arn": "arn:aws:kms:key/1", "password": Sensitive("hunter2")},
            "vpc": {"vpc_id": "vpc-1"},
            "api": {"api_url": "https://api"},
        },
    )
    outputs = Outputs(stack=stack, states=states)
    work = UnitWork(outputs=outputs, terraform=terraform, logs=Path("/runs/1/logs"))
    return Bench(stack=stack, states=states, terraform=terraform, outputs=outputs, work=work)
