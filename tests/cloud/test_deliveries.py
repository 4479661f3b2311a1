"""B9: what services do on their own behalf, and what Lambda does with a function's role, needs permission, too."""

import io
import json
import time
import zipfile

import pytest

HERE = "us-east-1:123456789012"
HANDLER = "def handler(event, context): print('ran', event)\n"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def eventually(look, seconds=30.0):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


@pytest.fixture
def queue(client, name):
    """Creates a queue; its URL and ARN."""
    made = []

    def create(suffix="", **attributes):
        url = client("sqs").create_queue(QueueName=name + suffix, Attributes=attributes)["QueueUrl"]
        made.append(url)
        return url, f"arn:aws:sqs:{HERE}:{name}{suffix}"

    yield create
    for url in made:
        client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def denials(cloud, name):
    """The denials that were logged since, of this test's resources and of keys."""
    log = cloud.status().log
    begin = log.stat().st_size

    def read():
        with log.open(encoding="utf-8") as file:
            file.seek(begin)
            found = [line.partition("denied: ")[2] for line in file if "denied: " in line]
        return [line for line in found if name in line or "kms:" in line]

    return read


def policy_of(service, action, resource, **condition):
    given = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource, **given}


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
def test_b9_a_bucket_notifies_where_it_is_let_in(client, name, queue, denials, service, condition, allowed):
    url, arn = queue()
    client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": document(policy_of(service, "sqs:SendMessage", arn, **condition))}
    )
    client("s3").create_bucket(Bucket=name)
    notified = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [notified]}
    )
    client("s3").put_object(Bucket=name, Key="k", Body=b"")
    bodies = taken(client, url)
    assert (len(bodies), any("ObjectCreated:Put" in body for body in bodies)) == ((2, True) if allowed else (0, False))
    assert any(f"s3.amazonaws.com may not sqs:SendMessage on {arn}" in line for line in denials()) is not allowed


@pytest.mark.parametrize("granted", [True, False])
def test_b8_an_encrypted_queue_needs_its_keys_consent(client, name, queue, denials, granted):
    own = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    bound = {"ArnLike": {"kms:EncryptionContext:aws:sqs:arn": f"arn:aws:sqs:{HERE}:test-*"}}
    use = policy_of("sns.amazonaws.com", ["kms:GenerateDataKey*", "kms:Decrypt"], "*", **bound)
    key = client("kms").create_key(Policy=document(own, *([use] if granted else [])))["KeyMetadata"]["KeyId"]
    url, arn = queue(KmsMasterKeyId=key)
    client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": document(policy_of("sns.amazonaws.com", "sqs:SendMessage", arn))}
    )
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client("sns").publish(TopicArn=topic, Message="hello")
    assert len(taken(client, url)) == int(granted)
    assert any("sns.amazonaws.com may not kms:GenerateDataKey" in line for line in denials()) is not granted


LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
QUEUE = {
    "Effect": "Allow",
    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "Resource": "*",
}


@pytest.fixture
def function(client, name):
    """A function with a role that may do what the statements say."""

    def create(*statements, source=HANDLER, **more):
        iam = client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("handler.py", source)
        return client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": content.getvalue()},
            **more,
        )["FunctionArn"]

    yield create
    client("lambda").delete_function(FunctionName=name)
    client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")


def lines(client, name):
    return [one["message"] for one in client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]


@pytest.mark.parametrize("granted", [True, False])
def test_b9_without_the_right_to_write_logs_there_are_none(client, name, function, denials, granted):
    arn = function(*([LOGS] if granted else []))
    assert client("lambda").invoke(FunctionName=arn)["StatusCode"] == 200
    assert bool(lines(client, name)) is granted
    assert any("may not logs:CreateLogStream" in line for line in denials()) is not granted


def test_b9_a_queue_is_polled_with_the_functions_role(client, name, function, queue, denials):
    url, source = queue()
    arn = function(LOGS)
    mapping = client("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName=arn)["UUID"]
    try:
        client("sqs").send_message(QueueUrl=url, MessageBody="m1")
        (line,) = eventually(denials)
        assert f"assumed-role/{name}/aws-lambda may not sqs:ReceiveMessage on {source}" in line
        time.sleep(0.6)
        # Told once, though it is asked at every look.
        assert (len(denials()), lines(client, name)) == (1, [])
        client("iam").put_role_policy(RoleName=name, PolicyName="queue", PolicyDocument=document(QUEUE))
        assert eventually(lambda: [line for line in lines(client, name) if line.startswith("ran")])
    finally:
        client("lambda").delete_event_source_mapping(UUID=mapping)


@pytest.mark.parametrize("granted", [True, False])
def test_b9_a_dead_letter_is_sent_with_the_functions_role(client, name, function, queue, denials, granted):
    url, dead = queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": dead}
    arn = function(*([send] if granted else []), source="import nowhere", DeadLetterConfig={"TargetArn": dead})
    client("lambda").put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=0)
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b"[1]")
    if granted:
        assert eventually(lambda: taken(client, url)) == ["[1]"]
    else:
        assert eventually(lambda: [line for line in denials() if f"may not sqs:SendMessage on {dead}" in line])


@pytest.mark.parametrize("granted", [True, False])
def test_b9_logs_call_a_function_that_lets_them_in(client, name, function, denials, granted):
    arn, group = function(LOGS), f"{name}-source"
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
        assert eventually(lambda: [line for line in lines(client, name) if line.startswith("ran")])
    assert any("logs.amazonaws.com may not lambda:InvokeFunction" in line for line in denials()) is not granted
