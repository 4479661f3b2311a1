"""Opening deployments: what is refused, and which environment a suffix belongs to (A4, B14, B15, C7, C8)."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.state_bucket import Deployment as Registered
from orchestrator.cli import deployment as module
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import ACCOUNT_SETTINGS, Target
from orchestrator.cli.result import print_deployment, read_outputs
from orchestrator.engine.environments import Lifetime
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl.values import Sensitive
from tests.fakes.states import FakeStates

ACCOUNT = "123456789012"


class FakeBucket:
    """The register, in memory."""

    registered: dict = {}  # noqa: RUF012 - reset by the fixture
    objects: tuple = ()

    def __init__(self, session, name):
        self.name = name

    def exists(self):
        return True

    def deployment(self, suffix):
        return self.registered.get(suffix)

    def update(self, suffix, change):
        known = self.registered.get(suffix)
        wanted = change(known)
        if wanted is not None and wanted != known:
            self.registered[suffix] = wanted

    def keys(self, prefix=""):
        return tuple(key for key in self.objects if key.startswith(prefix))


@pytest.fixture
def aws(platformctl, monkeypatch):
    """An account to log in to, with an empty register."""
    session = CloudSession(environ={}, endpoint=None, account_id=ACCOUNT, _session=None)
    monkeypatch.setattr(module, "aws_session", lambda _environ: session)
    monkeypatch.setattr(module, "deploying_principal", lambda _session: f"arn:aws:iam::{ACCOUNT}:role/who-deploys")
    monkeypatch.setattr(module, "StateBucket", FakeBucket)
    monkeypatch.setattr(FakeBucket, "registered", {})
    monkeypatch.setattr(FakeBucket, "objects", ())
    platformctl.tree.standard(environment="prod")

    def register(environment, account_settings=ACCOUNT_SETTINGS):
        FakeBucket.registered["pr42"] = Registered(
            suffix="pr42", environment=environment, created="now", account_settings=account_settings
        )

    return register


def opened(**settings):
    defaults = {"suffix": "pr42", "target": Target.AWS, "environment": None}
    return open_deployment(request(**(defaults | settings)), start=False)


def test_the_environment_is_dev_where_nothing_else_is_said(aws):
    assert opened().stack.environment == "dev"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_a_suffix_keeps_the_environment_that_it_was_made_of(aws):
    aws("prod")
    assert opened().stack.environment == "prod"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_another_environment_does_not_take_a_suffix_over(aws):
    aws("prod")
    with pytest.raises(UsageError) as caught:
        opened(environment="dev")
    error = caught.value
    assert (error.summary, error.detail, error.hint) == (
        "The suffix belongs to another environment",
        '"pr42" on AWS was made of environment prod, not dev.',
        "Pass --env prod, or choose another suffix.",
    )


def owns(deployment):
    return deployment.stack.units["docs"].evaluate({}).inputs["settings"]


ALL = "api-logs,config,database-monitoring"


@pytest.mark.parametrize(
    ("registered", "asked", "expected"),
    [
        (None, None, ALL),
        (None, "none", ""),
        (None, "config, api-logs", "api-logs,config"),
        ((), None, ""),
        (("config",), None, "config"),
        (("config",), "all", ALL),
    ],
)
def test_b15_what_a_deployment_owns_of_the_account_is_remembered_until_it_is_said_anew(
    aws, platformctl, registered, asked, expected
):
    platformctl.tree.unit("docs", 'inputs = {\n  settings = get_env("PLATFORM_ACCOUNT_SETTINGS")\n}\n')
    if registered is not None:
        aws("dev", account_settings=registered)
    deployment = opened(account_settings=asked)
    assert owns(deployment) == expected
    deployment.register()
    assert ",".join(FakeBucket.registered["pr42"].account_settings) == expected
    assert owns(opened()) == expected


def test_b9_who_deploys_first_may_log_in_to_the_database_unless_others_are_named(aws, platformctl, monkeypatch):
    platformctl.tree.unit("docs", 'inputs = {\n  settings = get_env("PLATFORM_DATABASE_PRINCIPALS")\n}\n')
    first = opened()
    assert owns(first) == f"arn:aws:iam::{ACCOUNT}:role/who-deploys"
    first.register()

    # Somebody else deploys: what was registered holds, or every deployer would take the right from the one before.
    monkeypatch.setattr(module, "deploying_principal", lambda _session: f"arn:aws:iam::{ACCOUNT}:role/another")
    assert owns(opened()) == f"arn:aws:iam::{ACCOUNT}:role/who-deploys"

    named = f"arn:aws:iam::{ACCOUNT}:role/analysts,arn:aws:iam::{ACCOUNT}:user/anna"
    monkeypatch.setenv("PLATFORM_DATABASE_PRINCIPALS", named.replace(",", " , "))
    second = opened()
    assert owns(second) == named
    second.register()
    monkeypatch.delenv("PLATFORM_DATABASE_PRINCIPALS")
    assert owns(opened()) == named


def test_c7_an_unknown_account_setting_is_refused(aws):
    with pytest.raises(UsageError) as caught:
        opened(account_settings="config,guardduty")
    assert (caught.value.detail, caught.value.hint) == (
        "--account-settings 'config,guardduty': there is no \"guardduty\".",
        "Say all, none, or a list of api-logs, config, database-monitoring.",
    )


def test_the_live_tree_is_evaluated_with_the_account_that_is_logged_in(aws, platformctl):
    platformctl.tree.unit("docs", 'inputs = {\n  account = get_env("PLATFORM_ACCOUNT_ID")\n}\n')
    assert opened().stack.units["docs"].evaluate({}).inputs == {"account": ACCOUNT}


def test_c7_states_in_several_buckets_are_refused(aws, platformctl):
    platformctl.tree.unit(
        "docs", 'remote_state {\n  backend = "s3"\n  config = {\n    bucket = "others"\n    key = "k"\n  }\n}\n'
    )
    with pytest.raises(UsageError) as caught:
        opened()
    assert caught.value.detail == "The units of dev name 2 buckets: others, states."


@pytest.mark.parametrize(
    ("target", "variable", "shared"),
    [(Target.AWS, "", False), (Target.AWS, "shared", True), (Target.AWS, "launch", False)],
)
def test_a4_on_aws_every_command_has_a_provider_of_its_own_unless_asked(
    aws, platformctl, monkeypatch, target, variable, shared
):
    lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    platformctl.tree.write({"live/.terraform.lock.hcl": lock})
    monkeypatch.setenv("PLATFORMCTL_PROVIDER", variable)
    with opened(target=target).providers() as providers:
        assert (providers is not None) is shared


def test_c7_an_unknown_provider_mode(aws, monkeypatch):
    monkeypatch.setenv("PLATFORMCTL_PROVIDER", "both")
    with pytest.raises(UsageError) as caught, opened().providers():
        pytest.fail("an unknown mode was taken")
    assert caught.value.hint == 'Set it to "shared" or "launch", or unset it.'


def test_b15_a_deployment_is_registered_once(aws):
    deployment = opened()
    deployment.register()
    first = FakeBucket.registered["pr42"]
    opened().register()
    assert FakeBucket.registered["pr42"] is first
    assert (first.environment, first.created[-6:]) == ("dev", "+00:00")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((Lifetime(span=timedelta(hours=8)),), True),
        # Another up says nothing about it: it lives as long as it was given.
        ((Lifetime(span=timedelta(hours=8)), None), True),
        ((Lifetime(span=timedelta(hours=8)), Lifetime(span=None)), False),
        ((None,), False),
    ],
)
def test_a2_a_time_to_live_is_kept_until_it_is_said_anew(aws, said, expected):
    for lifetime in said:
        before = datetime.now(UTC).replace(microsecond=0)
        opened().register(lifetime=lifetime)
        if lifetime is not None and lifetime.span is not None:
            first, end = before + lifetime.span, datetime.now(UTC) + lifetime.span
            assert first <= datetime.fromisoformat(FakeBucket.registered["pr42"].expires) <= end
    assert (FakeBucket.registered["pr42"].expires is not None) is expected


def test_a2_the_register_knows_the_units_that_were_applied_and_what_they_stood_on(aws, platformctl, monkeypatch):
    opened().register(units=["kms", "vpc"])
    assert FakeBucket.registered["pr42"].units == {"kms": (), "vpc": ("kms",)}
    # vpc is renamed, and has a state: it still has to be destroyed before kms.
    monkeypatch.setattr(FakeBucket, "objects", ("pr42/dev/kms/terraform.tfstate", "pr42/dev/vpc/terraform.tfstate"))
    shutil.rmtree(platformctl.tree.root / "live/dev/api")
    (platformctl.tree.root / "live/dev/vpc").rename(platformctl.tree.root / "live/dev/net")
    opened().register()
    assert FakeBucket.registered["pr42"].units == {"docs": (), "kms": (), "net": ("kms",), "vpc": ("kms",)}
    monkeypatch.setattr(FakeBucket, "objects", ("pr42/dev/kms/terraform.tfstate",))
    opened().register()
    assert FakeBucket.registered["pr42"].units == {"docs": (), "kms": (), "net": ("kms",)}


def test_c4_the_last_run_is_noted_and_an_up_keeps_it(aws):
    deployment = opened()
    deployment.note_run(run="r0", command="destroy", exit_code=0)
    assert FakeBucket.registered == {}, "what is destroyed is not registered anew"
    deployment.register()
    deployment.note_run(run="r1", command="up", exit_code=1)
    deployment.register()
    noted = FakeBucket.registered["pr42"].last_run
    assert (noted.id, noted.command, noted.exit_code, noted.finished[-6:]) == ("r1", "up", 1, "+00:00")


def test_c5_a_register_that_cannot_be_reached_does_not_hide_how_the_run_ended(aws, monkeypatch, capsys):
    def fail(_self, _suffix, _change):
        raise PlatformctlError("Reading the register of pr42 failed", detail="No network.")

    deployment = opened()
    monkeypatch.setattr(FakeBucket, "update", fail)
    deployment.note_run(run="r1", command="up", exit_code=1)
    assert capsys.readouterr().err == (
        "platformctl list will not know of this run: Reading the register of pr42 failed. No network.\n"
    )


@pytest.fixture
def applied(aws):
    states = FakeStates()
    states.put("kms", {"key_arn": "arn:1", "password": Sensitive("hunter2")})
    states.put("vpc", {"vpc_id": "vpc-1", "bucket_names": {"raw": "raw-pr42", "archive": "archive-pr42"}})
    deployment = opened()
    deployment.outputs.states = states
    return deployment


def test_c8_secret_outputs_are_left_out_unless_asked_for(applied):
    assert read_outputs(applied) == {
        "kms": {"key_arn": "arn:1"},
        "vpc": {"bucket_names": {"archive": "archive-pr42", "raw": "raw-pr42"}, "vpc_id": "vpc-1"},
    }
    assert read_outputs(applied, reveal=True)["kms"] == {"key_arn": "arn:1", "password": "hunter2"}


def test_b14_what_users_look_for_is_printed_first_of_all(applied, capsys):
    print_deployment(applied)
    assert capsys.readouterr().out == "VPC      vpc-1\nBuckets  archive-pr42\n         raw-pr42\n"
