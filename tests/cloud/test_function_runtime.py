"""Functions, called by clients, queues, logs and other services, with the credentials of their role."""

import base64
import gzip
import hashlib
import json
import time
from pathlib import Path

import pytest

from orchestrator.platform.packages import build_packages
from tests.cloud.helpers import HERE, archive
from tests.eventually import eventually

REPOSITORY = Path(__file__).parents[2]

RECORDER = """
import boto3, json, os
def handler(event, context):
    key = f"{context.function_name}/{context.aws_request_id}"
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(event))
    return {"request": context.aws_request_id}
"""


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def recorded(client, bucket):
    """Return the events that recorders were called with."""

    def read():
        stored = client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        stored.sort(key=lambda item: item["LastModified"])
        return [json.loads(client("s3").get_object(Bucket=bucket, Key=item["Key"])["Body"].read()) for item in stored]

    return read


def permit(client, arn, service, source):
    client("lambda").add_permission(
        FunctionName=arn,
        StatementId=service.partition(".")[0],
        Action="lambda:InvokeFunction",
        Principal=service,
        SourceArn=source,
    )


def test_b5_a_function_runs_with_the_credentials_of_its_role(client, deploy, logged):
    source = "import boto3\ndef handler(e, c): return boto3.client('sts').get_caller_identity()['Arn']"
    arn = deploy(source)
    answer = client("lambda").invoke(FunctionName=arn, LogType="Tail")
    name = arn.rpartition(":")[2]
    assert json.loads(answer["Payload"].read()) == f"arn:aws:sts::123456789012:assumed-role/{name}/{name}"
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    assert b"platform.report" in base64.b64decode(answer["LogResult"])
    kinds = [json.loads(line).get("type") for line in logged(arn)]
    # At level INFO, botocore logs in between where it found its credentials.
    assert [kind for kind in kinds if kind] == ["platform.initStart", "platform.start", "platform.report"]


def test_b5_an_error_of_a_function_is_unhandled(client, deploy):
    answer = client("lambda").invoke(FunctionName=deploy("def handler(e, c): raise ValueError('bad')"))
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorMessage"] == "bad"


def test_b5_new_code_and_new_settings_are_used_at_once(client, deploy):
    arn = deploy("def handler(e, c): return 1")
    api = client("lambda")
    assert api.invoke(FunctionName=arn)["Payload"].read() == b"1"
    api.update_function_code(FunctionName=arn, ZipFile=archive("import os\ndef handler(e, c): return os.getenv('XY')"))
    assert api.invoke(FunctionName=arn)["Payload"].read() == b"null"
    api.update_function_configuration(FunctionName=arn, Environment={"Variables": {"XY": "2"}})
    assert api.invoke(FunctionName=arn)["Payload"].read() == b'"2"'


def test_b5_a_version_and_its_alias_keep_their_code(client, deploy):
    arn = deploy("def handler(e, c): return [1, c.function_version]")
    api = client("lambda")
    version = api.publish_version(FunctionName=arn)["Version"]
    api.create_alias(FunctionName=arn, Name="live", FunctionVersion=version)
    api.update_function_code(FunctionName=arn, ZipFile=archive("def handler(e, c): return [2, c.function_version]"))
    for qualifier in (version, "live"):
        answer = api.invoke(FunctionName=arn, Qualifier=qualifier)
        assert (json.loads(answer["Payload"].read()), answer["ExecutedVersion"]) == ([1, version], version)
    assert json.loads(api.invoke(FunctionName=arn)["Payload"].read()) == [2, "$LATEST"]


def test_b5_refusals_are_like_those_of_lambda(client, deploy):
    api = client("lambda")
    arn = deploy("def handler(e, c): return e")
    with pytest.raises(api.exceptions.ResourceNotFoundException, match="Function not found: arn:aws:lambda"):
        api.invoke(FunctionName=f"{arn}-none")
    with pytest.raises(api.exceptions.InvalidRequestContentException):
        api.invoke(FunctionName=arn, Payload=b"[" * 100_000)
    api.put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
    with pytest.raises(api.exceptions.TooManyRequestsException) as throttled:
        api.invoke(FunctionName=arn)
    assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_b5_a_dry_run_runs_nothing(client, deploy, bucket, recorded):
    arn = deploy(RECORDER, Environment={"Variables": {"BUCKET": bucket}})
    assert client("lambda").invoke(FunctionName=arn, InvocationType="DryRun")["StatusCode"] == 204
    assert client("lambda").invoke(FunctionName=arn)["StatusCode"] == 200
    assert len(recorded()) == 1


