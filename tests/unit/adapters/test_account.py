"""The two targets: how they are connected, and recovery over their real locks, states and records (A4, C5, C6)."""

import json
import os
from types import SimpleNamespace

import pytest

from orchestrator.adapters import account as module
from orchestrator.adapters.account import CloudAccount, CloudConnector
from orchestrator.adapters.aws.locks import RECOVERY, this_user
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.sweep import Unrecorded
from orchestrator.adapters.processes import Child
from orchestrator.adapters.runs import ProjectJournal
from orchestrator.adapters.terraform import tools
from orchestrator.commands import DestroyRequest, RecoverRequest, Target, destroy, recover
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from tests.fakes.cloud import ACCOUNT
from tests.fakes.s3 import FakeS3
from tests.fakes.world import World

VPC = Unrecorded(service="ec2", type="vpc", identifier="vpc-1", name="vpc-pr42")
STATE = json.dumps({"version": 4, "serial": 1, "outputs": {}, "resources": []})
RESOURCE = {"mode": "managed", "type": "aws_rds_cluster", "name": "this", "instances": [{}]}
LOST = json.dumps({"version": 4, "outputs": {}, "resources": [RESOURCE]})


def key(unit):
    return f"pr42/dev/{unit}/terraform.tfstate"


def lock(*, who=None, operation="OperationTypeApply", info=""):
    fields = {"ID": "1", "Who": who or this_user(), "Operation": operation, "Info": info}
    return json.dumps(fields | {"Created": "2026-01-31T08:15:04.1Z", "Version": "1.11.4"})


@pytest.fixture
def s3():
    return FakeS3(objects={key("kms"): STATE})


class Sweep:
    """Stands in for the sweep of services; remembers what it was given, and what was locked meanwhile."""

    def __init__(self, s3):
        self.s3 = s3
        self.found = ()
        self.calls = []
        self.locked = []

    def unrecorded(self, _client, _suffix, _states):
        return self.found

    def sweep(self, _client, suffix, states, *, patience, say, types):
        self.calls.append({"suffix": suffix, "states": len(states), "patience": patience, "types": types})
        self.locked = sorted(name for name in self.s3.objects or () if name.endswith(".tflock"))
        self.found = ()
        return ()


@pytest.fixture
def sweep(s3, monkeypatch):
    made = Sweep(s3)
    monkeypatch.setattr(module, "sweep", made.sweep)
    monkeypatch.setattr(module, "unrecorded", made.unrecorded)
    return made


@pytest.fixture
def account(tree, s3, sweep):
    """The real account on a fake S3."""

    def make(target=Target.LOCAL):
        session = CloudSession(environ={}, endpoint=None, account_id=ACCOUNT, _session=None, _clients={"s3": s3})
        return CloudAccount(project=Project(folder=tree.root), target=target, session=session, cloud=None)

    return make


@pytest.fixture
def world(tree, account):
    made = World(tree.standard())
    made.connector.account = account()
    return made


@pytest.fixture
def repair(world):
    """What ``destroy`` does before anything else; refused after it, so that no Terraform is needed."""

    def call():
        world.operator.approves = False
        with pytest.raises(UsageError, match="Not confirmed"):
            destroy(DestroyRequest(suffix="pr42"), world.ports, world.operator)

    return call


def locks(s3):
    return [name for name in s3.objects if name.endswith(".tflock")]


def test_c5_a_repair_removes_what_the_killed_units_made_then_releases_their_locks(world, repair, s3, sweep):
    world.tree.write({"modules/kms/keys.tf": 'resource "aws_kms_key" "this" {}\n'})
    s3.objects[f"{key('kms')}.tflock"] = lock()
    repair()
    assert sweep.calls == [{"suffix": "pr42", "states": 1, "patience": 60.0, "types": {"aws_kms_key"}}]
    assert sweep.locked == [f"{key(unit)}.tflock" for unit in ("api", "docs", "kms", "vpc")]
    assert locks(s3) == []
    assert world.operator.lines[-1] == (
        f'released the lock on unit "dev/kms": {this_user()} since 2026-01-31T08:15:04Z, for apply'
    )


def test_a_recovery_that_was_killed_is_itself_recovered(repair, s3):
    s3.objects[f"{key('kms')}.tflock"] = lock(operation=RECOVERY, info="4194399 1")
    repair()
    assert locks(s3) == []


