"""After kill -9: what is found is told, what is certain is repaired, and nothing of somebody at work is touched (C5, C6)."""

import pytest

from orchestrator.commands import DestroyRequest, RecoverRequest, Target, UpRequest, destroy, recover, up
from orchestrator.commands.operators import Findings
from orchestrator.errors import ExitCode, PlatformctlError, UsageError
from tests.fakes.cloud import FakeKept, FakeLeftover, FakeLock, FakeLocks
from tests.fakes.terraform import FakeChild

VPC = FakeLeftover("vpc-1")
KMS = FakeLock(name="kms")
FOREIGN = FakeLock(name="api", foreign=True)
STATES = [f"pr42/dev/{unit}/terraform.tfstate" for unit in ("api", "docs", "kms", "vpc")]


@pytest.fixture
def world(world):
    world.put("kms")
    return world


@pytest.fixture(params=["up", "destroy"])
def start(request, world):
    """Starts a run that repairs first."""
    command, kind = {"up": (up, UpRequest), "destroy": (destroy, DestroyRequest)}[request.param]
    return lambda target=Target.LOCAL: command(
        kind(suffix="pr42", target=target, confirmed=True), world.ports, world.operator
    )


@pytest.fixture
def run(world):
    def call(**settings):
        settings = {"suffix": "pr42", "confirmed": True} | settings
        return recover(RecoverRequest(**settings), world.ports, world.operator)

    return call


def test_where_nothing_was_killed_a_repair_costs_one_call(world, start):
    assert start().code is ExitCode.OK
    assert (world.locks.listed, world.sweeper.swept) == (1, [])


def test_c5_a_run_removes_what_the_killed_units_made_then_releases_their_locks(world, start):
    world.tools.types["kms"] = frozenset({"aws_kms_key"})
    world.locks.locks.append(KMS)
    world.sweeper.leftovers.append(VPC)
    assert start().code is ExitCode.OK
    assert (world.sweeper.swept, world.locks.locks) == ([{"aws_kms_key"}], [])
    assert world.operator.lines[:3] == [
        "a run was killed here: dev/kms left locked",
        "removed ec2 vpc vpc-1",
        'released the lock on unit "dev/kms": me@here',
    ]


@pytest.mark.parametrize(
    ("locks", "types", "swept"),
    [
        (["kms", "vpc"], {"kms": {"a"}, "vpc": {"b"}}, {"a", "b"}),
        # Only Terraform could tell what the module of vpc holds.
        (["kms", "vpc"], {"kms": {"a"}, "vpc": None}, None),
        # A unit that is no longer in the live tree was being destroyed: it made nothing.
        (["old"], {}, frozenset()),
    ],
)
def test_only_what_the_locked_units_can_have_made_is_removed(world, start, locks, types, swept):
    world.tools.types = types
    world.locks.locks.extend(FakeLock(name=name) for name in locks)
    start()
    assert world.sweeper.swept == [swept]


def test_meanwhile_no_terraform_can_start_anywhere(world, start):
    world.locks.locks.append(FakeLock(name="vpc"))
    start()
    assert world.sweeper.locked == STATES
    assert (world.locks.held, world.locks.locks) == ((), [])


@pytest.mark.parametrize("also_ours", [False, True])
def test_c6_while_somebody_else_may_be_at_work_nothing_is_repaired(world, start, refused, also_ours):
    """What they make is in no state yet, and looks like a leftover."""
    world.locks.locks.extend([FOREIGN, KMS] if also_ours else [FOREIGN])
    before = list(world.locks.locks)
    error = refused(start, error=UsageError)
    assert (error.summary, error.detail) == ("Somebody else may be working on this deployment", str(FOREIGN))
    assert error.hint.endswith("platformctl recover --suffix pr42 --release-foreign-locks")
    assert (world.locks.locks, world.sweeper.swept, world.worked_on) == (before, [], [])


def test_a_terraform_that_goes_on_alone_is_waited_for(world, start):
    child = FakeChild(unit="vpc")

    class Ends(list):
        """The process ends, and releases its lock, after it was looked at twice."""

        def pop(self, index):
            if len(self) == 2:
                world.locks.locks.clear()
            return super().pop(index)

    world.locks.locks.append(FakeLock(name="vpc"))
    world.tools.children = Ends([(child,), (child,), ()])
    start()
    assert world.operator.lines[0] == 'waiting for process 4711, which is still at work on unit "vpc"'
    assert sum("waiting" in line for line in world.operator.lines) == 1
    assert world.sweeper.swept == []


@pytest.fixture(params=["run", "recover"])
def repair(request, start, run):
    """What repairs by itself, and what does nothing else."""
    return start if request.param == "run" else run


def test_what_cannot_be_removed_keeps_the_locks_for_the_next_try(world, repair, refused):
    world.locks.locks.append(KMS)
    world.sweeper.kept = (FakeKept(VPC, "DependencyViolation: it has dependencies"),)
    error = refused(repair)
    assert error.detail == (
        "ec2 vpc vpc-1: DependencyViolation: it has dependencies\n  by hand: aws ec2 delete-vpc --vpc-id vpc-1"
    )
    assert (error.exit_code, world.locks.locks, world.worked_on) == (ExitCode.FAILED, [KMS], [])


def test_a_lock_that_changes_hands_meanwhile_stays(world, repair, refused):
    world.locks.locks.append(KMS)
    world.locks.stolen = ("kms",)
    assert refused(repair).summary == "A lock has changed hands"
    assert world.locks.locks == [KMS]


