"""B9: which actions on which resources a call needs, read from requests as SDKs send them."""

import json
from urllib.parse import urlencode

import pytest

from orchestrator.local_cloud.iam.calls import MalformedCallError, read_call
from orchestrator.local_cloud.iam.services import wanted
from orchestrator.local_cloud.operation import operation_of

HERE = "us-east-1:123456789012"


def requested(environ):
    return [(one.action, one.resource) for one in wanted(read_call(environ, operation_of(environ)))]


def expected_of(service, text):
    """Parse "Action resource, resource, Action resource"; a resource that is no ARN is one of the service."""
    found, action = [], ""
    prefix = f"arn:aws:{service}:{':' if service == 's3' else HERE}:"
    for pair in text.split(", ") if text else []:
        stated, _, name = pair.partition(" ") if " " in pair else ("", "", pair)
        action = stated or action
        resource = name if name == "*" or name.startswith("arn:") else prefix + name
        found.append((f"{service}:{action}", resource))
    return found


@pytest.mark.parametrize(
    ("request_line", "headers", "expected"),
    [
        ("GET /", {}, "ListAllMyBuckets *"),
        ("HEAD /b", {}, "ListBucket b"),
        ("GET /b?list-type=2&prefix=a", {}, "ListBucket b"),
        ("GET /b?versions", {}, "ListBucketVersions b"),
        ("GET /b?encryption", {}, "GetEncryptionConfiguration b"),
        ("DELETE /b?lifecycle", {}, "PutLifecycleConfiguration b"),
        ("DELETE /b/k?versionId=1", {}, "DeleteObjectVersion b/k"),
        ("PUT /b/a/k", {}, "PutObject b/a/k"),
        ("PUT /b/k?tagging", {}, "PutObjectTagging b/k"),
        ("POST /b/k?uploads", {}, "PutObject b/k"),
        ("DELETE /b/k?uploadId=1", {}, "AbortMultipartUpload b/k"),
        # Reading a missing object requires the right to list.
        ("GET /b/k", {}, "GetObject b/k, ListBucket b"),
        ("GET /b/k?versionId=1", {}, "GetObjectVersion b/k, ListBucket b"),
        ("PUT /b/k", {"ACL": "private", "TAGGING": "a=b"}, "PutObject b/k, PutObjectAcl b/k, PutObjectTagging b/k"),
        ("PUT /b/k", {"COPY_SOURCE": "/a/x%20y?versionId=3"}, "GetObjectVersion a/x y, PutObject b/k"),
        ("PUT /k", {"HTTP_HOST": "b.s3.us-east-1.amazonaws.com"}, "PutObject b/k"),
    ],
)
def test_s3(request_to, request_line, headers, expected):
    method, url = request_line.split()
    path, _, query = url.partition("?")
    named = {name if name == "HTTP_HOST" else f"HTTP_X_AMZ_{name}": value for name, value in headers.items()}
    environ = request_to("s3", method=method, path=path, QUERY_STRING=query, RAW_URI=url, **named)
    assert requested(environ) == expected_of("s3", expected)


def test_s3_deletes_objects_one_by_one(request_to):
    body = (
        b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>1</VersionId></Object>"
        b"<Object><Key>d</Key><VersionId>2</VersionId></Object></Delete>"
    )
    environ = request_to("s3", path="/b", body=body, QUERY_STRING="delete", RAW_URI="/b?delete")
    assert requested(environ) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a&b"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/c"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/d"),
    ]
    assert environ["wsgi.input"].read() == body
    environ["wsgi.input"].seek(0)
    versions = [one.context.get("s3:versionid") for one in wanted(read_call(environ, operation_of(environ)))]
    assert versions == [None, ("1",), ("2",)], "each is judged by its own version"


