"""List and reap (A2, A4, B15, C5, C6, C7)."""

import shutil
from datetime import UTC, datetime

import pytest

from orchestrator.commands import Target, list_deployments, reap
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.diagnostics import ConfigurationError
from orchestrator.engine.ports import Applied
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.status import Changes
from tests.fakes.project import FakeOperator


@pytest.fixture
def world(world):
    world.tree.standard(environment="prod")
    return world


@pytest.fixture
def listing(world):
    return lambda target=Target.AWS: list_deployments(target, world.ports, world.operator)


@pytest.fixture
def run(world):
    def call(target=Target.AWS, **settings):
        settings.setdefault("confirmed", True)
        return reap(target, world.ports, world.operator, **settings)

    return call


def test_a4_a_local_cloud_that_does_not_run_holds_nothing_and_is_not_started(world, listing, run):
    world.connector.running = False
    assert listing(Target.LOCAL).environments == ()
    assert run(Target.LOCAL).code is ExitCode.OK
    assert world.operator.lines == ["Nothing has expired on the local cloud."]
    assert world.connector.connected == [(Target.LOCAL, False)] * 2


def test_a2_an_account_without_a_state_bucket(world, listing, run):
    world.bucket.present = False
    assert listing().environments == ()
    assert run().destroyed == ()


def test_a2_every_deployment_is_listed_by_suffix_with_its_resources(world, listing):
    world.register("pr42")
    world.put("kms", resources=12)
    world.put("vpc", resources=50)
    world.register("main", environment="prod", ttl=-1)
    found = listing().environments
    assert [(item.suffix, item.environment, item.target, item.resources) for item in found] == [
        ("main", "prod", "aws", {}),
        ("pr42", "dev", "aws", {"kms": 12, "vpc": 50}),
    ]
    assert [item.has_expired(datetime.now(UTC)) for item in found] == [True, False]


def test_a2_orphans_are_found_by_their_states(world, listing):
    for suffix, units in (("pr42", ("kms", "old", "older")), ("pr43", ("kms", "gone")), ("pr44", ("api",))):
        world.register(suffix)
        world.put(*units, suffix=suffix)
    shutil.rmtree(world.tree.root / "live/dev/docs")
    assert [item.orphans for item in listing().environments] == [("old", "older"), ("gone",), ()]


def test_a2_a_record_that_names_no_environment_is_listed_and_its_orphans_are_not_guessed(world, listing):
    """An empty record, or one that an older version wrote."""
    world.bucket.registered["pr42"] = RegisteredDeployment(suffix="pr42", environment="", created="")
    world.put("kms", "gone")
    (found,) = listing().environments
    assert (found.environment, found.created, len(found.resources), found.orphans) == (None, None, 2, ())


def test_a2_an_environment_that_was_removed_leaves_nothing_but_orphans(world, listing):
    world.register(environment="test")
    world.put("kms", environment="test")
    (found,) = listing().environments
    assert (found.environment, sum(found.resources.values()), len(found.orphans)) == ("test", 1, 1)


def test_c7_an_environment_with_mistakes_is_listed_without_its_orphans(world, listing):
    world.register("main", environment="prod")
    world.put("old", suffix="main", environment="prod", resources=3)
    world.tree.write({"live/prod/kms/terragrunt.hcl": "nonsense {}\n"})
    found = listing()
    assert found.unreadable == ("prod",)
    assert [(sum(item.resources.values()), item.orphans) for item in found.environments] == [(3, ())]


def test_c7_a_live_tree_that_cannot_be_read_at_all(world, listing, refused):
    for name in ("dev", "prod"):
        world.tree.write({f"live/{name}/{unit}/terragrunt.hcl": "nonsense {}\n" for unit in ("api", "kms")})
    error = refused(listing, error=ConfigurationError)
    assert [str(found.range).split(":")[0].removeprefix(f"{world.tree.root}/") for found in error.diagnostics] == [
        "live/dev/api/terragrunt.hcl"
    ]


def test_b15_states_without_a_record_are_listed_too(world, listing):
    world.put("kms", suffix="pr9", resources=12)
    world.bucket.others.append("pr8/left-over.txt")
    (found,) = listing().environments
    assert (found.suffix, found.environment, found.created, found.resources) == ("pr9", None, None, {"dev/kms": 12})


