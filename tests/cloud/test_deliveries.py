"""B9: what services do on their own behalf, and what Lambda does with a function's role, needs permission, too."""

import time

import pytest

from tests.cloud.helpers import HERE, document, statement
from tests.eventually import eventually

HANDLER = "def handler(event, context): print('ran', event)\n"


@pytest.fixture
def denials(cloud, name):
    """Return the denials logged during the test, of its own resources and of keys."""
    log = cloud.status().log
    begin = log.stat().st_size

    def read():
        with log.open(encoding="utf-8") as file:
            file.seek(begin)
            found = [line.partition("denied: ")[2] for line in file if "denied: " in line]
        return [line for line in found if name in line or "kms:" in line]

    return read


def taken(client, url):
    return [
        one["Body"] for one in client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


@pytest.mark.parametrize(
    ("service", "condition", "allowed"),
    [
        ("s3.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::test-*"}}, True),
        ("s3.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}, True),
        ("s3.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other-*"}}, False),
        ("s3.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "210987654321"}}, False),
        ("sns.amazonaws.com", {}, False),
    ],
)
def test_b9_a_bucket_notifies_a_queue_that_allows_it(client, name, queue, denials, service, condition, allowed):
    url, arn = queue(service=service, condition=condition)
    client("s3").create_bucket(Bucket=name)
    notified = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    # S3 refuses a destination that it may not reach, unless it is told not to look.
    client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [notified]}, SkipDestinationValidation=True
    )
    client("s3").put_object(Bucket=name, Key="k", Body=b"")
    bodies = taken(client, url)
    assert (len(bodies), any("ObjectCreated:Put" in body for body in bodies)) == ((2, True) if allowed else (0, False))
    assert any(f"s3.amazonaws.com may not sqs:SendMessage on {arn}" in line for line in denials()) is not allowed


@pytest.mark.parametrize("granted", [True, False])
def test_b8_an_encrypted_queue_needs_the_permission_of_its_key(client, name, queue, denials, granted):
    own = statement("kms:*", "*", principal={"AWS": "arn:aws:iam::123456789012:root"})
    bound = {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": f"arn:aws:sqs:{HERE}:test-*"}}
    use = statement(["kms:GenerateDataKey*", "kms:Decrypt"], "*", service="sns.amazonaws.com", condition=bound)
    key = client("kms").create_key(Policy=document(own, *([use] if granted else [])))["KeyMetadata"]["KeyId"]
    url, arn = queue(service="sns.amazonaws.com", KmsMasterKeyId=key)
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="hello")
    assert len(taken(client, url)) == int(granted)
    assert any("sns.amazonaws.com may not kms:GenerateDataKey" in line for line in denials()) is not granted


LOGS = statement(["logs:CreateLogStream", "logs:PutLogEvents"], "*")
QUEUE = statement(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "*")


@pytest.mark.parametrize("granted", [True, False])
def test_b9_without_the_right_to_write_logs_there_are_none(client, deploy, logged, denials, granted):
    arn = deploy(HANDLER, statements=[LOGS] if granted else [])
    assert client("lambda").invoke(FunctionName=arn)["StatusCode"] == 200
    assert bool(logged(arn)) is granted
    assert any("may not logs:CreateLogStream" in line for line in denials()) is not granted


def test_b9_a_queue_is_polled_with_the_functions_role(client, deploy, logged, queue, denials):
    url, source = queue()
    arn = deploy(HANDLER, statements=[LOGS])
    role = arn.rpartition(":")[2]
    client("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName=arn)
    client("sqs").send_message(QueueUrl=url, MessageBody="m1")
    (line,) = eventually(denials)
    assert f"assumed-role/{role}/aws-lambda may not sqs:ReceiveMessage on {source}" in line
    time.sleep(0.6)
    # Logged once, though it is denied at every poll.
    assert (len(denials()), logged(arn)) == (1, [])
    client("iam").put_role_policy(RoleName=role, PolicyName="queue", PolicyDocument=document(QUEUE))
    assert eventually(lambda: [line for line in logged(arn) if line.startswith("ran")])


@pytest.mark.parametrize("granted", [True, False])
def test_b9_a_dead_letter_is_sent_with_the_functions_role(client, deploy, queue, denials, granted):
    url, dead = queue()
    may = [statement("sqs:SendMessage", dead)] if granted else []
    arn = deploy("import nowhere", statements=may, DeadLetterConfig={"TargetArn": dead})
    client("lambda").put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=0)
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b"[1]")
    if granted:
        assert eventually(lambda: taken(client, url)) == ["[1]"]
    else:
        assert eventually(lambda: [line for line in denials() if f"may not sqs:SendMessage on {dead}" in line])


@pytest.mark.parametrize("granted", [True, False])
def test_b9_logs_call_a_function_that_allows_it(client, name, deploy, logged, denials, granted):
    arn, group = deploy(HANDLER, statements=[LOGS]), f"{name}-source"
    client("logs").create_log_group(logGroupName=group)
    client("logs").create_log_stream(logGroupName=group, logStreamName="s")
    client("lambda").add_permission(
        FunctionName=arn,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.us-east-1.amazonaws.com",
        SourceAccount="123456789012",
        SourceArn=f"arn:aws:logs:{HERE}:log-group:{group if granted else 'other'}:*",
    )
    client("logs").put_subscription_filter(logGroupName=group, filterName="all", filterPattern="", destinationArn=arn)
    now = int(time.time() * 1000)
    client("logs").put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "hello"}]
    )
    if granted:
        assert eventually(lambda: [line for line in logged(arn) if line.startswith("ran")])
    assert any("logs.amazonaws.com may not lambda:InvokeFunction" in line for line in denials()) is not granted