def test_a_lost_or_unreadable_state_stops_everything(world, repair, run, refused):
    """A database of years must not go because somebody deleted its state."""
    world.locks.locks.append(KMS)
    world.sweeper.fails = PlatformctlError("A state was deleted that recorded resources")
    assert refused(repair) is refused(run, dry_run=True) is world.sweeper.fails
    assert (world.locks.locks, world.worked_on) == ([KMS], [])


def test_c6_on_aws_a_locked_deployment_is_refused_with_who_and_what_to_do(world, start, refused):
    world.locks.locks.extend([FOREIGN, KMS, FakeLock(name="vpc")])
    world.tools.children = [(FakeChild(unit="vpc"),)]
    error = refused(start, Target.AWS, error=UsageError)
    assert error.detail.splitlines() == [
        "vpc: process 4711, left by an earlier run, is still at work.",
        'unit "dev/kms": me@here. That process has ended.',
        'unit "dev/api": ada@elsewhere. It may still be at work.',
    ]
    assert error.hint.endswith("platformctl recover --suffix pr42 --target aws")
    assert (len(world.locks.locks), world.sweeper.swept) == (3, [])


@pytest.mark.parametrize(("target", "foreign"), [(Target.AWS, True), (Target.LOCAL, False)])
def test_c6_on_aws_a_terraform_of_another_copy_of_the_project_is_not_taken_for_dead(world, run, target, foreign):
    """It is this user on this machine, too, and only its own records know of it; a local cloud has one project only."""
    world.locks.locks.append(KMS)
    world.tools.elsewhere = ("pr42/dev/kms/terraform.tfstate",)
    found = run(target=target, dry_run=True)
    assert (found.left_behind, found.foreign) == (((), (KMS,)) if foreign else ((KMS,), ()))


@pytest.mark.parametrize(
    ("running", "line"),
    [
        (True, 'Nothing to recover: "pr42" on the local cloud matches its states.'),
        (False, 'Nothing to recover: there is no "pr42" on the local cloud.'),
    ],
)
def test_nothing_to_recover(world, run, running, line):
    world.connector.running = running
    assert not run(confirmed=False)
    assert (world.operator.lines, world.operator.questions) == ([line], [])
    assert world.journal.history == ["local-pr42"]


def test_a_dry_run_finds_everything_and_changes_nothing(world, run):
    child = FakeChild(unit="docs")
    world.locks.locks.extend([KMS, FOREIGN])
    world.sweeper.leftovers.append(VPC)
    found = run(dry_run=True, confirmed=False)
    assert found == Findings(left_behind=(KMS,), foreign=(FOREIGN,), unrecorded=(VPC,))
    # What a Terraform at work makes is in no state yet.
    world.tools.children = [(child,)]
    assert run(dry_run=True).unrecorded == ()
    assert (world.operator.shown[0], world.operator.shown[1].working) == (found, (child,))
    assert (world.operator.questions, world.sweeper.swept, world.locks.locks) == ([], [], [KMS, FOREIGN])


@pytest.mark.parametrize("approves", [True, False])
def test_a4_the_operator_is_asked_before_anything_is_removed(world, run, refused, approves):
    world.locks.locks.append(KMS)
    world.sweeper.leftovers.append(VPC)
    world.operator.approves = approves
    if approves:
        run(confirmed=False)
    else:
        assert refused(run, confirmed=False, error=UsageError).detail == "Nothing was changed."
    (question,) = world.operator.questions
    assert question.text == (
        'This deletes what is in no state (1 things, with all that is in them) and releases 1 lock of "pr42" on the '
        "local cloud (account 123456789012)."
    )
    assert question.hint == "Look at it with --dry-run, then pass --yes."
    assert (world.sweeper.leftovers, world.locks.locks) == (([], []) if approves else ([VPC], [KMS]))


def test_c5_a_recovery_repairs_everything(world, run):
    world.locks.locks.append(KMS)
    world.sweeper.leftovers.append(VPC)
    run()
    assert world.operator.lines[-1] == '"pr42" matches its states, and nobody holds a lock on it.'
    assert (world.locks.locks, world.sweeper.leftovers, world.sweeper.swept) == ([], [], [None])
    assert world.sweeper.locked == STATES


def test_what_is_left_where_even_the_bucket_has_gone(world, run):
    world.bucket.present = False
    world.sweeper.leftovers.append(VPC)
    run()
    assert (world.sweeper.leftovers, world.sweeper.locked) == ([], [])


def test_c6_while_others_may_be_at_work_nothing_at_all_is_changed(world, run, refused):
    world.locks.locks.extend([KMS, FOREIGN])
    world.sweeper.leftovers.append(VPC)
    error = refused(run, error=UsageError)
    assert (error.detail, len(world.locks.locks), world.sweeper.swept) == (str(FOREIGN), 2, [])
    run(release_foreign_locks=True)
    assert (world.locks.locks, world.sweeper.swept) == ([], [None])


def test_locks_that_somebody_takes_first_stop_a_recovery(world, run, refused):
    class Busy(FakeLocks):
        def hold(self, keys):
            raise PlatformctlError("Somebody else has begun to work on this deployment")

    world.account.held_locks = Busy([KMS])
    assert refused(run).summary == "Somebody else has begun to work on this deployment"
    assert world.sweeper.swept == []