def test_b5_an_event_is_accepted_before_it_is_run(client, deploy, bucket, recorded):
    arn = deploy(f"import time\ntime.sleep(1)\n{RECORDER}", Environment={"Variables": {"BUCKET": bucket}})
    answer = client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b'{"n": 1}')
    assert (answer["StatusCode"], recorded()) == (202, [])
    assert eventually(recorded) == [{"n": 1}]


def test_b5_an_event_that_fails_goes_to_the_dead_letter_queue(client, deploy, queue, logged):
    sqs, (url, dead) = client("sqs"), queue()
    arn = deploy("def handler(e, c): raise ValueError('bad')", DeadLetterConfig={"TargetArn": dead})
    client("lambda").put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=1)
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b'{"n": 1}')

    def look():
        return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")

    (letter,) = eventually(look)
    assert letter["Body"] == '{"n": 1}'
    assert "ValueError" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
    starts = [line for line in logged(arn) if "platform.start" in line]
    assert len(starts) == 2


PICKY = """
import json
def handler(event, context):
    bad = [r["messageId"] for r in event["Records"] if "bad" in r["body"]]
    print(json.dumps({"batch": sorted(r["body"] for r in event["Records"]), "first": event["Records"][0]}))
    return {"batchItemFailures": [{"itemIdentifier": name} for name in bad]}
"""