TWO_TABLES = {"a": {"Keys": []}, "b": {"Keys": []}}
TWO_WRITES = [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]
STREAM = {"logGroupName": "/g", "logStreamName": "s"}
MACHINE = "arn:aws:states:r:1:x"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, "GetItem table/t"),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, "Query table/t/index/i"),
        ("dynamodb", "BatchGetItem", {"RequestItems": TWO_TABLES}, "BatchGetItem table/a, BatchGetItem table/b"),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": TWO_WRITES},
            "PutItem table/a, ConditionCheckItem table/b",
        ),
        ("dynamodb", "ExecuteStatement", {"Statement": 'DELETE FROM "t" WHERE id = ?'}, "PartiQLDelete table/t"),
        ("dynamodb", "ExecuteStatement", {"Statement": "explain x"}, "PartiQLSelect table/*"),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://127.0.0.1:1/123456789012/q"}, "SendMessage q"),
        ("sqs", "GetQueueUrl", {"QueueName": "q"}, "GetQueueUrl q"),
        ("kms", "GenerateRandom", {}, "GenerateRandom *"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, "GetSecretValue secret:s"),
        ("logs", "PutLogEvents", STREAM, "PutLogEvents log-group:/g:log-stream:s"),
        ("logs", "CreateLogStream", STREAM, "CreateLogStream log-group:/g:log-stream:"),
        ("logs", "DescribeLogGroups", {}, "DescribeLogGroups *"),
        ("logs", "DescribeLogStreams", {"logGroupName": "/g"}, "DescribeLogStreams log-group:/g:log-stream:"),
        (
            "logs",
            "StartQuery",
            {"logGroupNames": ["/g", "h"]},
            "StartQuery log-group:/g:log-stream:, StartQuery log-group:h:log-stream:",
        ),
        ("logs", "PutDestination", {"destinationName": "d"}, "PutDestination destination:d"),
        ("ssm", "GetParameters", {"Names": ["/a/b", "c"]}, "GetParameters parameter/a/b, GetParameters parameter/c"),
        ("events", "PutEvents", {"Entries": [{"EventBusName": "x"}, {}]}, "PutEvents event-bus/default, event-bus/x"),
        ("events", "DescribeRule", {"Name": "r"}, "DescribeRule rule/r"),
        ("firehose", "PutRecord", {"DeliveryStreamName": "d"}, "PutRecord deliverystream/d"),
        # Services without an entry.
        ("states", "StartExecution", {"stateMachineArn": MACHINE}, f"StartExecution {MACHINE}"),
        ("glue", "GetTables", {"DatabaseName": "d"}, "GetTables *"),
    ],
)
def test_json_services(request_to, service, operation, parameters, expected):
    environ = request_to(service, body=json.dumps(parameters).encode(), HTTP_X_AMZ_TARGET=f"X.{operation}")
    assert requested(environ) == expected_of(service, expected)


ALARMS = {"AlarmNames.member.1": "a", "AlarmNames.member.2": "b"}
INTERFACE = {"SubnetId": "subnet-12345678", "SecurityGroupId.1": "sg-12345678"}


@pytest.mark.parametrize(
    ("service", "action", "parameters", "expected"),
    [
        ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, "Publish t"),
        ("sns", "Unsubscribe", {"SubscriptionArn": f"arn:aws:sns:{HERE}:t:1-2"}, "Unsubscribe *"),
        ("sts", "GetCallerIdentity", {}, ""),
        ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::1:role/r"}, "AssumeRole arn:aws:iam::1:role/r"),
        ("ec2", "DescribeSubnets", {"SubnetId.1": "subnet-12345678"}, "DescribeSubnets *"),
        (
            "ec2",
            "CreateNetworkInterface",
            INTERFACE,
            "CreateNetworkInterface subnet/subnet-12345678, security-group/sg-12345678, network-interface/*",
        ),
        ("iam", "GetRole", {"RoleName": "r"}, "GetRole arn:aws:iam::123456789012:role/r"),
        ("monitoring", "PutMetricData", {"Namespace": "n"}, "PutMetricData *"),
        ("monitoring", "DeleteAlarms", ALARMS, "DeleteAlarms alarm:a, alarm:b"),
    ],
)
def test_form_services(request_to, service, action, parameters, expected):
    environ = request_to(service, body=urlencode({"Action": action, **parameters}).encode())
    assert requested(environ) == expected_of("cloudwatch" if service == "monitoring" else service, expected)