def test_a_dry_run_tells_dead_holders_from_others_and_changes_nothing(world, s3, sweep):
    s3.objects |= {f"{key('kms')}.tflock": lock(), f"{key('api')}.tflock": "not a lock"}
    sweep.found = (VPC,)
    before = dict(s3.objects)
    found = recover(RecoverRequest(suffix="pr42", dry_run=True), world.ports, world.operator)
    assert [str(item) for item in found.left_behind] == [
        f'unit "dev/kms": {this_user()} since 2026-01-31T08:15:04Z, for apply'
    ]
    assert [str(item) for item in found.foreign] == [
        'unit "dev/api": pr42/dev/api/terraform.tfstate.tflock is not JSON'
    ]
    assert [(str(item), item.command) for item in found.unrecorded] == [
        ("ec2 vpc vpc-1 (vpc-pr42)", "aws ec2 delete-vpc --vpc-id vpc-1")
    ]
    assert (s3.objects, sweep.calls) == (before, [])


@pytest.mark.parametrize(("settings", "locked"), [({"dry_run": True}, False), ({}, False), ({}, True)])
def test_c5_a_lost_state_is_no_killed_run(world, refused, s3, sweep, settings, locked):
    """A database of years must not go because somebody deleted its state."""
    s3.deleted[key("vpc")] = LOST
    if locked:
        s3.objects[f"{key('vpc')}.tflock"] = lock()
    sweep.found = (VPC,)
    request = RecoverRequest(suffix="pr42", confirmed=True, **settings)
    error = refused(recover, request, world.ports, world.operator)
    assert error.summary == "A state was deleted that recorded resources"
    assert f"--version-id '{key('vpc')} marker'" in error.hint or f"--version-id {key('vpc')} marker" in error.hint
    assert sweep.calls == []


def test_nor_is_it_repaired_away(repair, refused, s3, sweep):
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    s3.deleted[key("vpc")] = LOST
    assert refused(repair).summary == "A state was deleted that recorded resources"
    assert sweep.calls == []


def test_a_state_that_was_deleted_when_nothing_was_left_of_its_unit_is_no_loss(repair, s3, sweep):
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    s3.deleted[key("vpc")] = STATE
    repair()
    assert len(sweep.calls) == 1


def test_c8_a_state_that_cannot_be_read_stops_everything(repair, refused, s3, sweep):
    s3.objects |= {f"{key('vpc')}.tflock": lock(), key("kms"): '{"password": "hunter2"'}
    error = refused(repair)
    assert error.summary == "A state cannot be read"
    assert "hunter2" not in str(vars(error))
    assert sweep.calls == []


def test_what_is_left_where_even_the_bucket_has_gone(world, s3, sweep):
    s3.objects = None
    sweep.found = (VPC,)
    recover(RecoverRequest(suffix="pr42", confirmed=True), world.ports, world.operator)
    assert sweep.found == ()


def test_c6_only_terraform_of_this_deployment_is_waited_for(account, monkeypatch):
    terraform = account().terraform(environment="dev", suffix="pr42")

    def child(folder):
        return Child(pid=1, command="apply", folder=folder, unit="vpc", log=None, parent=1, orphaned=True)

    ours, others = child(terraform.root / "vpc"), child(terraform.root.parent / "pr43/vpc")
    monkeypatch.setattr(tools, "living", lambda records: (others, ours) if records else ())
    assert terraform.at_work() == (ours,)
    monkeypatch.setattr(tools, "states_at_work", lambda bucket: frozenset({f"{bucket}/key"}))
    assert terraform.states_at_work("states") == ("states/key",)


def test_units_without_their_configuration_are_destroyed_in_an_empty_folder(account):
    terraform = account().terraform(environment="dev", suffix="pr42")
    folder = terraform.no_module().folder
    assert terraform.no_module().folder == folder
    assert [path.read_text()[0] for path in folder.iterdir()] == ["#"]
    (terraform.root / "vpc").mkdir(parents=True)
    terraform.remove_workspaces()
    assert not terraform.root.exists()


LOCK_FILE = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'


