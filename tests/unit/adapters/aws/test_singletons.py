"""B15: what there is once per account is found before anything is applied, and who holds it."""

import pytest
from botocore.exceptions import ClientError
from orchestrator.adapters.aws.singletons import AccountSettings, account_settings, conflicts, overlapping_suffixes

from orchestrator.errors import PlatformctlError

ROLE = "arn:aws:iam::123456789012:role/iam-role-api-gateway-pr7"
PR7 = AccountSettings(
    recorder="config-recorder-pr7",
    delivery_channel="config-delivery-channel-pr7",
    api_role=ROLE,
    monitoring_group="pr7",
)


ALL = ("api-logs", "config", "database-monitoring")


class Client:
    """Answers each operation from a table."""

    def __init__(self, answers):
        self.answers = answers

    def __getattr__(self, operation):
        def call(**arguments):
            answer = self.answers[operation]
            return answer(**arguments) if callable(answer) else answer

        return call


def _factory(**changes):
    answers = {
        "describe_configuration_recorders": {"ConfigurationRecorders": []},
        "describe_delivery_channels": {"DeliveryChannels": []},
        "get_account": {"throttleSettings": {}},
        "describe_log_groups": {"logGroups": []},
    }
    return lambda _service: Client(answers | changes)


def test_a_fresh_account_has_none():
    settings = account_settings(_factory())
    assert settings == AccountSettings()
    assert conflicts(settings, "pr7", owned=ALL, used=ALL) == ({}, {})


def test_what_there_is_is_read():
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:RDSOSMetrics"
    settings = account_settings(
        _factory(
            describe_configuration_recorders={
                "ConfigurationRecorders": [
                    {"name": "AWSConfigurationRecorderForX", "servicePrincipal": "x.amazonaws.com"},
                    {"name": "config-recorder-pr7"},
                ]
            },
            describe_delivery_channels={"DeliveryChannels": [{"name": "config-delivery-channel-pr7"}]},
            get_account={"cloudwatchRoleArn": ROLE},
            describe_log_groups=lambda logGroupNamePrefix: {  # noqa: N803 - boto3's spelling
                "logGroups": [
                    {"logGroupName": f"{logGroupNamePrefix}2", "arn": "arn:of-no-interest:*"},
                    {"logGroupName": logGroupNamePrefix, "arn": f"{arn}:*"},
                ]
            },
            list_tags_for_resource=lambda resourceArn: {"tags": {"Suffix": "pr7"} if resourceArn == arn else {}},  # noqa: N803 - as above
        )
    )
    assert settings == PR7


def test_its_own_settings_are_no_clash():
    assert conflicts(PR7, "pr7", owned=ALL, used=ALL) == ({}, {})


@pytest.mark.parametrize("suffix", ["r7", "pr42"])
def test_settings_of_others_are_told_in_a_sentence_each(suffix):
    taken, missing = conflicts(PR7, suffix, owned=ALL, used=ALL)
    assert taken == {
        "api-logs": 'The role with which API Gateway writes logs is "iam-role-api-gateway-pr7", and the account has one only.',
        "config": 'The AWS Config recorder is "config-recorder-pr7", and the account has one only.',
        "database-monitoring": 'The log group RDSOSMetrics of RDS\'s enhanced monitoring exists and belongs to deployment "pr7".',
    }
    assert missing == {}


def test_what_is_left_to_others_is_no_clash():
    assert conflicts(PR7, "pr42", owned=(), used=ALL) == ({}, {})
    assert list(conflicts(PR7, "pr42", owned=("config",), used=ALL)[0]) == ["config"]
    assert conflicts(PR7, "pr42", owned=ALL, used=()) == ({}, {})


def test_what_is_left_to_others_must_be_there():
    taken, missing = conflicts(AccountSettings(), "pr42", owned=("database-monitoring",), used=ALL)
    assert taken == {}
    assert missing == {
        "api-logs": "The account has no role with which API Gateway writes logs, and takes no stage with logs without one.",
        "config": "The account has no AWS Config recorder, and takes no rules without one.",
    }
    assert conflicts(AccountSettings(), "pr42", owned=(), used=("database-monitoring",)) == ({}, {})


def test_what_somebody_made_by_hand_is_a_clash_too():
    settings = AccountSettings(recorder="default", monitoring_group="")
    assert conflicts(settings, "pr7", owned=ALL, used=ALL)[0] == {
        "config": 'The AWS Config recorder is "default", and the account has one only.',
        "database-monitoring": "The log group RDSOSMetrics of RDS's enhanced monitoring exists and belongs to no deployment.",
    }


def test_no_answer_is_an_error():
    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetAccount")

    with pytest.raises(PlatformctlError, match="Asking AWS for the settings that an account has once failed"):
        account_settings(_factory(get_account=refuse))


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
