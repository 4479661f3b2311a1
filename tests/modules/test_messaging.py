"""modules/messaging: queues and topics, encrypted (B8) and logged (B7), who may send (B9), names (B11), destroyable (B12)."""

import json

import pytest

pytestmark = pytest.mark.slow

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
LOGS_KEY = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
TOPIC = 'module.messaging.aws_sns_topic.this["alerts"]'
DEAD_LETTER_RETENTION = 1209600
LONGEST_QUEUE_NAME = 80

QUEUES = ["analytics", "ingest"]


@pytest.fixture(scope="module")
def plan(example):
    return example("messaging")


def queue(planned, name):
    return planned.resources[f'module.messaging.aws_sqs_queue.this["{name}"]']


def dead_letter_queue(planned, name):
    return planned.resources[f'module.messaging.aws_sqs_queue.dead_letter["{name}"]']


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "messaging")


def test_b8_messages_are_encrypted_with_the_customer_managed_key(plan):
    holders = plan.of_type("aws_sqs_queue") | plan.of_type("aws_sns_topic")
    assert len(holders) == 6
    assert {values["kms_master_key_id"] for values in holders.values()} == {KEY}


@pytest.mark.parametrize("name", QUEUES)
def test_a_dead_letter_queue_serves_its_own_queue_only(plan, name):
    assert json.loads(dead_letter_queue(plan, name)["redrive_allow_policy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:us-east-1:123456789012:queue-{name}-example"],
    }


def test_no_queue_may_use_the_dead_letter_queue_of_the_functions(plan):
    assert json.loads(dead_letter_queue(plan, "functions")["redrive_allow_policy"]) == {"redrivePermission": "denyAll"}


def test_dead_letter_queues_keep_messages_longer_than_any_queue(plan, variants):
    for planned in (plan, variants):
        for address, values in planned.of_type("aws_sqs_queue", module="messaging").items():
            retention = values["message_retention_seconds"]
            if ".dead_letter[" in address:
                assert retention == DEAD_LETTER_RETENTION
            else:
                assert retention < DEAD_LETTER_RETENTION


def test_b4_every_queue_refuses_plain_http(plan):
    addresses = plan.of_type("aws_sqs_queue")
    assert len(addresses) == 5
    for address, values in addresses.items():
        statement = plan.policy(address)["DenyInsecureTransport"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"].endswith(f":{values['name']}")


@pytest.mark.parametrize("name", QUEUES)
def test_b9_only_buckets_of_this_deployment_may_send_to_a_queue(plan, name):
    statements = plan.policy(f'module.messaging.aws_sqs_queue.this["{name}"]')
    allowed = [statement for statement in statements.values() if statement["Effect"] == "Allow"]
    assert allowed == [
        {
            "Sid": "AllowBucketsToNotify",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": f"arn:aws:sqs:us-east-1:123456789012:queue-{name}-example",
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*-123456789012-example"},
                "StringEquals": {"aws:SourceAccount": "123456789012"},
            },
        }
    ]


@pytest.mark.parametrize("name", [*QUEUES, "functions"])
def test_b9_the_policy_of_a_dead_letter_queue_lets_nobody_in(plan, name):
    statements = plan.policy(f'module.messaging.aws_sqs_queue.dead_letter["{name}"]')
    assert {statement["Effect"] for statement in statements.values()} == {"Deny"}


def test_b9_a_queue_without_notifications_lets_no_service_in(variants):
    [address] = variants.of_type("aws_sqs_queue", module="messaging").keys() - {
        address for address in variants.of_type("aws_sqs_queue") if ".dead_letter[" in address
    }
    assert set(variants.policy(address)) == {"DenyInsecureTransport"}


