"""B9: which actions on which resources a call needs, read from requests as SDKs send them."""

import json
from urllib.parse import urlencode

import pytest

from orchestrator.local_cloud.iam.calls import ApiCall, MalformedCallError, read_call
from orchestrator.local_cloud.iam.services import wanted
from orchestrator.local_cloud.operation import operation_of

HERE = "us-east-1:123456789012"


def requested(environ):
    return [(one.action, one.resource) for one in wanted(read_call(environ, operation_of(environ)))]


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        ("GET", "/", "", {}, [("s3:ListAllMyBuckets", "*")]),
        ("HEAD", "/b", "", {}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GET", "/b", "list-type=2&prefix=a", {}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GET", "/b", "versions", {}, [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
        ("GET", "/b", "encryption", {}, [("s3:GetEncryptionConfiguration", "arn:aws:s3:::b")]),
        ("DELETE", "/b", "lifecycle", {}, [("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")]),
        ("DELETE", "/b/k", "versionId=1", {}, [("s3:DeleteObjectVersion", "arn:aws:s3:::b/k")]),
        ("PUT", "/b/a/k", "", {}, [("s3:PutObject", "arn:aws:s3:::b/a/k")]),
        ("PUT", "/b/k", "tagging", {}, [("s3:PutObjectTagging", "arn:aws:s3:::b/k")]),
        ("POST", "/b/k", "uploads", {}, [("s3:PutObject", "arn:aws:s3:::b/k")]),
        ("DELETE", "/b/k", "uploadId=1", {}, [("s3:AbortMultipartUpload", "arn:aws:s3:::b/k")]),
        # Reading a missing object requires the right to list.
        ("GET", "/b/k", "", {}, [("s3:GetObject", "arn:aws:s3:::b/k"), ("s3:ListBucket", "arn:aws:s3:::b")]),
        (
            "GET",
            "/b/k",
            "versionId=1",
            {},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k"), ("s3:ListBucket", "arn:aws:s3:::b")],
        ),
        (
            "PUT",
            "/b/k",
            "",
            {"HTTP_X_AMZ_ACL": "private", "HTTP_X_AMZ_TAGGING": "a=b"},
            [(f"s3:PutObject{kind}", "arn:aws:s3:::b/k") for kind in ("", "Acl", "Tagging")],
        ),
        (
            "PUT",
            "/b/k",
            "",
            {"HTTP_X_AMZ_COPY_SOURCE": "/a/x%20y?versionId=3"},
            [("s3:GetObjectVersion", "arn:aws:s3:::a/x y"), ("s3:PutObject", "arn:aws:s3:::b/k")],
        ),
        ("PUT", "/k", "", {"HTTP_HOST": "b.s3.us-east-1.amazonaws.com"}, [("s3:PutObject", "arn:aws:s3:::b/k")]),
    ],
)
def test_s3(request_to, method, path, query, headers, expected):
    raw = {"QUERY_STRING": query, "RAW_URI": f"{path}{'?' + query if query else ''}"}
    environ = request_to("s3", method=method, path=path, **raw, **headers)
    assert requested(environ) == expected


