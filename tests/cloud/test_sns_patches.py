"""Patches of SNS: what a topic was told is what it says."""

import pytest

ROLE = "arn:aws:iam::123456789012:role/iam-role-sns-delivery-status-pr42"


@pytest.fixture
def topic(client, name):
    attributes = {"SignatureVersion": "2", "LambdaSuccessFeedbackSampleRate": "100"}
    return client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]


def read(client, topic):
    return client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]


def test_b7_a_topic_returns_what_it_was_created_with(client, topic):
    found = read(client, topic)
    assert found["SignatureVersion"] == "2"
    assert found["LambdaSuccessFeedbackSampleRate"] == "100"


@pytest.mark.parametrize("protocol", ["Application", "Firehose", "HTTP", "Lambda", "SQS"])
@pytest.mark.parametrize(
    ("setting", "value"),
    [("FailureFeedbackRoleArn", ROLE), ("SuccessFeedbackRoleArn", ROLE), ("SuccessFeedbackSampleRate", "25")],
)
def test_b7_a_topic_returns_its_delivery_status_logging(client, topic, protocol, setting, value):
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName=f"{protocol}{setting}", AttributeValue=value)
    assert read(client, topic)[f"{protocol}{setting}"] == value


def test_b7_what_was_never_set_or_was_taken_back_is_not_returned(client, topic):
    assert "TracingConfig" not in read(client, topic)
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="HTTPFailureFeedbackRoleArn", AttributeValue=ROLE)
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="HTTPFailureFeedbackRoleArn", AttributeValue="")
    assert "HTTPFailureFeedbackRoleArn" not in read(client, topic)
