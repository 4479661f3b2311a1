"""Every port has one fake and one or two adapters, and their methods are called as the protocol says.

mypy checks the adapters where ``cli/wiring.py`` puts them together; here the fakes are checked, and both by signature, since
tests are not checked by mypy.
"""

import inspect
from dataclasses import fields, is_dataclass
from typing import Protocol

import pytest

from orchestrator.adapters.account import CloudAccount, CloudConnector, DeploymentLocks, DeploymentSweeper
from orchestrator.adapters.aws.inventory import AwsResource
from orchestrator.adapters.aws.locks import StateLock
from orchestrator.adapters.aws.state_bucket import S3StateBucket
from orchestrator.adapters.aws.states import S3States
from orchestrator.adapters.aws.sweep import Kept, Unrecorded
from orchestrator.adapters.git import GitRepository
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.no_account import NoAccount
from orchestrator.adapters.processes import Child
from orchestrator.adapters.programs import RepositoryPrograms
from orchestrator.adapters.runs import ProjectJournal, RunFolder
from orchestrator.adapters.terraform.backends import BackendStates
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.runner import Runner
from orchestrator.adapters.terraform.tools import ProjectTerraform
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import Unattended, operators, ports
from orchestrator.commands.operators import Operator
from orchestrator.commands.unregistered import Backends, NoSweeper, TerraformLocks
from orchestrator.config import Programs
from orchestrator.engine.ports import States, Terraform
from orchestrator.platform.trading import TradingPlatform
from tests.fakes import cloud, project, states, terraform
from tests.fakes.programs import FakePrograms

IMPLEMENTATIONS = {
    ports.Account: (CloudAccount, NoAccount, cloud.FakeAccount),
    ports.TerraformProcess: (Child, terraform.FakeChild),
    ports.CloudResource: (AwsResource, cloud.FakeResource),
    ports.Connector: (CloudConnector, cloud.FakeConnector),
    ports.Journal: (ProjectJournal, project.FakeJournal),
    ports.KeptLeftover: (Kept, cloud.FakeKept),
    ports.Leftover: (Unrecorded, cloud.FakeLeftover),
    ports.Lock: (StateLock, cloud.FakeLock),
    ports.Locks: (DeploymentLocks, TerraformLocks, cloud.FakeLocks),
    Operator: (Terminal, Unattended, project.FakeOperator),
    ports.Planner: (StackPlanner, terraform.FakePlanner),
    ports.Platform: (TradingPlatform, project.FakePlatform),
    Programs: (RepositoryPrograms, FakePrograms),
    ports.Repository: (GitRepository, project.FakeRepository),
    ports.Run: (RunFolder, project.FakeRun),
    ports.Sources: (Modules, project.FakeSources),
    ports.StateBucket: (S3StateBucket, Backends, cloud.FakeStateBucket),
    ports.Sweeper: (DeploymentSweeper, NoSweeper, cloud.FakeSweeper),
    ports.TerraformTools: (ProjectTerraform, terraform.FakeTerraformTools),
    States: (S3States, BackendStates, NoAccount, states.FakeStates),
    Terraform: (Runner, terraform.FakeTerraform),
}


def members(protocol):
    return {name: member for name, member in vars(protocol).items() if not name.startswith("_")}


def parameters(function):
    return [(item.name, item.kind, item.default) for item in list(inspect.signature(function).parameters.values())[1:]]


@pytest.mark.parametrize(
    ("protocol", "implementation"),
    [(protocol, made) for protocol, every in IMPLEMENTATIONS.items() for made in every],
    ids=lambda value: value.__name__,
)
def test_a_port_is_implemented_with_the_same_parameters(protocol, implementation):
    attributes = {item.name for item in fields(implementation)} if is_dataclass(implementation) else set()
    for name, member in members(protocol).items():
        if isinstance(member, property):
            assert name in attributes or isinstance(getattr(implementation, name), property), name
        else:
            assert parameters(getattr(implementation, name)) == parameters(member), name


def test_every_protocol_of_the_use_cases_is_among_them():
    declared = {**vars(ports), **vars(operators)}.values()
    protocols = {item for item in declared if getattr(item, "_is_protocol", False)}
    assert protocols - {Protocol} == IMPLEMENTATIONS.keys()
