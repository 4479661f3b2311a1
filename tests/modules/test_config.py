"""modules/config: the rules of AWS Config as they are deployed, and what they ask for (B10, B11)."""

import json

import pytest

pytestmark = pytest.mark.slow

ACCOUNT = "123456789012"


def by_identifier(plan):
    found = plan.of_type("aws_config_config_rule", module="config").values()
    return {rule["source"][0]["source_identifier"]: rule for rule in found}


@pytest.fixture(scope="module")
def rules(example):
    return by_identifier(example("config"))


@pytest.fixture(scope="module")
def varied(variants):
    return by_identifier(variants)


def parameters(rule):
    return json.loads(rule["input_parameters"] or "{}")


def test_b11_rules_are_named_after_what_they_check_and_the_suffix(rules, varied):
    assert rules["INCOMING_SSH_DISABLED"]["name"] == "restricted-ssh-example"
    names = {rule["name"].removesuffix("-a2345678901234567-90") for rule in varied.values()}
    assert names <= {rule["name"].removesuffix("-example") for rule in rules.values()}


def test_b10_what_the_limits_of_the_service_allow(rules, varied):
    for rule in [*rules.values(), *varied.values()]:
        assert len(rule["description"]) <= 256
        assert len(rule["input_parameters"] or "") <= 1024
        assert max(len(value) for value in rule["tags"].values()) <= 256
        assert all(isinstance(value, str) and value.strip() for value in parameters(rule).values())


def test_b10_rules_ask_for_what_this_deployment_promises(rules):
    trail, services = (
        f"cloudtrail-{ACCOUNT}-example",
        "cloudtrail.amazonaws.com,config.amazonaws.com,logging.s3.amazonaws.com",
    )
    promised = {
        "CLOUDTRAIL_S3_DATAEVENTS_ENABLED": {"S3BucketNames": f"raw-data-{ACCOUNT}-example"},
        "CLOUD_TRAIL_ENABLED": {"s3BucketName": trail},
        "CW_LOGGROUP_RETENTION_PERIOD_CHECK": {"MinRetentionTime": "30"},
        "MULTI_REGION_CLOUD_TRAIL_ENABLED": {
            "includeManagementEvents": "true",
            "readWriteType": "ALL",
            "s3BucketName": trail,
        },
        "S3_BUCKET_POLICY_GRANTEE_CHECK": {"awsPrincipals": ACCOUNT, "servicePrincipals": services},
    }
    assert {identifier: parameters(rules[identifier]) for identifier in promised} == promised
    control = json.loads(parameters(rules["S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE"])["controlPolicy"])
    account, delivery = control["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert delivery["Principal"] == {"Service": services.split(",")}
    assert "s3:PutObject" in delivery["Action"]


def test_b10_the_deployment_has_the_last_word_on_parameters(varied):
    assert {identifier: parameters(varied[identifier]) for identifier in (
        "CLOUDWATCH_ALARM_ACTION_CHECK",
        "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
        "INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY",
    )} == {
        "CLOUDWATCH_ALARM_ACTION_CHECK": {
            "alarmActionRequired": "true",
            "insufficientDataActionRequired": "true",
            "okActionRequired": "true",
        },
        # 1096 days are promised; of the periods that the rule knows, 731 is the longest that is not longer.
        "CW_LOGGROUP_RETENTION_PERIOD_CHECK": {"MinRetentionTime": "731"},
        "INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY": {"AuthorizedVpcIds": "vpc-0123456789abcdef0"},
    }  # fmt: skip
    # Without a list of buckets the rule looks at all of them.
    assert varied["CLOUDTRAIL_S3_DATAEVENTS_ENABLED"]["input_parameters"] is None


def test_b10_a_disabled_rule_is_left_out_alone(rules, varied):
    assert set(rules) - set(varied) == {"API_GW_SSL_ENABLED"}
    assert set(varied) < set(rules)
