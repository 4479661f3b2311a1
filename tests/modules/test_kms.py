"""modules/kms: keys (B8), names (B11), destroyable (B12)."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(example):
    return example("kms")


def key(purpose):
    return f'module.kms.aws_kms_key.this["{purpose}"]'


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "kms")


def test_b8_every_key_is_rotated_every_year(plan):
    keys = plan.of_type("aws_kms_key")
    assert {address.split('"')[1] for address in keys} == {"database", "dynamodb", "lambda", "logs", "messaging", "s3"}
    assert {(k["enable_key_rotation"], k["rotation_period_in_days"]) for k in keys.values()} == {(True, 365)}


def test_b11_every_alias_ends_in_the_suffix(plan):
    assert all(alias["name"].endswith("-example") for alias in plan.of_type("aws_kms_alias").values())


def test_b12_no_key_outlives_the_shortest_deletion_window(plan):
    assert {k["deletion_window_in_days"] for k in plan.of_type("aws_kms_key").values()} == {7}


@pytest.mark.parametrize("purpose", ["database", "dynamodb", "lambda", "logs", "messaging", "s3"])
def test_b8_the_account_administers_every_key(plan, purpose):
    statement = plan.policy(key(purpose))["AllowAccountAdministration"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert statement["Action"] == "kms:*"


@pytest.mark.parametrize(
    ("purpose", "services"),
    [
        ("database", set()),
        ("dynamodb", set()),
        ("lambda", set()),
        ("logs", {"logs.us-east-1.amazonaws.com"}),
        ("messaging", {"cloudwatch.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com"}),
        ("s3", {"cloudtrail.amazonaws.com", "config.amazonaws.com"}),
    ],
)
def test_b8_only_services_that_act_on_their_own_may_use_a_key(plan, purpose, services):
    principals = [statement["Principal"] for statement in plan.policy(key(purpose)).values()]
    assert {principal["Service"] for principal in principals if "Service" in principal} == services


def test_b8_every_service_is_bound_to_this_account(plan):
    for address in plan.of_type("aws_kms_key"):
        for sid, statement in plan.policy(address).items():
            if "Service" in statement["Principal"]:
                assert "123456789012" in str(statement["Condition"]), f"{address}: {sid}"


def test_b7_cloudwatch_logs_may_encrypt_log_groups_of_this_account_only(plan):
    statement = plan.policy(key("logs"))["AllowCloudWatchLogs"]
    assert statement["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:*"}
    }


def test_b10_cloudtrail_may_only_encrypt_and_only_for_trails_of_this_deployment(plan):
    statement = plan.policy(key("s3"))["AllowCloudTrailDelivery"]
    assert statement["Action"] == "kms:GenerateDataKey*"
    assert statement["Condition"]["ArnLike"] == {
        "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/*-example",
        "kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:123456789012:trail/*",
    }


def test_b10_cloudtrail_may_look_at_the_key_when_a_trail_of_this_deployment_is_made(plan):
    statement = plan.policy(key("s3"))["AllowCloudTrailSetup"]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:DescribeKey"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/*-example"}
    }


def test_b10_config_may_encrypt_and_decrypt_for_this_account(plan):
    statement = plan.policy(key("s3"))["AllowConfigDelivery"]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize("sid", ["AllowCloudWatchAlarmsToPublish", "AllowEventBridgeToPublish"])
def test_b7_publishers_may_use_the_key_for_topics_of_this_deployment_only(plan, sid):
    statement = plan.policy(key("messaging"))[sid]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert statement["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:123456789012:*-example"}
    }


def test_b5_buckets_may_notify_encrypted_queues_of_this_deployment_only(plan):
    statement = plan.policy(key("messaging"))["AllowS3ToNotifyQueues"]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:us-east-1:123456789012:*-example"}
    }


def test_one_key_can_carry_every_grant(variants):
    statements = variants.policy('module.kms.aws_kms_key.this["everything"]')
    assert len(statements) == 8
    assert variants.of_type("aws_kms_key", module="kms").popitem()[1]["rotation_period_in_days"] == 90
