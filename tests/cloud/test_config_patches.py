"""Patches of AWS Config (B10, B15)."""

import pytest

RULE = {"Source": {"Owner": "AWS", "SourceIdentifier": "EIP_ATTACHED"}}
ROLE = "arn:aws:iam::123456789012:role/recorder"


@pytest.fixture
def config(client):
    return client("config")


def test_b15_an_account_has_room_for_the_rules_of_two_deployments(config, name):
    config.put_configuration_recorder(ConfigurationRecorder={"name": name, "roleARN": ROLE})
    names = [f"{name}-{number}" for number in range(184)]
    for rule in names:
        config.put_config_rule(ConfigRule={"ConfigRuleName": rule, **RULE})
    pages = config.get_paginator("describe_config_rules").paginate()
    assert set(names) <= {rule["ConfigRuleName"] for page in pages for rule in page["ConfigRules"]}
    for rule in names:
        config.delete_config_rule(ConfigRuleName=rule)
    config.delete_configuration_recorder(ConfigurationRecorderName=name)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, {"recordingFrequency": "CONTINUOUS"}),
        ({"recordingMode": {"recordingFrequency": "DAILY"}}, {"recordingFrequency": "DAILY"}),
    ],
)
def test_b10_a_recorder_says_how_often_it_records(config, name, stated, expected):
    recorder = {"name": name, "roleARN": ROLE, "recordingGroup": {"allSupported": True}}
    config.put_configuration_recorder(ConfigurationRecorder={**recorder, **stated})
    (found,) = config.describe_configuration_recorders(ConfigurationRecorderNames=[name])["ConfigurationRecorders"]
    assert found["recordingMode"] == expected
    config.delete_configuration_recorder(ConfigurationRecorderName=name)


def test_b10_a_rule_says_which_tag_it_is_scoped_to(config, name):
    config.put_configuration_recorder(ConfigurationRecorder={"name": name, "roleARN": ROLE})
    scope = {"TagKey": "Suffix", "TagValue": "pr42"}
    config.put_config_rule(ConfigRule={"ConfigRuleName": name, **RULE, "Scope": scope})
    (found,) = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    assert found["Scope"] == scope
    config.delete_config_rule(ConfigRuleName=name)
    config.delete_configuration_recorder(ConfigurationRecorderName=name)
