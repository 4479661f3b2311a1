"""Opening deployments: which environment a suffix belongs to, what the tree reads, and in which order (A4, B15, C7).

A deployment's record in the register (A2, B15, C4, C5).
"""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.commands import (
    DeploymentRequest,
    Target,
    UpRequest,
    destroy,
    drift,
    opening,
    outputs,
    plan,
    recover,
    up,
)
from orchestrator.commands.opening import environment_of, expiry, open_deployment
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.commands.requests import DestroyRequest, RecoverRequest
from orchestrator.diagnostics import ConfigurationError
from orchestrator.engine.environments import LastRun, Lifetime
from orchestrator.errors import ExitCode, PlatformctlError, UsageError
from tests.fakes.cloud import ACCOUNT
from tests.fakes.project import FakeJournal


@pytest.fixture
def opened(world):
    """Opens a deployment on AWS."""

    def make(*, start=False, **settings):
        request = DeploymentRequest(**({"suffix": "pr42", "target": Target.AWS} | settings))
        return open_deployment(request, world.ports, world.operator, start=start)

    world.tree.standard(environment="prod")
    return make


def reads(world, name):
    """Let the unit docs read an environment variable."""
    world.tree.unit("docs", f'inputs = {{\n  value = get_env("{name}")\n}}\n')


def value(deployment):
    return deployment.stack.units["docs"].evaluate({}).inputs["value"]


def test_the_environment_is_dev_where_nothing_else_is_said(opened):
    assert opened().stack.environment == "dev"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_a_suffix_keeps_the_environment_that_it_was_made_of(world, opened):
    world.register(environment="prod")
    assert opened().stack.environment == "prod"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_a_record_that_names_no_environment_keeps_nobody_from_naming_one(world, opened):
    world.register(environment="")
    assert opened().stack.environment == "dev"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_another_environment_does_not_take_a_suffix_over(world, opened, refused):
    world.register(environment="prod")
    error = refused(opened, environment="dev", error=UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "The suffix belongs to another environment",
        '"pr42" on AWS was made of environment prod, not dev.',
        "Pass --env prod, or choose another suffix.",
    )


@pytest.mark.parametrize("target", Target)
def test_the_live_tree_is_evaluated_with_the_account_suffix_and_target(world, opened, target):
    for name, expected in (("ACCOUNT_ID", ACCOUNT), ("SUFFIX", "pr42"), ("TARGET", str(target))):
        reads(world, f"PLATFORM_{name}")
        assert value(opened(target=target)) == expected


def test_the_live_tree_reads_the_variables_of_the_caller_and_of_the_platform(world, opened):
    world.environ["MINE"] = "1"
    reads(world, "MINE")
    assert value(opened()) == "1"
    world.register(settings={"owned": ("registered",)})
    reads(world, "SETTING_OWNED")
    assert value(opened()) == "registered"
    world.platform.wanted = {"owned": ("a", "b")}
    assert value(opened()) == "a,b"


def test_c7_states_in_several_buckets_are_refused(world, opened, refused):
    world.tree.unit(
        "docs", 'remote_state {\n  backend = "s3"\n  config = {\n    bucket = "others"\n    key = "k"\n  }\n}\n'
    )
    assert refused(opened).detail == "The units of dev name 2 buckets: others, states."


def test_warnings_of_the_live_tree_reach_the_operator(world, opened):
    world.tree.unit("docs", 'inputs = {\n  title = "x"\n}\n')
    opened()
    assert [finding.summary for finding in world.operator.warnings] == ["Input is not used"]


def test_a_local_cloud_that_does_not_run_is_started_only_on_demand(world, opened):
    world.connector.running = False
    assert opened(target=Target.LOCAL) is None
    assert opened(target=Target.LOCAL, start=True) is not None
    assert [start for _, start in world.connector.connected] == [False, False, True]


