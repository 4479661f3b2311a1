"""Two deployments never both own what an account has once; a clash is found before anything is applied (B15)."""

from types import SimpleNamespace

import pytest

from orchestrator.adapters.aws.singletons import AccountSettings
from orchestrator.adapters.aws.state_bucket import Deployment as Registered
from orchestrator.cli import account_settings as module
from orchestrator.cli.account_settings import require_room
from orchestrator.cli.options import ACCOUNT_SETTINGS
from orchestrator.errors import UsageError

UNITS = ("apigw", "aurora", "config", "kms")
THEIRS = AccountSettings(
    recorder="config-recorder-a",
    delivery_channel="config-delivery-channel-a",
    api_role="arn:aws:iam::123456789012:role/iam-role-apigw-a",
    monitoring_group="a",
)


@pytest.fixture
def account(monkeypatch):
    """A function that says what the account has."""

    def has(settings):
        monkeypatch.setattr(module, "account_settings", lambda _client: settings)

    has(AccountSettings())
    return has


def deployment(*, owned=ACCOUNT_SETTINGS, others=None, suffix="b", units=UNITS):
    registered = [
        Registered(suffix=name, environment="dev", created="now", account_settings=claims)
        for name, claims in (others or {}).items()
    ]
    bucket = SimpleNamespace(exists=lambda: others is not None, deployments=lambda: registered)
    return SimpleNamespace(
        asked=SimpleNamespace(suffix=suffix),
        account_settings=owned,
        stack=SimpleNamespace(units=dict.fromkeys(units)),
        bucket=bucket,
        session=SimpleNamespace(client=None),
    )


def refused(*arguments):
    with pytest.raises(UsageError) as caught:
        require_room(*arguments)
    return caught.value.summary, caught.value.detail, caught.value.hint


def test_b15_the_first_deployment_of_an_account_owns_everything(account):
    require_room(deployment(), UNITS)
    account(THEIRS)
    require_room(deployment(suffix="a", others={"a": ACCOUNT_SETTINGS}), UNITS)


def test_b15_a_second_owner_is_told_who_holds_what_and_what_to_say(account):
    account(THEIRS)
    assert refused(deployment(), UNITS) == (
        "Settings of the account belong to somebody else",
        (
            'The role with which API Gateway writes logs is "iam-role-apigw-a", and the account has one only. '
            'The AWS Config recorder is "config-recorder-a", and the account has one only. '
            'The log group RDSOSMetrics of RDS\'s enhanced monitoring exists and belongs to deployment "a".'
        ),
        "Leave them alone: --account-settings none",
    )


def test_b15_a_recorder_that_somebody_made_by_hand_leaves_the_rest_to_own(account):
    account(AccountSettings(recorder="default"))
    _, detail, hint = refused(deployment(), UNITS)
    assert detail == 'The AWS Config recorder is "default", and the account has one only.'
    assert hint == "Leave them alone: --account-settings api-logs,database-monitoring"
    require_room(deployment(owned=("api-logs", "database-monitoring")), UNITS)


def test_b15_a_deployment_that_is_being_applied_counts_before_aws_knows_of_it(account):
    _, detail, hint = refused(deployment(others={"a": ("config",)}), ("kms",))
    assert detail == 'Deployment "a" owns the AWS Config recorder and its delivery channel.'
    assert hint == "Leave them alone: --account-settings api-logs,database-monitoring"


def test_b15_a_second_deployment_that_leaves_them_alone_has_room(account):
    account(THEIRS)
    require_room(deployment(owned=(), others={"a": ACCOUNT_SETTINGS, "b": ()}), UNITS)


def test_b15_what_is_left_to_others_must_be_there(account):
    assert refused(deployment(owned=("database-monitoring",)), UNITS) == (
        "Settings that the account needs belong to nobody",
        (
            "The account has no role with which API Gateway writes logs, and takes no stage with logs without one. "
            "The account has no AWS Config recorder, and takes no rules without one."
        ),
        "Let this deployment own them: --account-settings api-logs,config,database-monitoring",
    )
    require_room(deployment(owned=()), ("kms",))


def test_a_live_tree_without_these_units_is_not_asked(account):
    account(THEIRS)
    require_room(deployment(others={"a": ACCOUNT_SETTINGS}, units=("vpc",)), ("vpc",))


@pytest.mark.parametrize(("suffix", "other"), [("b", "a-b"), ("a-b", "b")])
def test_b15_suffixes_that_end_alike_do_not_share_an_account(account, suffix, other):
    summary, detail, _ = refused(deployment(suffix=suffix, owned=(), others={other: ()}), ("kms",))
    assert summary == "The suffix overlaps another deployment's"
    assert suffix in detail
    assert other in detail
