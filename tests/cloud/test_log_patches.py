"""Patches of what carries logs away: subscription filters, and the delivery of Firehose."""

import gzip
import json
import re
import time

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/firehose"


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def stream(client, name, bucket):
    """Gives a function that creates a stream into the bucket and returns its ARN."""
    made = []

    def create(**destination):
        firehose = client("firehose")
        made.append(f"{name}-{len(made)}")
        firehose.create_delivery_stream(
            DeliveryStreamName=made[-1],
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": f"arn:aws:s3:::{bucket}",
                **destination,
            },
        )
        return firehose.describe_delivery_stream(DeliveryStreamName=made[-1])["DeliveryStreamDescription"][
            "DeliveryStreamARN"
        ]

    yield create
    for item in made:
        client("firehose").delete_delivery_stream(DeliveryStreamName=item)


@pytest.fixture
def group(client, name):
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="only")
    yield name
    logs.delete_log_group(logGroupName=name)


def objects(client, bucket):
    """Content by key."""
    s3 = client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed}


def test_b7_a_group_with_two_filters_takes_changes_and_no_third(client, group, stream):
    logs, destination = client("logs"), stream()

    def put(filter_name, pattern):
        logs.put_subscription_filter(
            logGroupName=group,
            filterName=filter_name,
            filterPattern=pattern,
            destinationArn=destination,
            roleArn=ROLE,
        )

    put("first", "ERROR")
    put("second", "")
    put("first", "WARN")
    with pytest.raises(ClientError, match="LimitExceededException"):
        put("third", "")
    found = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert {item["filterName"]: item["filterPattern"] for item in found} == {"first": "WARN", "second": ""}


def test_b7_log_events_are_archived_by_day_and_compressed_once(client, group, stream, bucket):
    logs = client("logs")
    destination = stream(
        Prefix="logs/!{timestamp:yyyy/MM/dd}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        CompressionFormat="GZIP",
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                {
                    "Type": "Decompression",
                    "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}],
                },
                {"Type": "AppendDelimiterToRecord"},
            ],
        },
    )
    logs.put_subscription_filter(
        logGroupName=group, filterName="archive", filterPattern="", destinationArn=destination, roleArn=ROLE
    )
    event = {"timestamp": int(time.time() * 1000), "message": "a trade"}
    logs.put_log_events(logGroupName=group, logStreamName="only", logEvents=[event])
    [(key, content)] = objects(client, bucket).items()
    assert re.fullmatch(r"logs/\d{4}/\d\d/\d\d/test-[^/]+\.gz", key)
    text = gzip.decompress(content)
    assert text.endswith(b"}\n")
    batch = json.loads(text)
    assert (batch["logGroup"], [item["message"] for item in batch["logEvents"]]) == (group, ["a trade"])


def test_b7_a_stream_without_settings_delivers_records_as_they_are_by_hour(client, stream, bucket):
    name = stream(Prefix="raw/").rpartition("/")[2]
    client("firehose").put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"one"}, {"Data": b"two"}])
    [(key, content)] = objects(client, bucket).items()
    assert re.fullmatch(r"raw/\d{4}/\d\d/\d\d/\d\d/test-[^/]+", key)
    assert content == b"onetwo"