COMMANDS = {
    "up": (up, UpRequest),
    "plan": (plan, DeploymentRequest),
    "drift": (drift, DeploymentRequest),
    "outputs": (outputs, DeploymentRequest),
    "recover": (recover, RecoverRequest),
    "destroy": (destroy, DestroyRequest),
}


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_loads_the_live_tree_exactly_once(world, monkeypatch, command, target):
    loads = []
    load_stack = opening.load_stack

    def counted(**settings):
        # One unit alone is read to learn the name of the state bucket.
        loads.append("tree" if settings.get("names") is None else "unit")
        return load_stack(**settings)

    monkeypatch.setattr(opening, "load_stack", counted)
    world.put("kms", "vpc", "api", "docs")
    run, request = COMMANDS[command]
    run(request(suffix="pr42", target=target), world.ports, world.operator)
    assert loads == ["unit", "tree"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_c7_where_the_live_tree_has_mistakes_nothing_is_started_and_nothing_changed(world, refused, command, running):
    world.connector.running = running
    world.tree.write({"live/dev/vpc/terragrunt.hcl": "nonsense {}\n"})
    run, request = COMMANDS[command]
    refused(run, request(suffix="pr42"), world.ports, world.operator, error=ConfigurationError)
    assert not any(start for _, start in world.connector.connected)
    assert (world.worked_on, world.planner.planned, world.journal.runs, world.bucket.registered) == ([], [], [], {})
    assert world.account.held_states.read_names == []


def test_c7_a_unit_that_does_not_exist_is_refused_before_the_cloud_is_started(world, opened, refused):
    world.connector.running = False
    error = refused(opened, target=Target.LOCAL, start=True, only=("vcp",), error=UsageError)
    assert (error.summary, world.connector.running) == ("No such unit", False)


def test_the_only_environment_of_a_tree_is_the_default(world):
    (world.tree.root / "live" / "dev").rename(world.tree.root / "live" / "sandbox")
    request = DeploymentRequest(suffix="pr42")
    assert environment_of(request, world.ports) == "sandbox"
    world.tree.unit("docs", environment="test")
    assert environment_of(request, world.ports) == "dev"


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EIGHT_HOURS = Lifetime(span=timedelta(hours=8))


@pytest.fixture
def connected(world):
    return lambda: open_deployment(DeploymentRequest(suffix="pr42"), world.ports, world.operator, start=False)


@pytest.fixture
def register(world, connected):
    """Registers the deployment as the tree is now; returns the record."""

    def make(units=("api", "docs", "kms", "vpc"), lifetime=None, now=NOW):
        connected().register(units=units, lifetime=lifetime, now=now)
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


def test_c4_the_last_run_is_recorded_and_an_up_keeps_it(world, connected, register):
    run = LastRun(id="r1", command="up", finished="now", exit_code=1)
    connected().record_run(run)
    assert world.bucket.registered == {}, "what is destroyed is not registered anew"
    register()
    connected().record_run(run)
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
def test_a2_when_a_registered_deployment_expires(world, connected, text, expected):
    record = RegisteredDeployment(suffix="pr42", environment="dev", created="now", expires=text)
    assert expiry(record) == expected
    world.bucket.registered["pr42"] = record
    for moment in (NOW - timedelta(seconds=1), NOW):
        assert connected().has_expired(moment) is (expected is not None and moment >= NOW)


def test_a_deployment_without_a_state_bucket_has_no_orphans(world, connected):
    world.put("old")
    assert connected().orphan_keys() == {"old": "pr42/dev/old/terraform.tfstate"}
    world.bucket.present = False
    assert connected().orphan_keys() == {}


def test_b15_the_platform_judges_a_deployment_beside_the_others_of_the_account(world, connected):
    world.register()
    world.register("pr43")
    connected().require_room(world.ports, ["kms"])
    world.bucket.present = False
    connected().require_room(world.ports, ["kms"])
    first, second = world.platform.applicants
    assert (first.suffix, first.selected, sorted(first.every)) == ("pr42", ["kms"], ["api", "docs", "kms", "vpc"])
    assert [[other.suffix for other in applicant.others] for applicant in (first, second)] == [["pr43"], []]


def test_a_deployment_names_its_place(connected):
    deployment = connected()
    assert deployment.place() == "the local cloud (account 123456789012)"
    aws = replace(deployment, request=DeploymentRequest(suffix="pr42", target=Target.AWS))
    assert aws.request.command("up") == "platformctl up --suffix pr42 --target aws"
