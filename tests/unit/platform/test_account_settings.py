"""Two deployments never both own what an account has once; a clash is found before anything is applied (B15)."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from orchestrator.commands.ports import Applicant, RegisteredDeployment
from orchestrator.errors import UsageError
from orchestrator.platform.account_settings import (
    ACCOUNT_SETTINGS,
    AccountState,
    conflicts,
    overlapping_suffixes,
    parse_account_settings,
    read_account,
    require_room,
)

UNITS = ("apigw", "aurora", "config", "kms")
ROLE = "arn:aws:iam::123456789012:role/iam-role-apigw-a"
THEIRS = AccountState(
    recorder="config-recorder-a", delivery_channel="config-delivery-channel-a", api_role=ROLE, monitoring_group="a"
)
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:RDSOSMetrics"
NO_ROLE = "The account has no role with which API Gateway writes logs, and takes no stage with logs without one."
NO_RECORDER = "The account has no AWS Config recorder, and takes no rules without one."


class AwsClient:
    """Answers each operation from a table."""

    def __init__(self, answers):
        self.answers = answers

    def __getattr__(self, operation):
        def call(**arguments):
            answer = self.answers[operation]
            return answer(**arguments) if callable(answer) else answer

        return call


def holding(state, **changes):
    """A client factory for an account in this state."""
    answers = {
        "describe_configuration_recorders": {
            "ConfigurationRecorders": [
                # One that another AWS service made for itself stands beside the account's own.
                {"name": "AWSConfigurationRecorderForX", "servicePrincipal": "x.amazonaws.com"},
                *([{"name": state.recorder}] if state.recorder else []),
            ]
        },
        "describe_delivery_channels": {
            "DeliveryChannels": [{"name": state.delivery_channel}] if state.delivery_channel else []
        },
        "get_account": {"cloudwatchRoleArn": state.api_role} if state.api_role else {"throttleSettings": {}},
        "describe_log_groups": lambda logGroupNamePrefix: {  # noqa: N803 - boto3's spelling
            "logGroups": [
                {"logGroupName": f"{logGroupNamePrefix}2", "arn": "arn:of-no-interest:*"},
                *(
                    [{"logGroupName": logGroupNamePrefix, "arn": f"{GROUP}:*"}]
                    if state.monitoring_group is not None
                    else []
                ),
            ]
        },
        "list_tags_for_resource": lambda resourceArn: {  # noqa: N803 - as above
            "tags": {"Suffix": state.monitoring_group} if resourceArn == GROUP and state.monitoring_group else {}
        },
    }
    return lambda _service: AwsClient(answers | changes)


def applicant(*, state=None, owned=ACCOUNT_SETTINGS, others=None, suffix="b", every=UNITS, selected=UNITS):
    return Applicant(
        suffix=suffix,
        settings={"account_settings": owned},
        account=SimpleNamespace(client=holding(state or AccountState())),
        every=every,
        selected=selected,
        others=[
            RegisteredDeployment(suffix=name, environment="dev", created="now", settings={"account_settings": claims})
            for name, claims in (others or {}).items()
        ],
    )


@pytest.mark.parametrize("state", [AccountState(), THEIRS, AccountState(recorder="default", monitoring_group="")])
def test_what_there_is_is_read(state):
    assert read_account(holding(state)) == state


def test_no_answer_is_an_error(refused):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetAccount")

    error = refused(read_account, holding(AccountState(), get_account=refuse))
    assert error.summary == "Asking AWS for the settings that an account has once failed"


@pytest.mark.parametrize(
    "settings",
    [
        # The first deployment of an account owns everything.
        {},
        {"suffix": "a", "state": THEIRS},
        # A second one leaves it alone.
        {"state": THEIRS, "owned": (), "others": {"a": ACCOUNT_SETTINGS}},
        {"state": AccountState(recorder="default"), "owned": ("api-logs", "database-monitoring")},
        # What is not used need not be there, and is not asked for.
        {"owned": (), "selected": ("kms",)},
        {"state": THEIRS, "others": {"a": ACCOUNT_SETTINGS}, "every": ("vpc",), "selected": ("vpc",)},
    ],
)
def test_b15_there_is_room(settings):
    require_room(applicant(**settings))


@pytest.mark.parametrize(
    ("settings", "detail", "hint"),
    [
        (
            {"state": THEIRS},
            (
                'The role with which API Gateway writes logs is "iam-role-apigw-a", and the account has one only. '
                'The AWS Config recorder is "config-recorder-a", and the account has one only. '
                'The log group RDSOSMetrics of RDS\'s enhanced monitoring exists and belongs to deployment "a".'
            ),
            "none",
        ),
        # A recorder that somebody made by hand leaves the rest to own.
        (
            {"state": AccountState(recorder="default")},
            'The AWS Config recorder is "default", and the account has one only.',
            "api-logs,database-monitoring",
        ),
        # A deployment that is being applied counts before AWS knows of it.
        (
            {"others": {"a": ("config",)}, "selected": ("kms",)},
            'Deployment "a" owns the AWS Config recorder and its delivery channel.',
            "api-logs,database-monitoring",
        ),
    ],
)
def test_b15_a_second_owner_is_told_who_holds_what_and_what_to_say(refused, settings, detail, hint):
    error = refused(require_room, applicant(**settings), error=UsageError)
    assert error.summary == "Settings of the account belong to somebody else"
    assert (error.detail, error.hint) == (detail, f"Leave them alone: --account-settings {hint}")


def test_b15_what_is_left_to_others_must_be_there(refused):
    error = refused(require_room, applicant(owned=("database-monitoring",)), error=UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "Settings that the account needs belong to nobody",
        f"{NO_ROLE} {NO_RECORDER}",
        "Let this deployment own them: --account-settings api-logs,config,database-monitoring",
    )


@pytest.mark.parametrize(("suffix", "other"), [("b", "a-b"), ("a-b", "b")])
def test_b15_suffixes_that_end_alike_do_not_share_an_account(refused, suffix, other):
    error = refused(require_room, applicant(suffix=suffix, owned=(), others={other: ()}, selected=("kms",)))
    assert error.summary == "The suffix overlaps another deployment's"
    assert f'"{suffix}" and "{other}" end alike' in error.detail


@pytest.mark.parametrize(
    ("suffix", "others", "expected"),
    [
        ("b", ["a-b", "ab", "b", "b-a"], ["a-b"]),
        ("a-b", ["b", "a", "x-a-b"], ["b", "x-a-b"]),
        ("pr42", ["pr4", "pr421", "r42"], []),
    ],
)
def test_suffixes_whose_names_end_alike_are_found(suffix, others, expected):
    assert overlapping_suffixes(suffix, others) == expected


@pytest.mark.parametrize(
    ("state", "suffix", "owned", "used", "taken", "missing"),
    [
        (AccountState(), "a", ACCOUNT_SETTINGS, ACCOUNT_SETTINGS, [], []),
        (THEIRS, "a", ACCOUNT_SETTINGS, ACCOUNT_SETTINGS, [], []),
        (THEIRS, "pr42", ACCOUNT_SETTINGS, ACCOUNT_SETTINGS, ["api-logs", "config", "database-monitoring"], []),
        (THEIRS, "pr42", (), ACCOUNT_SETTINGS, [], []),
        (THEIRS, "pr42", ("config",), ACCOUNT_SETTINGS, ["config"], []),
        (THEIRS, "pr42", ACCOUNT_SETTINGS, (), [], []),
        (AccountState(), "pr42", ("database-monitoring",), ACCOUNT_SETTINGS, [], ["api-logs", "config"]),
        (AccountState(), "pr42", (), ("database-monitoring",), [], []),
    ],
)
def test_only_what_is_used_clashes_or_is_missing(state, suffix, owned, used, taken, missing):
    found = conflicts(state, suffix, owned=owned, used=used)
    assert [sorted(part) for part in found] == [taken, missing]


def test_what_nobody_has_registered_belongs_to_no_deployment():
    taken, _ = conflicts(AccountState(monitoring_group=""), "a", owned=ACCOUNT_SETTINGS, used=ACCOUNT_SETTINGS)
    assert taken["database-monitoring"].endswith("exists and belongs to no deployment.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("all", ACCOUNT_SETTINGS), ("none", ()), ("config", ("config",)), ("config, api-logs", ("api-logs", "config"))],
)
def test_b15_a_list_of_settings(text, expected):
    assert parse_account_settings(text) == expected


def test_c7_an_unknown_setting_is_refused(refused):
    error = refused(parse_account_settings, "config,guardduty", error=UsageError)
    assert (error.detail, error.hint) == (
        "--account-settings 'config,guardduty': there is no \"guardduty\".",
        "Say all, none, or a list of api-logs, config, database-monitoring.",
    )