def test_s3_deletes_objects_one_by_one(request_to):
    body = b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>1</VersionId></Object></Delete>"
    environ = request_to("s3", path="/b", body=body, QUERY_STRING="delete", RAW_URI="/b?delete")
    assert requested(environ) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a&b"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/c"),
    ]
    assert environ["wsgi.input"].read() == body


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, [("dynamodb:GetItem", "dynamodb:{}:table/t")]),
        (
            "dynamodb",
            "Query",
            {"TableName": "t", "IndexName": "i"},
            [("dynamodb:Query", "dynamodb:{}:table/t/index/i")],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"a": {"Keys": []}, "b": {"Keys": []}}},
            [("dynamodb:BatchGetItem", f"dynamodb:{{}}:table/{name}") for name in "ab"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
            [("dynamodb:PutItem", "dynamodb:{}:table/a"), ("dynamodb:ConditionCheckItem", "dynamodb:{}:table/b")],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": 'DELETE FROM "t" WHERE id = ?'},
            [("dynamodb:PartiQLDelete", "dynamodb:{}:table/t")],
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://127.0.0.1:1/123456789012/q"},
            [("sqs:SendMessage", "sqs:{}:q")],
        ),
        ("sqs", "GetQueueUrl", {"QueueName": "q"}, [("sqs:GetQueueUrl", "sqs:{}:q")]),
        ("kms", "GenerateRandom", {}, [("kms:GenerateRandom", "*")]),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "s"},
            [("secretsmanager:GetSecretValue", "secretsmanager:{}:secret:s")],
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:PutLogEvents", "logs:{}:log-group:/g:log-stream:s")],
        ),
        (
            "logs",
            "CreateLogStream",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:CreateLogStream", "logs:{}:log-group:/g:log-stream:")],
        ),
        ("logs", "DescribeLogGroups", {}, [("logs:DescribeLogGroups", "logs:{}:log-group::log-stream:")]),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/a/b", "c"]},
            [("ssm:GetParameters", f"ssm:{{}}:parameter/{name}") for name in ("a/b", "c")],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"EventBusName": "x"}, {}]},
            [("events:PutEvents", f"events:{{}}:event-bus/{name}") for name in ("default", "x")],
        ),
        ("events", "DescribeRule", {"Name": "r"}, [("events:DescribeRule", "events:{}:rule/r")]),
        (
            "firehose",
            "PutRecord",
            {"DeliveryStreamName": "d"},
            [("firehose:PutRecord", "firehose:{}:deliverystream/d")],
        ),
        # Services without an entry.
        (
            "states",
            "StartExecution",
            {"stateMachineArn": "arn:aws:states:r:1:x"},
            [("states:StartExecution", "arn:aws:states:r:1:x")],
        ),
        ("glue", "GetTables", {"DatabaseName": "d"}, [("glue:GetTables", "*")]),
    ],
)
def test_json_services(request_to, service, operation, parameters, expected):
    environ = request_to(service, body=json.dumps(parameters).encode(), HTTP_X_AMZ_TARGET=f"X.{operation}")
    whole = [
        (action, resource if resource == "*" or resource.startswith("arn:") else f"arn:aws:{resource.format(HERE)}")
        for action, resource in expected
    ]
    assert requested(environ) == whole


@pytest.mark.parametrize(
    ("service", "form", "expected"),
    [
        (
            "sns",
            {"Action": "PublishBatch", "TopicArn": f"arn:aws:sns:{HERE}:t"},
            [("sns:Publish", f"arn:aws:sns:{HERE}:t")],
        ),
        (
            "sns",
            {"Action": "Unsubscribe", "SubscriptionArn": f"arn:aws:sns:{HERE}:t:1-2"},
            [("sns:Unsubscribe", f"arn:aws:sns:{HERE}:t")],
        ),
        ("sts", {"Action": "GetCallerIdentity"}, []),
        (
            "sts",
            {"Action": "AssumeRole", "RoleArn": "arn:aws:iam::1:role/r"},
            [("sts:AssumeRole", "arn:aws:iam::1:role/r")],
        ),
        ("ec2", {"Action": "DescribeSubnets", "SubnetId.1": "subnet-12345678"}, [("ec2:DescribeSubnets", "*")]),
        (
            "ec2",
            {"Action": "CreateNetworkInterface", "SubnetId": "subnet-12345678", "SecurityGroupId.1": "sg-12345678"},
            [
                ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:{resource}")
                for resource in ("network-interface/*", "subnet/subnet-12345678", "security-group/sg-12345678")
            ],
        ),
        ("iam", {"Action": "GetRole", "RoleName": "r"}, [("iam:GetRole", "arn:aws:iam::123456789012:role/r")]),
        ("monitoring", {"Action": "PutMetricData", "Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
        (
            "monitoring",
            {"Action": "DeleteAlarms", "AlarmNames.member.1": "a", "AlarmNames.member.2": "b"},
            [("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:{name}") for name in "ab"],
        ),
    ],
)
def test_form_services(request_to, service, form, expected):
    assert requested(request_to(service, body=urlencode(form).encode())) == expected


@pytest.mark.parametrize(
    ("service", "method", "path", "expected"),
    [
        (
            "lambda",
            "POST",
            "/2015-03-31/functions/f/invocations",
            [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")],
        ),
        ("lambda", "GET", "/2015-03-31/functions/f", [("lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:f")]),
        ("lambda", "GET", "/2015-03-31/functions", [("lambda:ListFunctions", "*")]),
        ("apigateway", "GET", "/restapis/a", [("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/a")]),
        ("xray", "POST", "/TraceSegments", [("xray:PutTraceSegments", "*")]),
    ],
)
def test_rest_services(request_to, service, method, path, expected):
    assert requested(request_to(service, method=method, path=path)) == expected


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


def test_lists_of_forms_and_of_json():
    form = ApiCall(service="s", operation="o", region="r", parameters={"A.1": "x", "A.member.2": "y", "AB.1": "z"})
    assert list(form.listed("A")) == ["x", "y"]
    given = ApiCall(service="s", operation="o", region="r", parameters={"A": ["x"]})
    assert list(given.listed("A")) == ["x"]
