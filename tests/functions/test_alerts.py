"""alerts: log events become one alert that SNS accepts (B7)."""

import base64
import gzip
import json

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functions.conftest import load_function, patient

NOON = 1_769_860_800_000


def subscription(*messages: str, kind: str = "DATA_MESSAGE", group: str = "/aws/lambda/lambda-api-demo") -> dict:
    document = {
        "messageType": kind,
        "owner": "123456789012",
        "logGroup": group,
        "logStream": "s",
        "subscriptionFilters": ["f"],
        "logEvents": [{"id": str(n), "timestamp": NOON + n * 1000, "message": m} for n, m in enumerate(messages)],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()}}


def summarised(*messages, **options):
    logic = load_function("alerts").logic
    return logic.summarise(logic.unpack(subscription(*messages, **options)), deployment="demo")


def test_b7_similar_events_are_one_entry():
    alert = summarised(
        "timeout after 30 s, request 9f6c2a3e-1d2b-4c5d-8e7f-000000000000",
        "disk full",
        "timeout after 7 s, request 00000000-1d2b-4c5d-8e7f-000000000000",
    )
    assert alert.subject == "[demo] 3 events in /aws/lambda/lambda-api-demo"
    assert alert.message.splitlines() == [
        "3 events of 2 kinds in /aws/lambda/lambda-api-demo",
        "stream s",
        "",
        "2 x, 2026-01-31 12:00:00 UTC to 2026-01-31 12:00:02 UTC",
        "timeout after 30 s, request 9f6c2a3e-1d2b-4c5d-8e7f-000000000000",
        "",
        "1 x, 2026-01-31 12:00:01 UTC",
        "disk full",
    ]


def test_a_structured_event_is_shown_by_its_message():
    event = {
        "level": "ERROR",
        "message": {"a": 1},
        "exception_name": "KeyError",
        "timestamp": "x",
        "xray_trace_id": "y",
    }
    assert summarised(json.dumps(event)).message.endswith('\nERROR {"a": 1} KeyError')


def test_b7_each_kind_has_a_correlation_id_to_search_for():
    events = [
        json.dumps({"level": "ERROR", "message": "refused", "key": "k", "correlation_id": f"upload-{name}"})
        for name in "ab"
    ]
    assert summarised(*events).message.splitlines()[3:] == [
        "2 x, 2026-01-31 12:00:00 UTC to 2026-01-31 12:00:01 UTC",
        "ERROR refused",
        "key k",
        "correlation_id upload-a",
    ]


def test_b7_the_control_message_of_cloudwatch_is_not_an_alert():
    assert load_function("alerts").logic.unpack(subscription("CWL CONTROL MESSAGE", kind="CONTROL_MESSAGE")) is None


@pytest.mark.parametrize("event", [{}, {"awslogs": 1}, {"awslogs": {"data": "%"}}, {"awslogs": {"data": "AAAA"}}, {"awslogs": {"data": base64.b64encode(gzip.compress(b"{}")).decode()}}])  # fmt: skip
def test_another_event_is_refused(event):
    with pytest.raises(ValueError, match=r"log subscription|Only base64"):
        load_function("alerts").logic.unpack(event)


@patient
@given(st.lists(st.text(max_size=3000), min_size=1, max_size=300), st.text(min_size=1, max_size=512))
def test_sns_accepts_the_alert_for_any_events(messages, group):
    alert = summarised(*messages, group=group)
    assert 1 <= len(alert.subject) <= 100
    assert alert.subject.isascii()
    assert alert.subject.isprintable()
    assert alert.subject == alert.subject.strip()
    assert 1 <= len(alert.message.encode()) <= 256 * 1024


def test_only_the_most_frequent_kinds_are_shown_and_the_others_counted():
    alert = summarised(*[chr(ord("a") + n % 26) * (n // 26 + 1) + " " + "é" * 9000 for n in range(60)])
    assert "and 40 more kinds" in alert.message
    assert len(alert.message.encode()) <= 256 * 1024


def test_b7_an_alert_reaches_the_topic(load, aws, context, environment):
    alerts = load("alerts")
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="topic-alerts-demo")["TopicArn"]
    queue = sqs.create_queue(QueueName="reader")["QueueUrl"]
    let_in = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:reader")
    environment.setenv("ALERT_TOPIC_ARN", topic)
    assert alerts.handler.handler(subscription("one", "two"), context) == {"events": 2}
    assert alerts.handler.handler(subscription("x", kind="CONTROL_MESSAGE"), context) == {"events": 0}
    (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == "[demo] 2 events in /aws/lambda/lambda-api-demo"
    assert body["Message"].startswith("2 events of 2 kinds")
