"""After kill -9: what is found is told, what is certain is mended, and nothing of somebody at work is touched (C5, C6)."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from orchestrator.adapters.aws.locks import RECOVERY, this_user
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.sweep import Clock, Kept, Unrecorded
from orchestrator.adapters.processes import Child
from orchestrator.cli import deployment as deployment_module
from orchestrator.cli import recover as module
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import Target
from orchestrator.cli.recover import make_way, repair, require_unlocked
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.s3 import FakeS3

ACCOUNT = "123456789012"
VPC = Unrecorded(service="ec2", type="vpc", identifier="vpc-1", name="vpc-pr42")
STATE = json.dumps({"version": 4, "serial": 1, "outputs": {}, "resources": []})


def key(unit):
    return f"pr42/dev/{unit}/terraform.tfstate"


def lock(*, who=None, operation="OperationTypeApply", info=""):
    fields = {"ID": "1", "Who": who or this_user(), "Operation": operation, "Info": info}
    return json.dumps(fields | {"Created": "2026-01-31T08:15:04.1Z", "Version": "1.11.4"})


class Sweeper:
    """Stands in for the sweep: removes what there is, and remembers how it was asked and what was locked meanwhile."""

    def __init__(self, s3):
        self.s3 = s3
        self.found = ()
        self.kept = ()
        self.asked = []
        self.locked = []

    def unrecorded(self, _client, _suffix, _states, *, types=None):
        return self.found

    def sweep(self, _client, suffix, states, *, patience, say, types=None):
        self.asked.append({"suffix": suffix, "states": len(states), "types": types})
        self.locked = sorted(name for name in self.s3.objects or () if name.endswith(".tflock"))
        if self.kept:
            return self.kept
        for thing in self.found:
            say(f"removed {thing}")
        self.found = ()
        return ()


@pytest.fixture
def s3():
    return FakeS3(objects={key("kms"): STATE})


@pytest.fixture
def sweeper(s3, monkeypatch):
    made = Sweeper(s3)
    monkeypatch.setattr(module, "sweep", made.sweep)
    monkeypatch.setattr(module, "unrecorded", made.unrecorded)
    return made


@pytest.fixture
def children(monkeypatch):
    """The recorded processes that live, asked for by asked for; the last answer stays."""
    answers = [()]
    monkeypatch.setattr(module, "living", lambda _records: answers.pop(0) if len(answers) > 1 else answers[0])
    monkeypatch.setattr(module, "Clock", lambda: Clock(now=lambda: 0.0, sleep=lambda _seconds: None))
    return answers


@pytest.fixture
def deploy(platformctl, s3, sweeper, children, monkeypatch, tmp_path):
    """A function that opens a deployment of the test tree on a target; commands get it, too."""

    caller = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada", "UserId": "AIDA"}
    clients = {"s3": s3, "sts": SimpleNamespace(get_caller_identity=lambda: caller)}
    session = CloudSession(environ={}, endpoint=None, account_id=ACCOUNT, _session=None, _clients=clients)

    def make(target=Target.LOCAL):
        monkeypatch.setattr(deployment_module, "aws_session", lambda _environ: session)
        opened = open_deployment(request(suffix="pr42", target=Target.AWS, environment=None), start=False)
        # The tree is the same on both targets, and the fake bucket stands for either cloud.
        deployment = replace(opened, asked=request(suffix="pr42", target=target, environment=None))
        deployment.toolchain.processes.records = tmp_path / "processes"
        monkeypatch.setattr(module, "open_deployment", lambda _asked, *, start: deployment)
        s3.calls.clear()
        return deployment

    return make


def child(deployment, unit, pid=4711):
    folder = deployment.workspaces.root / unit
    return Child(pid=pid, command="apply", folder=folder, unit=unit, log=None, parent=1, orphaned=True)


def locks(s3):
    return [name for name in s3.objects if name.endswith(".tflock")]


def test_where_nothing_was_killed_a_repair_costs_one_call(deploy, s3, sweeper):
    repair(deploy(), say=pytest.fail)
    assert s3.calls == ["list"]
    assert sweeper.asked == []


def test_c5_a_repair_removes_what_the_killed_units_made_then_releases_their_locks(deploy, platformctl, s3, sweeper):
    platformctl.tree.write({"modules/kms/keys.tf": 'resource "aws_kms_key" "this" {}\n'})
    s3.objects[f"{key('kms')}.tflock"] = lock()
    sweeper.found = (VPC,)
    said = []
    repair(deploy(), say=said.append)
    assert sweeper.asked == [{"suffix": "pr42", "states": 1, "types": {"aws_kms_key"}}]
    assert locks(s3) == []
    assert said == [
        "a run was killed here: dev/kms left locked",
        "removed ec2 vpc vpc-1 (vpc-pr42)",
        f'released the lock on unit "dev/kms": {this_user()} since 2026-01-31T08:15:04Z, for apply',
    ]


def test_meanwhile_no_terraform_can_begin_anywhere(deploy, s3, sweeper):
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    repair(deploy(), say=lambda _line: None)
    assert sweeper.locked == [f"{key(unit)}.tflock" for unit in ("api", "docs", "kms", "vpc")]
    assert locks(s3) == []


@pytest.mark.parametrize("also_ours", [False, True])
def test_c6_while_somebody_else_may_be_at_work_nothing_is_repaired(deploy, s3, sweeper, also_ours):
    """What they make is in no state yet, and looks like a leftover."""
    s3.objects[f"{key('kms')}.tflock"] = lock(who="ada@elsewhere")
    if also_ours:
        s3.objects[f"{key('vpc')}.tflock"] = lock()
    before = dict(s3.objects)
    with pytest.raises(UsageError) as caught:
        repair(deploy(), say=pytest.fail)
    assert caught.value.detail == 'unit "dev/kms": ada@elsewhere since 2026-01-31T08:15:04Z, for apply'
    assert (s3.objects, sweeper.asked) == (before, [])


def test_a_terraform_that_goes_on_alone_is_waited_for(deploy, s3, children, sweeper):
    deployment = deploy()
    held = f"{key('vpc')}.tflock"
    s3.objects[held] = lock()
    # Another deployment's is none of our business.
    other = Child(
        pid=1,
        command="apply",
        folder=deployment.workspaces.root.parent / "x",
        unit="x",
        log=None,
        parent=1,
        orphaned=True,
    )
    working = (other, child(deployment, "vpc"))

    class Ends(tuple):
        """It ends, and releases its lock, when it is looked at for the last time."""

        __slots__ = ()

        def __iter__(self):
            s3.objects.pop(held, None)
            return super().__iter__()

    children[:] = [working, working, Ends((other,))]
    said = []
    repair(deployment, say=said.append)
    assert said == ['waiting for process 4711, which is still at work on unit "vpc"']
    assert sweeper.asked == []


def test_what_cannot_be_removed_keeps_the_locks_for_the_next_try(deploy, s3, sweeper):
    held = f"{key('vpc')}.tflock"
    s3.objects[held] = lock()
    sweeper.kept = (Kept(thing=VPC, reason="DependencyViolation: it has dependencies"),)
    with pytest.raises(PlatformctlError) as caught:
        repair(deploy(), say=lambda _line: None)
    assert caught.value.detail == (
        "ec2 vpc vpc-1 (vpc-pr42): DependencyViolation: it has dependencies\n  by hand: aws ec2 delete-vpc --vpc-id vpc-1"
    )
    assert locks(s3) == [held]


def test_a_lock_that_changes_hands_meanwhile_stays(deploy, s3, sweeper, monkeypatch):
    held = f"{key('vpc')}.tflock"
    s3.objects[held] = lock()

    def take(*_arguments, **_options):
        s3.objects[held] = lock(who="ada@elsewhere")
        return ()

    monkeypatch.setattr(module, "sweep", take)
    with pytest.raises(PlatformctlError, match="A lock has changed hands"):
        repair(deploy(), say=lambda _line: None)
    assert locks(s3) == [held]


def test_a_state_that_cannot_be_read_stops_everything(deploy, s3, sweeper):
    s3.objects |= {f"{key('vpc')}.tflock": lock(), key("kms"): '{"password": "hunter2"'}
    with pytest.raises(PlatformctlError) as caught:
        repair(deploy(), say=lambda _line: None)
    assert caught.value.summary == "A state cannot be read"
    assert "hunter2" not in str(vars(caught.value))
    assert sweeper.asked == []


LOST = {
    "version": 4,
    "outputs": {},
    "resources": [{"mode": "managed", "type": "aws_rds_cluster", "name": "this", "instances": [{}]}],
}


@pytest.mark.parametrize("arguments", [["--dry-run"], ["--yes"]])
def test_a_lost_state_is_no_killed_run(deploy, platformctl, s3, sweeper, arguments):
    """A database of years must not go because somebody deleted its state."""
    deploy()
    s3.deleted[key("vpc")] = json.dumps(LOST)
    sweeper.found = (VPC,)
    done = platformctl("recover", "--suffix", "pr42", *arguments)
    assert done.code == 1
    assert "A state was deleted that recorded resources" in done.err
    assert f"--version-id {key('vpc')} marker" in done.err.replace("\n", " ")
    assert sweeper.asked == []


def test_nor_is_it_repaired_away(deploy, s3, sweeper):
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    s3.deleted[key("vpc")] = json.dumps(LOST)
    with pytest.raises(PlatformctlError, match="A state was deleted that recorded resources"):
        repair(deploy(), say=lambda _line: None)
    assert sweeper.asked == []


def test_a_state_that_was_deleted_when_nothing_was_left_of_its_unit_is_no_loss(deploy, s3, sweeper):
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    s3.deleted[key("vpc")] = json.dumps(LOST | {"resources": []})
    repair(deploy(), say=lambda _line: None)
    assert len(sweeper.asked) == 1


def test_a_recovery_that_was_killed_is_itself_recovered(deploy, s3):
    s3.objects[f"{key('kms')}.tflock"] = lock(operation=RECOVERY, info="4194399 1")
    repair(deploy(), say=lambda _line: None)
    assert locks(s3) == []


def test_c6_on_aws_a_locked_deployment_is_refused_with_who_since_when_and_what_to_do(deploy, s3, children):
    deployment = deploy(Target.AWS)
    make_way(deployment, say=pytest.fail)
    assert s3.calls == ["list"]
    s3.objects |= {
        f"{key('api')}.tflock": lock(who="ada@elsewhere"),
        f"{key('kms')}.tflock": lock(),
        f"{key('vpc')}.tflock": lock(),
    }
    children[:] = [(child(deployment, "vpc"),)]
    with pytest.raises(UsageError) as caught:
        require_unlocked(deployment)
    assert caught.value.detail.splitlines() == [
        "vpc: process 4711, left by an earlier run, is still at work.",
        f'unit "dev/kms": {this_user()} since 2026-01-31T08:15:04Z, for apply. That process has ended.',
        'unit "dev/api": ada@elsewhere since 2026-01-31T08:15:04Z, for apply. It may still be at work.',
    ]
    assert caught.value.hint.endswith("platformctl recover --suffix pr42 --target aws")
    assert len(locks(s3)) == 3


def test_c6_a_terraform_of_another_copy_of_the_project_is_not_taken_for_dead(deploy, s3, monkeypatch):
    """It is this user on this machine, too, and only its own records know of it."""
    deployment = deploy(Target.AWS)
    s3.objects[f"{key('vpc')}.tflock"] = lock()
    assert [len(locks) for locks in module._locks(deployment, ())] == [1, 0]
    monkeypatch.setattr(module, "states_at_work", lambda bucket: frozenset({key("vpc")} if bucket == "states" else ()))
    assert [len(locks) for locks in module._locks(deployment, ())] == [0, 1]


def test_nothing_to_recover(deploy, platformctl):
    deploy()
    done = platformctl("recover", "--suffix", "pr42")
    assert (done.code, done.out) == (0, "")
    assert done.err == 'Nothing to recover: "pr42" on the local cloud is as its states say.\n'


def test_no_local_cloud_no_recovery(platformctl, monkeypatch):
    monkeypatch.setattr(module, "open_deployment", lambda _asked, *, start: None)
    done = platformctl("recover", "--suffix", "pr42")
    assert (done.code, done.err) == (0, 'Nothing to recover: there is no "pr42" on the local cloud.\n')


def test_a_dry_run_says_everything_and_changes_nothing(deploy, platformctl, s3, sweeper, children):
    deployment = deploy()
    s3.objects |= {f"{key('kms')}.tflock": lock(), f"{key('api')}.tflock": "not a lock"}
    sweeper.found = (VPC,)
    before = dict(s3.objects)
    done = platformctl("recover", "--suffix", "pr42", "--dry-run")
    assert (done.code, s3.objects, sweeper.asked) == (0, before, [])
    assert done.out.splitlines() == [
        "Locks of processes that have ended: 1",
        f'  unit "dev/kms": {this_user()} since 2026-01-31T08:15:04Z, for apply',
        "Locks whose holder may be alive: 1",
        '  unit "dev/api": pr42/dev/api/terraform.tfstate.tflock is not JSON',
        "In the cloud, and in no state: 1",
        "  ec2 vpc vpc-1 (vpc-pr42)",
    ]
    children[:] = [(child(deployment, "kms"),)]
    assert platformctl("recover", "--suffix", "pr42", "--dry-run").out.splitlines()[:2] == [
        "Terraform processes that go on without their platformctl; they finish by themselves: 1",
        '  unit "kms": process 4711, apply',
    ]


def test_without_a_terminal_yes_is_needed(deploy, platformctl, s3, sweeper):
    deploy()
    s3.objects[f"{key('kms')}.tflock"] = lock()
    done = platformctl("recover", "--suffix", "pr42")
    assert done.code == 2
    assert "Confirmation needed" in done.err
    assert (len(locks(s3)), sweeper.asked) == (1, [])


def test_c5_yes_mends_everything(deploy, platformctl, s3, sweeper):
    deploy()
    s3.objects[f"{key('kms')}.tflock"] = lock()
    sweeper.found = (VPC,)
    done = platformctl("recover", "--suffix", "pr42", "--yes")
    assert done.code == 0
    assert done.err.splitlines()[-1] == '"pr42" is as its states say, and nobody holds a lock on it.'
    assert (locks(s3), sweeper.found) == ([], ())
    assert sweeper.asked == [{"suffix": "pr42", "states": 1, "types": None}]


def test_what_is_left_where_even_the_bucket_has_gone(deploy, platformctl, s3, sweeper):
    deploy()
    s3.objects = None
    sweeper.found = (VPC,)
    assert platformctl("recover", "--suffix", "pr42", "--yes").code == 0
    assert sweeper.found == ()


def test_c6_while_others_may_be_at_work_nothing_at_all_is_changed(deploy, platformctl, s3, sweeper):
    deploy()
    s3.objects |= {f"{key('kms')}.tflock": lock(), f"{key('api')}.tflock": lock(who="ada@elsewhere")}
    sweeper.found = (VPC,)
    done = platformctl("recover", "--suffix", "pr42", "--yes")
    assert done.code == 2
    assert 'unit "dev/api": ada@elsewhere since 2026-01-31T08:15:04Z, for apply' in done.err
    assert "--release-foreign-locks" in done.err
    assert (len(locks(s3)), sweeper.asked) == (2, [])
    assert platformctl("recover", "--suffix", "pr42", "--yes", "--release-foreign-locks").code == 0
    assert locks(s3) == []


def test_what_stays_is_a_failure(deploy, platformctl, s3, sweeper):
    deploy()
    sweeper.found = (VPC,)
    sweeper.kept = (Kept(thing=VPC, reason="AccessDenied", final=True),)
    done = platformctl("recover", "--suffix", "pr42", "--yes")
    assert done.code == 1
    assert "by hand: aws ec2 delete-vpc --vpc-id vpc-1" in done.err


def test_c7_a_malformed_suffix_is_refused(platformctl):
    done = platformctl("recover", "--suffix", "Nope!", "--yes")
    assert (done.code, platformctl.started) == (2, [])
