"""EventBridge: rules with patterns and schedules call their targets."""

import base64
import json
import threading
import time
from datetime import UTC, datetime

import pytest
from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends

from orchestrator.local_cloud.events.scheduler import Scheduler
from orchestrator.local_cloud.events.targets import fire, scheduled_rules
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.patches import apply_patches
from tests.cloud.helpers import HERE, TRUST, document, statement
from tests.eventually import eventually

EVENTS = "events.amazonaws.com"
# For queues that accept the events of this test's rules.
OPEN = {"service": EVENTS, "condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/test-*"}}}
OTHER = {"service": EVENTS, "condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/other"}}}


def allowing(action, resource, **condition):
    return document(statement(action, resource, service=EVENTS, condition=condition))


@pytest.fixture
def rule(client, name):
    """Create a rule with one target."""
    made = []

    def create(target, *, full=name, **stated):
        events = client("events")
        given = stated or {"EventPattern": json.dumps({"source": [name]})}
        arn = events.put_rule(Name=full, **given)["RuleArn"]
        made.append((full, given))
        answer = events.put_targets(Rule=full, Targets=[{"Id": "t", **target}])
        assert answer["FailedEntryCount"] == 0
        return arn

    yield create
    for full, _ in made:
        client("events").remove_targets(Rule=full, Ids=["t"])
        client("events").delete_rule(Name=full)


def put(client, source, **detail):
    answer = client("events").put_events(
        Entries=[{"Source": source, "DetailType": "Made", "Detail": json.dumps(detail), "Resources": ["r1"]}]
    )
    assert answer["FailedEntryCount"] == 0


def taken(client, url):
    found = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return found.get("Messages", [])


def bodies(client, url):
    return [json.loads(one["Body"]) for one in taken(client, url)]


def test_an_event_that_matches_reaches_a_queue(client, name, queue, rule):
    url, arn = queue(**OPEN)
    rule({"Arn": arn})
    put(client, "another")
    put(client, name, n=1)
    (event,) = bodies(client, url)
    expected = {"source": name, "detail-type": "Made", "detail": {"n": 1}, "resources": ["r1"]}
    assert expected.items() <= event.items()
    assert set(event) == {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
    assert event["time"].endswith("Z")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"Input": '{"constant": true}'}, {"constant": True}),
        ({"InputPath": "$.detail"}, {"n": 1, "name": "x"}),
        ({"InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '[<n>, "<n>"]'}}, [1, "1"]),
    ],
)
def test_a_target_gets_its_configured_input(client, name, queue, rule, stated, expected):
    url, arn = queue(**OPEN)
    rule({"Arn": arn, **stated})
    put(client, name, n=1, name="x")
    assert bodies(client, url) == [expected]


def test_a_disabled_rule_calls_no_target(client, name, queue, rule):
    url, arn = queue(**OPEN)
    rule({"Arn": arn})
    client("events").disable_rule(Name=name)
    put(client, name)
    client("events").enable_rule(Name=name)
    put(client, name, n=2)
    assert [event["detail"] for event in bodies(client, url)] == [{"n": 2}]


def test_b9_an_event_that_may_not_be_delivered_goes_to_the_dead_letter_queue(client, name, queue, rule):
    url, arn = queue(**OTHER)
    dead_url, dead = queue("-dead", **OPEN)
    made = rule({"Arn": arn, "DeadLetterConfig": {"Arn": dead}, "RetryPolicy": {"MaximumRetryAttempts": 2}})
    put(client, name, n=1)
    (letter,) = taken(client, dead_url)
    assert json.loads(letter["Body"])["detail"] == {"n": 1}
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"], attributes["ERROR_CODE"]) == (made, arn, "NO_PERMISSIONS")
    assert taken(client, url) == []