@pytest.fixture
def three(world):
    """Two that have expired, of different environments, and two that have not; each with a unit."""
    for suffix, environment, ttl in (
        ("pr41", "dev", -2),
        ("pr42", "prod", 0),
        ("pr43", "dev", 1),
        ("main", "dev", None),
    ):
        world.register(suffix, environment=environment, ttl=ttl)
        world.put("docs", suffix=suffix, environment=environment)
    return world


def left(world):
    return sorted(world.bucket.registered)


def test_a2_reap_destroys_what_has_expired_and_nothing_else(three, run):
    result = run()
    assert (result.code, result.destroyed, result.failed) == (ExitCode.OK, ("pr41", "pr42"), ())
    assert (left(three), three.worked_on, three.states) == (["main", "pr43"], ["docs"] * 2, ["docs"] * 2)
    assert [held for held in three.journal.history if not held.startswith("register")] == ["aws-pr41", "aws-pr42"]
    (shown,) = three.operator.shown
    assert [item.suffix for item in shown.environments] == ["pr41", "pr42"]


def test_a4_a_dry_run_destroys_nothing_and_asks_nothing(three, run):
    assert run(dry_run=True, confirmed=False).destroyed == ()
    assert (three.worked_on, three.operator.questions, len(three.operator.shown)) == ([], [], 1)


@pytest.mark.parametrize("yes", [True, False])
def test_a4_reap_asks_once_for_all(three, run, refused, yes):
    three.operator.approves = yes
    if yes:
        assert run(confirmed=False).destroyed == ("pr41", "pr42")
    else:
        assert refused(run, confirmed=False, error=UsageError).detail == "Nothing was run."
        assert three.worked_on == []
    (question,) = three.operator.questions
    assert question.text == "This destroys 2 deployments on AWS, with all their data."
    assert question.word == "reap"
    assert question.detail == (
        "Destroying 2 deployments on AWS has to be confirmed, and there is no terminal to ask on."
    )


@pytest.mark.parametrize("reason", ["failed", "refused", "held"])
def test_c5_one_that_fails_does_not_keep_the_others(three, run, reason):
    if reason == "failed":
        three.put("vpc", suffix="pr41")
        three.terraform.ends["vpc"] = Applied(succeeded=False, changes=Changes(), errors=("no",))
    elif reason == "refused":
        three.tree.write({"live/dev/vpc/terragrunt.hcl": "nonsense {}\n"})
    else:
        three.journal.held.append("aws-pr41")
    result = run()
    assert (result.code, result.destroyed, result.failed) == (ExitCode.FAILED, ("pr42",), ("pr41",))
    assert three.operator.lines[-1] == "Not destroyed: pr41."
    expected = {"failed": [], "refused": ["Block is not supported"], "held": ["Another run works on this deployment"]}
    assert [error.summary for error in three.operator.errors] == expected[reason]


def test_c6_after_an_interrupt_nothing_more_is_destroyed(three, run):
    three.operator.interrupt.request()
    result = run()
    assert (result.code, result.destroyed) == (ExitCode.INTERRUPTED, ())
    assert left(three) == ["main", "pr41", "pr42", "pr43"]


@pytest.mark.parametrize("change", ["more time", "for ever", "destroyed"])
def test_b15_whether_one_has_expired_is_checked_again_when_its_turn_comes(three, run, change):
    class Meanwhile(FakeOperator):
        def activity(self, command):
            if change == "destroyed":
                three.bucket.registered.pop("pr42", None)
            else:
                three.register("pr42", environment="prod", ttl=8 if change == "more time" else None)
            return super().activity(command)

    three.operator = Meanwhile()
    result = run()
    assert (result.code, result.destroyed) == (ExitCode.OK, ("pr41",))
    assert three.operator.lines[-1] == '"pr42" is no longer expired; skipping it.'


def test_a2_moments_without_a_zone_are_in_utc(world, listing):
    text = "2026-01-31T12:00:00"
    world.bucket.registered["pr42"] = RegisteredDeployment(suffix="pr42", environment="dev", created=text, expires=text)
    (found,) = listing().environments
    assert found.created == found.expires == datetime(2026, 1, 31, 12, tzinfo=UTC)