@pytest.mark.parametrize(
    ("service", "request_line", "expected"),
    [
        ("lambda", "POST /2015-03-31/functions/f/invocations", "InvokeFunction function:f"),
        ("lambda", "GET /2015-03-31/functions/f", "GetFunction function:f"),
        ("lambda", "GET /2015-03-31/functions", "ListFunctions *"),
        ("apigateway", "GET /restapis/a", "GET arn:aws:apigateway:us-east-1::/restapis/a"),
        ("xray", "POST /TraceSegments", "PutTraceSegments *"),
    ],
)
def test_rest_services(request_to, service, request_line, expected):
    method, path = request_line.split()
    assert requested(request_to(service, method=method, path=path)) == expected_of(service, expected)


def test_data_may_be_no_json(request_to):
    environ = request_to("apigateway", method="PUT", path="/restapis/a", body=b"openapi: 3.0.0")
    assert requested(environ) == [("apigateway:PUT", "arn:aws:apigateway:us-east-1::/restapis/a")]


def test_a_payload_contains_no_parameters(request_to):
    body = b'{"FunctionName": "other"}'
    environ = request_to("lambda", path="/2015-03-31/functions/f/invocations", body=body)
    assert requested(environ) == [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")]


@pytest.mark.parametrize(
    ("query", "key", "value"),
    [("prefix=", "s3:prefix", ""), ("prefix=a", "s3:prefix", "a"), ("delimiter=/", "s3:delimiter", "/")],
)
def test_keys_of_lists(request_to, query, key, value):
    environ = request_to("s3", method="GET", path="/b", QUERY_STRING=query, RAW_URI=f"/b?{query}")
    [one] = wanted(read_call(environ, operation_of(environ)))
    assert one.context[key] == (value,)


def test_region_and_headers_of_a_call(request_to):
    environ = request_to("sqs", HTTP_X_AMZ_TARGET="AmazonSQS.ListQueues", HTTP_USER_AGENT="boto")
    environ["HTTP_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"].replace("us-east-1", "eu-west-1")
    call = read_call(environ, operation_of(environ))
    assert (call.region, call.headers["user-agent"]) == ("eu-west-1", "boto")


def test_the_region_of_a_presigned_url(request_to):
    query = "X-Amz-Credential=LOCALPLATFORMCTLFAKE%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0"
    environ = request_to("", method="GET", path="/b/k", QUERY_STRING=query, RAW_URI=f"/b/k?{query}")
    call = read_call(environ, operation_of(environ))
    assert call.region == "eu-west-1"
    assert next(iter(wanted(call))).context["s3:authtype"] == ("REST-QUERY-STRING",)


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"MaxNumberOfMessages": ' + b"9" * 5000 + b"}"])
def test_a_body_that_is_no_json_is_malformed(request_to, body):
    environ = request_to("sqs", body=body, HTTP_X_AMZ_TARGET="AmazonSQS.SendMessage")
    with pytest.raises(MalformedCallError):
        read_call(environ, operation_of(environ))


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "BatchGetItem", {"RequestItems": []}),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [1]}}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": ["Put"]}),
        ("dynamodb", "GetItem", {"TableName": "t", "ProjectionExpression": "#a", "ExpressionAttributeNames": "x"}),
        ("events", "PutEvents", {"Entries": [1]}),
    ],
)
def test_parameters_of_another_shape_are_malformed(request_to, service, operation, parameters):
    environ = request_to(service, body=json.dumps(parameters).encode(), HTTP_X_AMZ_TARGET=f"X.{operation}")
    with pytest.raises(MalformedCallError, match=operation):
        requested(environ)


@pytest.mark.parametrize("body", [b"<Delete><Object>" * 60_000, b"", b"<Delete><Object><Key>a</Key></Delete>"])
def test_a_list_of_objects_that_is_no_xml_is_malformed(request_to, body):
    environ = request_to("s3", path="/b", body=body, QUERY_STRING="delete", RAW_URI="/b?delete")
    with pytest.raises(MalformedCallError, match="DeleteObjects"):
        requested(environ)