def test_b9_a_topic_refuses_plain_http(plan):
    statement = plan.policy(TOPIC)["DenyInsecureTransport"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert {"sns:Publish", "sns:Subscribe"} <= set(statement["Action"])
    # SNS refuses a policy with wildcard actions, or with actions that do not work on a topic.
    assert not [action for action in statement["Action"] if "*" in action or action == "sns:CreateTopic"]


@pytest.mark.parametrize(
    ("sid", "service", "condition"),
    [
        (
            "AllowAlarms",
            "cloudwatch.amazonaws.com",
            {
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*-example"},
                "StringEquals": {"aws:SourceAccount": "123456789012"},
            },
        ),
        ("AllowConfig", "config.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        ("AllowEventBridge", "events.amazonaws.com", None),
    ],
)
def test_b9_publishers_may_publish_and_nothing_else(plan, sid, service, condition):
    statement = plan.policy(TOPIC)[sid]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
    assert statement["Principal"] == {"Service": service}
    assert statement["Resource"] == "arn:aws:sns:us-east-1:123456789012:topic-alerts-example"
    assert statement.get("Condition") == condition


def test_b9_a_topic_without_publishers_lets_no_service_in(variants):
    assert set(variants.policy('module.messaging.aws_sns_topic.this["quiet"]')) == {"DenyInsecureTransport"}


@pytest.mark.parametrize("protocol", ["application", "firehose", "http", "lambda", "sqs"])
def test_b7_every_delivery_is_logged(plan, protocol):
    topic = plan.resources[TOPIC]
    assert topic[f"{protocol}_success_feedback_sample_rate"] == 100
    # The role is known after the apply, so the plan does not hold it; null would be there.
    for outcome in ("failure", "success"):
        assert topic.get(f"{protocol}_{outcome}_feedback_role_arn", "unknown") == "unknown"


def test_b7_the_log_groups_of_deliveries_exist_beforehand_encrypted_and_for_30_days(plan):
    groups = plan.of_type("aws_cloudwatch_log_group").values()
    assert {group["name"] for group in groups} == {
        "sns/us-east-1/123456789012/topic-alerts-example",
        "sns/us-east-1/123456789012/topic-alerts-example/Failure",
    }
    assert {(group["retention_in_days"], group["kms_key_id"], group["skip_destroy"]) for group in groups} == {
        (30, LOGS_KEY, False)
    }


def test_b9_b12_the_delivery_role_writes_to_its_groups_and_cannot_bring_them_back(plan):
    group = "arn:aws:logs:us-east-1:123456789012:log-group:sns/us-east-1/123456789012/topic-alerts-example"
    statements = plan.policy("module.messaging.aws_iam_policy.delivery_status[0]")
    assert set(statements) == {"AllowDelivery"}
    assert set(statements["AllowDelivery"]["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert set(statements["AllowDelivery"]["Resource"]) == {f"{group}:*", f"{group}/Failure:*"}


def test_b9_only_sns_takes_the_delivery_role(plan):
    trust = plan.policy("module.messaging.aws_iam_role.delivery_status[0]", "assume_role_policy")
    assert [statement["Principal"] for statement in trust.values()] == [{"Service": "sns.amazonaws.com"}]


def test_b11_names_end_in_the_suffix_and_fit(plan, variants):
    for planned, suffix in ((plan, "-example"), (variants, "-a2345678901234567-90")):
        queues = planned.of_type("aws_sqs_queue", module="messaging").values()
        topics = planned.of_type("aws_sns_topic", module="messaging").values()
        assert all(values["name"].endswith(suffix) for values in [*queues, *topics])
        assert all(values["name"].startswith("queue-") for values in queues)
        assert max(len(values["name"]) for values in queues) <= LONGEST_QUEUE_NAME


def test_without_topics_there_is_no_role_for_their_logs(variants):
    prefix = "module.messaging_without_topics."
    assert {variants.types[address] for address in variants.resources if address.startswith(prefix)} == {
        "aws_sqs_queue"
    }


def test_settings_reach_the_queues_and_topics(variants):
    values = queue(variants, "the-longest-name-that-a-queue-may-have-1")
    assert values["visibility_timeout_seconds"] == 43200
    assert values["message_retention_seconds"] == 1123200
    assert values["tags"]["Description"] == "Böden + more: a@b"
    assert set(dead_letter_queue(variants, "the-longest-name-that-a-queue-may-have-1")["tags"]) == {"Name", "Team"}
    assert variants.resources['module.messaging.aws_sns_topic.this["mails"]']["display_name"] == "Mails_of - alarms"
    subscriptions = variants.of_type("aws_sns_topic_subscription", module="messaging").values()
    assert {(values["protocol"], values["endpoint"]) for values in subscriptions} == {
        ("email", "anna@example.com"),
        ("email", "ben+alerts@example.co.uk"),
    }
    groups = variants.of_type("aws_cloudwatch_log_group", module="messaging").values()
    assert {group["retention_in_days"] for group in groups} == {365}
    [role] = variants.of_type("aws_iam_role", module="messaging").values()
    assert role["permissions_boundary"] == "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    assert set(variants.of_type("aws_iam_role_policy_attachment", module="messaging")) == {
        'module.messaging.aws_iam_role_policy_attachment.delivery_status["delivery-status"]',
        'module.messaging.aws_iam_role_policy_attachment.delivery_status["region-guardrail"]',
    }