@pytest.mark.parametrize(
    ("target", "environ", "shared"),
    [
        (Target.LOCAL, {}, True),
        (Target.LOCAL, {"PLATFORMCTL_PROVIDER": "launch"}, False),
        # With a CA bundle of one's own the second configuration of a provider process fails.
        (Target.LOCAL, {"AWS_CA_BUNDLE": "/ca.pem"}, False),
        (Target.AWS, {}, False),
        (Target.AWS, {"PLATFORMCTL_PROVIDER": ""}, False),
        (Target.AWS, {"PLATFORMCTL_PROVIDER": "shared"}, True),
    ],
)
def test_a4_on_aws_every_command_has_a_provider_of_its_own_unless_asked(tree, account, target, environ, shared):
    tree.write({"live/.terraform.lock.hcl": LOCK_FILE})
    made = account(target)
    made.session.environ.update(environ)
    with made.terraform(environment="dev", suffix="pr42")._providers() as providers:
        assert (providers is not None) is shared


def test_c7_an_unknown_provider_mode(account, refused):
    made = account()
    made.session.environ["PLATFORMCTL_PROVIDER"] = "both"
    error = refused(made.terraform(environment="dev", suffix="pr42").open().__enter__, error=UsageError)
    assert (error.detail, error.hint) == (
        'PLATFORMCTL_PROVIDER is "both".',
        'Set it to "shared" or "launch", or unset it.',
    )


class LocalCloud:
    """Stands in for the client of the local cloud."""

    endpoint = None
    retired = 0.0

    def __init__(self, home):
        self.home = home

    def status(self):
        return SimpleNamespace(endpoint=type(self).endpoint, account_id="000000000000")

    def start(self):
        type(self).endpoint = "http://127.0.0.1:4566"
        return self.status()

    def retire(self, after_seconds):
        type(self).retired = after_seconds

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_ENDPOINT_URL": self.endpoint}


@pytest.fixture
def connector(tree, monkeypatch):
    """A connector of a process with real AWS settings in its environment."""
    monkeypatch.setattr(module, "LocalCloud", LocalCloud)
    monkeypatch.setattr(LocalCloud, "endpoint", None)
    monkeypatch.setattr(LocalCloud, "retired", 0.0)
    for name, value in {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "real", "AWS_ACCESS_KEY_ID": "real"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "")
    return CloudConnector(project=Project(folder=tree.root), environ=dict(os.environ))


def test_a4_a_local_cloud_that_does_not_run_is_no_account_and_changes_no_environment(connector):
    before = dict(os.environ)
    assert connector.connect(Target.LOCAL, start=False) is None
    assert dict(os.environ) == before
    assert (connector.account_id(Target.LOCAL), connector.account_id(Target.AWS)) == (module.ACCOUNT_ID, None)


def test_a4_connected_to_the_local_cloud_this_process_knows_no_other(connector):
    made = connector.connect(Target.LOCAL, start=True)
    assert (made.endpoint, made.account_id) == ("http://127.0.0.1:4566", "000000000000")
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(os.environ) == set()
    assert (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_ENDPOINT_URL"]) == ("local", made.endpoint)
    assert made.session.environ == dict(os.environ)
    made.retire()
    assert LocalCloud.retired == module.LINGER_SECONDS


def test_a4_aws_is_refused_while_an_endpoint_is_overridden(tree, refused):
    connector = CloudConnector(project=Project(folder=tree.root), environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    error = refused(connector.connect, Target.AWS, start=False, error=UsageError)
    assert error.summary == "Endpoint overrides are set, so this is not AWS"


def test_an_account_on_aws_is_never_retired(account):
    account(Target.AWS).retire()


def test_c5_the_journal_of_a_project_keeps_runs_durations_and_locks_under_its_home(tmp_path):
    journal = ProjectJournal(home=tmp_path)
    assert journal.new_run("pr42").folder.parent == tmp_path / "runs"
    journal.record_durations(command="up", environment="dev", seconds={"vpc": 1.5})
    assert journal.durations(command="up", environment="dev") == {"vpc": 1.5}
    with journal.exclusive(target="local", suffix="pr42"), journal.register_held(target="local"):
        assert sorted(path.name for path in (tmp_path / "locks").iterdir()) == ["local-pr42.lock", "local.register"]


@pytest.mark.parametrize("target", Target)
def test_c8_programs_of_a_repository_get_real_credentials_for_aws_alone(tmp_path, target):
    environ = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "real", "AWS_PROFILE": "mine"}
    connector = CloudConnector(project=Project(folder=tmp_path), environ=environ)

    kept = connector.environment(target, environ)

    assert kept == (environ if target is Target.AWS else {"PATH": "/bin"})
