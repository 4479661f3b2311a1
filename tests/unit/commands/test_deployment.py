"""A deployment's record in the register (A2, B15, C4, C5)."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.commands import DeploymentRequest, Target, UpRequest, up
from orchestrator.commands.deployment import expiry
from orchestrator.commands.opening import open_deployment
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.engine.environments import LastRun, Lifetime
from orchestrator.errors import ExitCode, PlatformctlError
from tests.fakes.project import FakeJournal

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EIGHT_HOURS = Lifetime(span=timedelta(hours=8))


@pytest.fixture
def opened(world):
    return lambda: open_deployment(DeploymentRequest(suffix="pr42"), world.ports, world.operator, start=False)


@pytest.fixture
def register(world, opened):
    """Registers the deployment as the tree is now; returns the record."""

    def make(units=("api", "docs", "kms", "vpc"), lifetime=None, now=NOW):
        opened().register(units=units, lifetime=lifetime, now=now)
        return world.bucket.registered["pr42"]

    return make


def test_b15_a_deployment_is_registered_once(register):
    first = register()
    assert register(now=NOW + timedelta(hours=1)) is first
    assert (first.environment, first.created) == ("dev", "2026-01-31T12:00:00+00:00")


@pytest.mark.parametrize(
    ("lifetimes", "expires"),
    [
        ((EIGHT_HOURS,), "2026-01-31T20:00:00+00:00"),
        # Another up says nothing about it: the deployment lives as long as it was given.
        ((EIGHT_HOURS, None), "2026-01-31T20:00:00+00:00"),
        ((EIGHT_HOURS, Lifetime(span=None)), None),
        ((None,), None),
    ],
)
def test_a2_a_time_to_live_is_kept_until_another_one_is_given(register, lifetimes, expires):
    for lifetime in lifetimes:
        record = register(lifetime=lifetime)
    assert record.expires == expires


def test_a2_the_register_knows_the_units_that_were_applied_and_their_dependencies(world, register):
    assert register(("kms", "vpc")).units == {"kms": (), "vpc": ("kms",)}
    # vpc is renamed, and has a state: it still has to be destroyed before kms.
    world.put("kms", "vpc")
    live = world.tree.root / "live/dev"
    shutil.rmtree(live / "api")
    (live / "vpc").rename(live / "net")
    units = ("docs", "kms", "net")
    assert register(units).units == {"docs": (), "kms": (), "net": ("kms",), "vpc": ("kms",)}
    del world.account.held_states.states["pr42/dev/vpc/terraform.tfstate"]
    assert register(units).units == {"docs": (), "kms": (), "net": ("kms",)}


def test_c4_the_last_run_is_recorded_and_an_up_keeps_it(world, opened, register):
    run = LastRun(id="r1", command="up", finished="now", exit_code=1)
    opened().record_run(run)
    assert world.bucket.registered == {}, "what is destroyed is not registered anew"
    register()
    opened().record_run(run)
    assert register().last_run == run


def test_fields_and_settings_that_this_version_does_not_know_survive_an_up(world):
    theirs = {"settings": {"tenants": ("a", "b")}, "unknown": {"mood": "good"}}
    world.register(**theirs)
    assert up(UpRequest(suffix="pr42"), world.ports, world.operator).code is ExitCode.OK
    record = world.bucket.registered["pr42"]
    assert {"settings": record.settings, "unknown": record.unknown} == theirs
    assert (record.last_run.id, record.last_run.command, record.last_run.exit_code) == ("r1-pr42", "up", 0)


def test_c5_a_register_that_cannot_be_reached_does_not_hide_how_the_run_ended(world):
    class Unplugs(FakeJournal):
        def record_durations(self, **_):
            world.bucket.fails = PlatformctlError("Reading the register of pr42 failed", detail="No network.")

    world.journal = Unplugs()
    assert up(UpRequest(suffix="pr42"), world.ports, world.operator).code is ExitCode.OK
    assert world.operator.lines == [
        "platformctl list will not show this run: Reading the register of pr42 failed. No network."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("2026-01-31T12:00:00+00:00", NOW),
        ("2026-01-31T13:00:00+01:00", NOW),
        # A moment without a zone, as a person may have written it, is one in UTC.
        ("2026-01-31T12:00:00", NOW),
    ],
)
def test_a2_when_a_registered_deployment_expires(world, opened, text, expected):
    record = RegisteredDeployment(suffix="pr42", environment="dev", created="now", expires=text)
    assert expiry(record) == expected
    world.bucket.registered["pr42"] = record
    for moment in (NOW - timedelta(seconds=1), NOW):
        assert opened().has_expired(moment) is (expected is not None and moment >= NOW)


def test_a_deployment_without_a_state_bucket_has_no_orphans(world, opened):
    world.put("old")
    assert opened().orphan_keys() == {"old": "pr42/dev/old/terraform.tfstate"}
    world.bucket.present = False
    assert opened().orphan_keys() == {}


def test_b15_the_platform_judges_a_deployment_beside_the_others_of_the_account(world, opened):
    world.register()
    world.register("pr43")
    opened().require_room(world.ports, ["kms"])
    world.bucket.present = False
    opened().require_room(world.ports, ["kms"])
    first, second = world.platform.applicants
    assert (first.suffix, first.selected, sorted(first.every)) == ("pr42", ["kms"], ["api", "docs", "kms", "vpc"])
    assert [[other.suffix for other in applicant.others] for applicant in (first, second)] == [["pr43"], []]


def test_a_deployment_names_its_place(opened):
    deployment = opened()
    assert deployment.place() == "the local cloud (account 123456789012)"
    aws = replace(deployment, request=DeploymentRequest(suffix="pr42", target=Target.AWS))
    assert aws.request.command("up") == "platformctl up --suffix pr42 --target aws"