def test_b5_a_queue_feeds_a_function_and_bad_messages_end_in_its_dead_letter_queue(client, deploy, queue, logged):
    sqs, (dead, dead_arn) = client("sqs"), queue("-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    # What failed is visible again soon, however long the queue hides messages in process.
    url, queue_arn = queue(RedrivePolicy=redrive, VisibilityTimeout="1800")
    arn = deploy(PICKY)
    entries = [{"Id": body, "MessageBody": body} for body in ("good-1", "bad-1", "good-2")]
    entries[0]["MessageAttributes"] = {"kind": {"DataType": "String", "StringValue": "x"}}
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    client("lambda").create_event_source_mapping(
        EventSourceArn=queue_arn, FunctionName=arn, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert letter["Body"] == "bad-1"
    batches = [json.loads(line) for line in logged(arn) if '"batch"' in line]
    assert [batch["batch"] for batch in batches] == [["bad-1", "good-1", "good-2"], ["bad-1"]]
    record = batches[0]["first"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", queue_arn, "us-east-1")
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_b5_a_deleted_mapping_takes_no_messages(client, deploy, queue):
    sqs, api, (url, arn) = client("sqs"), client("lambda"), queue()
    mapping = api.create_event_source_mapping(EventSourceArn=arn, FunctionName=deploy(PICKY))
    api.delete_event_source_mapping(UUID=mapping["UUID"])
    sqs.send_message(QueueUrl=url, MessageBody="left")
    time.sleep(1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "left"


def test_b7_only_events_that_match_reach_a_subscriber(client, deploy, bucket, recorded):
    subscriber = deploy(RECORDER, Environment={"Variables": {"BUCKET": bucket}})
    source = deploy("def handler(e, c):\n print('working')\n if e: raise ValueError('bad')")
    logs, group = client("logs"), f"/aws/lambda/{source.rpartition(':')[2]}"
    pattern = '{ $.level = "ERROR" || $.record.status = "error" || $.record.status = "timeout" }'
    permit(client, subscriber, "logs.us-east-1.amazonaws.com", f"arn:aws:logs:{HERE}:log-group:{group}:*")
    logs.put_subscription_filter(
        logGroupName=group, filterName="errors", filterPattern=pattern, destinationArn=subscriber
    )
    client("lambda").invoke(FunctionName=source, Payload=b"0")
    client("lambda").invoke(FunctionName=source, Payload=b"1")
    (event,) = eventually(recorded)
    document = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert (document["messageType"], document["logGroup"]) == ("DATA_MESSAGE", group)
    assert document["subscriptionFilters"] == ["errors"]
    kinds = [json.loads(item["message"])["type"] for item in document["logEvents"]]
    assert kinds == ["platform.runtimeDone", "platform.report"]
    assert all(len(item["id"]) == 56 for item in document["logEvents"])
    time.sleep(0.5)
    assert len(recorded()) == 1


def test_b5_a_topic_and_a_bucket_call_a_function(client, deploy, bucket, recorded, name):
    subscriber = deploy(RECORDER, Environment={"Variables": {"BUCKET": bucket}})
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    permit(client, subscriber, "sns.amazonaws.com", topic)
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=subscriber)
    client("sns").publish(TopicArn=topic, Message="hello")
    (event,) = eventually(recorded)
    assert event["Records"][0]["Sns"]["Message"] == "hello"
    source = f"{name}-source"
    client("s3").create_bucket(Bucket=source)
    permit(client, subscriber, "s3.amazonaws.com", f"arn:aws:s3:::{source}")
    notified = {"LambdaFunctionArn": subscriber, "Events": ["s3:ObjectCreated:*"]}
    client("s3").put_bucket_notification_configuration(
        Bucket=source, NotificationConfiguration={"LambdaFunctionConfigurations": [notified]}
    )
    client("s3").put_object(Bucket=source, Key="new", Body=b"1")

    def look():
        return [found for found in recorded() if found["Records"][0].get("eventSource") == "aws:s3"]

    (event,) = eventually(look)
    assert event["Records"][0]["s3"]["object"]["key"] == "new"


def test_b5_functions_may_call_each_other(client, deploy):
    inner = deploy("def handler(e, c): return e + 1")
    outer = deploy(
        "import boto3, json\ndef handler(e, c):\n"
        f" answer = boto3.client('lambda').invoke(FunctionName='{inner}', Payload=json.dumps(e))\n"
        " return json.load(answer['Payload']) * 10"
    )
    assert client("lambda").invoke(FunctionName=outer, Payload=b"1")["Payload"].read() == b"20"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Build the archives that ship, by function."""
    built = build_packages(REPOSITORY, tmp_path_factory.mktemp("home"), only=["alerts", "ingest"])
    return {package.function: package.path.read_bytes() for package in built}


def settings(function, **variables):
    common = {"PLATFORM_SUFFIX": "t", "POWERTOOLS_METRICS_NAMESPACE": "T", "POWERTOOLS_SERVICE_NAME": function}
    return {"Environment": {"Variables": {**common, **variables}}}


def test_b5_the_shipped_functions_take_an_object_in_and_raise_an_alert(client, deploy, packages, queue, name):
    s3, sqs = client("s3"), client("sqs")
    raw, processed = f"{name}-raw", f"{name}-processed"
    queues = {
        "ingest": queue("-ingest", service="s3.amazonaws.com", VisibilityTimeout="60"),
        "alerts": queue("-alerts", service="sns.amazonaws.com"),
    }
    for bucket in (raw, processed):
        s3.create_bucket(Bucket=bucket)
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues["alerts"][1])
    alerts = deploy("", Code={"ZipFile": packages["alerts"]}, **settings("alerts", ALERT_TOPIC_ARN=topic))
    variables = {"RAW_BUCKET": raw, "PROCESSED_BUCKET": processed}
    ingest = deploy("", Code={"ZipFile": packages["ingest"]}, **settings("ingest", **variables))
    permit(client, alerts, "logs.amazonaws.com", f"arn:aws:logs:{HERE}:log-group:*")
    client("logs").put_subscription_filter(
        logGroupName=f"/aws/lambda/{ingest.rpartition(':')[2]}",
        filterName="errors",
        filterPattern='{ $.record.status = "error" }',
        destinationArn=alerts,
    )
    notified = {"QueueArn": queues["ingest"][1], "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket=raw, NotificationConfiguration={"QueueConfigurations": [notified]})
    client("lambda").create_event_source_mapping(
        EventSourceArn=queues["ingest"][1], FunctionName=ingest, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    rows = b"trade_id,symbol,timestamp,price,size\nt1,ACME,2026-01-02T10:00:00Z,10.5,100\n"
    s3.put_object(Bucket=raw, Key="incoming/trades.csv", Body=rows)
    (stored,) = eventually(lambda: s3.list_objects_v2(Bucket=processed).get("Contents"))
    assert b"\nACME,,2026-01-02,t1," in s3.get_object(Bucket=processed, Key=stored["Key"])["Body"].read()
    answer = client("lambda").invoke(FunctionName=ingest, Payload=b'{"Records": [{"body": "no notification"}]}')
    assert answer["FunctionError"] == "Unhandled"
    (alert,) = eventually(lambda: sqs.receive_message(QueueUrl=queues["alerts"][0]).get("Messages"))
    assert json.loads(alert["Body"])["TopicArn"] == topic
    assert "platform.report" in json.loads(alert["Body"])["Message"]


def test_b5_a_topic_takes_dead_letters_too(client, deploy, queue, name):
    sqs, (url, inbox) = client("sqs"), queue(service="sns.amazonaws.com")
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
    arn = deploy("import nowhere", DeadLetterConfig={"TargetArn": topic})
    client("lambda").put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=0)
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=b"[1]")
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    body = json.loads(letter["Body"])
    assert body["Message"] == "[1]"
    assert "Runtime.ImportModuleError" in body["MessageAttributes"]["ErrorMessage"]["Value"]