def test_b9_a_dead_letter_queue_must_allow_eventbridge_too(client, name, queue, rule):
    _, arn = queue()
    dead_url, dead = queue("-dead")
    rule({"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    put(client, name, n=1)
    assert taken(client, dead_url) == []


def test_a_log_group_gets_events_if_its_policy_allows_it(client, name, rule):
    logs, group = client("logs"), f"/aws/events/{name}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{HERE}:log-group:{group}"
    rule({"Arn": arn})
    put(client, name, n=1)
    logs.put_resource_policy(
        policyName=name, policyDocument=allowing(["logs:CreateLogStream", "logs:PutLogEvents"], f"{arn}:*")
    )
    put(client, name, n=2)
    found = logs.filter_log_events(logGroupName=group)["events"]
    logs.delete_resource_policy(policyName=name)
    logs.delete_log_group(logGroupName=group)
    assert [json.loads(event["message"])["detail"] for event in found] == [{"n": 2}]


def test_an_unsupported_target_does_not_affect_others(client, name, queue, rule):
    other = f"arn:aws:states:{HERE}:stateMachine:x"
    rule({"Arn": other}, full=f"{name}-other", EventPattern=json.dumps({"source": [name]}))
    url, arn = queue(**OPEN)
    rule({"Arn": arn})
    put(client, name, n=1)
    assert len(bodies(client, url)) == 1


PATTERN = {
    "source": ["aws.config"],
    "detail-type": ["Config Rules Compliance Change"],
    "detail": {
        "messageType": ["ComplianceChangeNotification"],
        "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
    },
}
TEMPLATE = '"AWS Config: <rule> is NON_COMPLIANT in account <account>, <region>."\n"Resource: <resource>. <note>"\n'


def test_b10_compliance_changes_reach_the_encrypted_topic(client, name, rule, queue):
    """The rule of modules/monitoring/compliance.tf, the topic of modules/messaging and its key of modules/kms."""
    topic = f"arn:aws:sns:{HERE}:{name}"
    own = statement("kms:*", "*", principal={"AWS": "arn:aws:iam::123456789012:root"})
    bound = {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": f"arn:aws:sns:{HERE}:test-*"}}
    use = statement(["kms:Decrypt", "kms:GenerateDataKey*"], "*", service=EVENTS, condition=bound)
    key = client("kms").create_key(Policy=document(own, use))["KeyMetadata"]["KeyId"]
    url, inbox = queue(service="sns.amazonaws.com")
    client("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key, "Policy": allowing("sns:Publish", topic)})
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
    pattern = PATTERN | {"detail": PATTERN["detail"] | {"configRuleName": [{"suffix": f"-{name}"}]}}
    paths = {
        "account": "$.account",
        "note": "$.detail.newEvaluationResult.annotation",
        "region": "$.region",
        "resource": "$.detail.resourceId",
        "rule": "$.detail.configRuleName",
    }
    transformer = {"InputPathsMap": paths, "InputTemplate": TEMPLATE}
    rule({"Arn": topic, "InputTransformer": transformer}, EventPattern=json.dumps(pattern))

    def change(config_rule, outcome):
        detail = {
            "messageType": "ComplianceChangeNotification",
            "configRuleName": config_rule,
            "resourceId": "vol-1",
            "newEvaluationResult": {"complianceType": outcome},
        }
        entry = {"Source": "aws.config", "DetailType": "Config Rules Compliance Change", "Detail": json.dumps(detail)}
        client("events").put_events(Entries=[entry])

    change(f"config-rule-a-{name}", "COMPLIANT")
    change("config-rule-a-other", "NON_COMPLIANT")
    change(f"config-rule-a-{name}", "NON_COMPLIANT")
    (message,) = bodies(client, url)
    assert message["Message"] == (
        f'"AWS Config: config-rule-a-{name} is NON_COMPLIANT in account 123456789012, us-east-1."\n"Resource: vol-1. "\n'
    )
    # A condition on the source turns EventBridge away from topics: it names none.
    narrow = allowing("sns:Publish", topic, StringEquals={"aws:SourceAccount": "123456789012"})
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=narrow)
    change(f"config-rule-a-{name}", "NON_COMPLIANT")
    assert bodies(client, url) == []


def test_a_rule_calls_a_function_that_allows_it(client, name, deploy, logged, rule):
    function = deploy("import json\ndef handler(event, context): print('got', json.dumps(event))\n")
    client("lambda").add_permission(
        FunctionName=function,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=f"arn:aws:events:{HERE}:rule/{name}",
    )

    def received():
        return [json.loads(line[4:]) for line in logged(function) if line.startswith("got ")]

    other = f"{name}-other"
    rule({"Arn": function}, full=other, EventPattern=json.dumps({"source": [name], "detail": {"n": [1]}}))
    rule({"Arn": function})
    put(client, name, n=1)
    (event,) = eventually(received)
    assert event["detail"] == {"n": 1}
    time.sleep(0.5)
    assert len(received()) == 1


@pytest.mark.parametrize(
    "expression", ["cron(0 10 * * * *)", "cron(x)", "rate(1 minutes)", "rate(5 weeks)", f"rate({'9' * 240} days)"]
)
def test_an_invalid_schedule_is_refused(client, name, expression):
    events = client("events")
    with pytest.raises(events.exceptions.ClientError, match="ScheduleExpression is not valid"):
        events.put_rule(Name=name, ScheduleExpression=expression)


def test_a_schedule_fires_its_rule(name):
    """Runs in this process, so that the test can set the clock."""
    apply_patches()
    clock = {"now": datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)}
    submitted = []
    events, functions = events_backends[ACCOUNT_ID][REGION], lambda_backends[ACCOUNT_ID][REGION]
    arn = f"arn:aws:lambda:{HERE}:function:{name}"
    iam = iam_backends[ACCOUNT_ID]["aws"]
    iam.create_role(name, document(TRUST), "/", None, "", [], "3600")
    functions.create_function(
        {
            "FunctionName": name,
            "Role": f"arn:aws:iam::{ACCOUNT_ID}:role/{name}",
            "Handler": "handler.handler",
            "Runtime": "python3.12",
            "Code": {"ZipFile": base64.b64encode(b"").decode()},
        }
    )
    permission = {"StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": EVENTS}
    functions.add_permission(name, None, json.dumps(permission))
    events.put_rule(f"{name}-rule", scheduled_expression="cron(* * * * ? *)")
    events.put_targets(f"{name}-rule", None, [{"Id": "t", "Arn": arn}])
    assert any(thread.name == "events-schedules" for thread in threading.enumerate())
    scheduler = Scheduler(
        lambda: [rule for rule in scheduled_rules() if name in rule.arn],
        lambda rule, time: fire(rule, time, lambda target, text: submitted.append((target, json.loads(text)))),
        clock=lambda: clock["now"],
    )
    scheduler.look()
    # A schedule is no pattern: events do not concern it.
    events.put_events([{"Source": name, "DetailType": "x", "Detail": "{}"}])
    assert submitted == []
    clock["now"] = clock["now"].replace(minute=1, second=0)
    scheduler.look()
    ((target, event),) = submitted
    assert (target, event["source"], event["detail-type"]) == (arn, "aws.events", "Scheduled Event")
    assert (event["time"], event["resources"]) == ("2026-11-22T10:01:00Z", [f"arn:aws:events:{HERE}:rule/{name}-rule"])
    events.disable_rule(f"{name}-rule", None)
    clock["now"] = clock["now"].replace(minute=2)
    scheduler.look()
    assert len(submitted) == 1
    events.remove_targets(f"{name}-rule", None, ["t"])
    events.delete_rule(f"{name}-rule", None)
    functions.delete_function(name)
    iam.delete_role(name)
