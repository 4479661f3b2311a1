"""Requests as botocore writes them are read as they were meant: its serializers are the oracle for every operation (E1)."""

import json
from datetime import UTC, datetime
from io import BytesIO
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer
from moto.core.utils import get_service_model

from orchestrator.local_cloud.models.check import model_of
from orchestrator.local_cloud.models.requests import UnreadableError, read_input
from orchestrator.local_cloud.operation import operation_of

# By the names of botocore; where signatures have another one, it stands behind the colon.
SERVICES = (
    "acm",
    "apigateway",
    "application-autoscaling",
    "athena",
    "backup",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch:monitoring",
    "cognito-idp",
    "config",
    "dynamodb",
    "dynamodbstreams:dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs:elasticfilesystem",
    "elbv2:elasticloadbalancing",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "rds",
    "route53",
    "s3",
    "s3control:s3",
    "scheduler",
    "secretsmanager",
    "ses",
    "sesv2:ses",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions:states",
    "sts",
    "wafv2",
)
# What S3's router takes for the operation that has replaced it, or for its sibling at the same address.
REPLACED = {
    "GetBucketLifecycle",
    "GetBucketNotification",
    "ListDirectoryBuckets",
    "PutBucketLifecycle",
    "PutBucketNotification",
}
DEPTH = 4
STREAM = b"\0"
SCALARS = {
    "blob": b"blob",
    "boolean": True,
    "double": 1.5,
    "float": 1.5,
    "integer": 7,
    "long": 7,
    # Names of headers come in this case.
    "string": "Text",
    "timestamp": datetime(2026, 11, 28, tzinfo=UTC),
}


def example(shape, depth=0):
    """Build a value with every member that there is, down to a depth; None where nothing would be written."""
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return {"any": "thing"}
        case "structure":
            built = {name: example(one, depth + 1) for name, one in shape.members.items()} if depth < DEPTH else {}
            return {name: one for name, one in built.items() if one is not None} or None
        case "list":
            one = example(shape.member, depth + 1)
            return None if one is None else [one]
        case "map":
            one = example(shape.value, depth + 1)
            return None if one is None else {example(shape.key): one}
        case "string" if shape.enum:
            return shape.enum[0]
    return SCALARS[shape.type_name]


def expected(value):
    """A time may be read in any form."""
    if isinstance(value, dict):
        return {name: expected(one) for name, one in value.items()}
    if isinstance(value, list):
        return [expected(one) for one in value]
    return ANY if isinstance(value, datetime) else value


def written(request, signed_as):
    """Turn a request of botocore's serializers into the environment of a WSGI server."""
    body = request["body"] or b""
    if isinstance(body, dict):
        body = urlencode(body)
    body = body if isinstance(body, bytes) else body.encode()
    query = request["query_string"]
    environ = {
        "REQUEST_METHOD": request["method"],
        "PATH_INFO": request["url_path"].partition("?")[0],
        "RAW_URI": request["url_path"],
        "QUERY_STRING": "&".join(
            filter(
                None,
                [
                    request["url_path"].partition("?")[2],
                    query if isinstance(query, str) else urlencode(query, doseq=True),
                ],
            )
        ),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Credential=KEY/20260101/us-east-1/{signed_as}/aws4_request",
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
    }
    for name, value in request["headers"].items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


@pytest.mark.parametrize("service", SERVICES)
def test_e1_every_operation_is_read_as_botocore_writes_it(service):
    service, _, signed_as = service.partition(":")
    model = get_service_model(service)
    protocol = "json" if model.protocol == "smithy-rpc-v2-cbor" else model.protocol
    serializer = create_serializer(protocol, include_validation=False)
    for name in sorted(set(model.operation_names) - REPLACED):
        operation_model = model.operation_model(name)
        value = (operation_model.input_shape and example(operation_model.input_shape)) or {}
        if "ContentLength" in value:
            value["ContentLength"] = len(SCALARS["blob"])
        environ = written(serializer.serialize_to_request(value, operation_model), signed_as or service)
        operation = operation_of(environ)
        assert operation.action == name
        assert model_of(operation, environ).service_model.service_name == service
        read, unknown = read_input(environ, operation_model, protocol=operation.protocol, labels=operation.labels)
        if operation_model.has_streaming_input:
            value |= {operation_model.input_shape.serialization["payload"]: STREAM}
        if name in ("ImportRestApi", "PutRestApi"):
            # A map in the query string takes in every parameter of it.
            assert read.pop("parameters").items() >= value.pop("parameters").items()
        assert (name, read) == (name, expected(value))
        assert (name, list(unknown)) == (name, [])


def call(service, body, *, target="", content_type="application/x-amz-json-1.1"):
    """Build the environment of a POST."""
    request = {
        "method": "POST",
        "url_path": "/",
        "query_string": "",
        "body": body,
        "headers": {"Content-Type": content_type, "X-Amz-Target": target},
    }
    return written(request, service)


TABLE_OF_TYPES = [
    ({"KeyId": 7}, "NUMBER_VALUE can not be converted to String"),
    ({"NumberOfBytes": "7"}, "STRING_VALUE can not be converted to Integer"),
    ({"NumberOfBytes": True}, "TRUE_VALUE can not be converted to Integer"),
    ({"NumberOfBytes": 7.5}, "DECIMAL_VALUE can not be converted to Integer"),
    ({"EncryptionContext": ["a"]}, "START_ARRAY can not be converted to Map"),
    ({"GrantTokens": {"a": "b"}}, "START_OBJECT can not be converted to List"),
]


@pytest.mark.parametrize(("body", "message"), TABLE_OF_TYPES)
def test_e1_a_value_of_another_type_is_named_without_being_repeated(body, message):
    environ = call("kms", json.dumps(body), target="TrentService.GenerateDataKey")
    operation = operation_of(environ)
    with pytest.raises(UnreadableError, match=message):
        read_input(environ, model_of(operation, environ), protocol="json", labels={})


@pytest.mark.parametrize("body", ["{", "[]", '"text"', '{"KeyId": "k"} more', "[" * 100_000])
def test_e1_a_body_that_is_no_object_is_unreadable(body):
    environ = call("kms", body, target="TrentService.GenerateDataKey")
    with pytest.raises(UnreadableError):
        read_input(environ, model_of(operation_of(environ), environ), protocol="json", labels={})


def test_e1_unknown_members_are_found_at_any_depth():
    body = {"TableName": "t", "Surprise": 1, "KeySchema": [{"AttributeName": "a", "KeyType": "HASH", "Extra": 2}]}
    environ = call("dynamodb", json.dumps(body), target="DynamoDB_20120810.CreateTable")
    _, unknown = read_input(environ, model_of(operation_of(environ), environ), protocol="json", labels={})
    assert list(unknown) == ["Surprise", "Extra"]


def test_e1_unknown_parameters_of_a_form_are_found():
    body = "Action=CreateRole&Version=2010-05-08&RoleName=r&Rolename=r&Tags.member.1.Kez=k"
    environ = call("iam", body, content_type="application/x-www-form-urlencoded")
    _, unknown = read_input(environ, model_of(operation_of(environ), environ), protocol="query", labels={})
    assert list(unknown) == ["Rolename", "Tags.member.1.Kez"]
