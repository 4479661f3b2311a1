"""What moto keeps, read as API Gateway and Lambda understand it."""

import json

import pytest

from orchestrator.local_cloud.api.definition import Method, Resource
from orchestrator.local_cloud.api.deployed import _quota, _source_arn, _throttle
from orchestrator.local_cloud.api.limits import Quota, Throttle
from orchestrator.local_cloud.iam.enforce import service_request
from orchestrator.local_cloud.iam.evaluate import decide
from orchestrator.local_cloud.iam.policy import parse

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:api"
EXECUTION = "arn:aws:execute-api:us-east-1:123456789012:api1"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION,
    "Condition": {"ArnLike": {"AWS:SourceArn": f"{EXECUTION}/v1/GET/bars/*"}},
}


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"Condition": {}}, True),
        ({"Action": "lambda:*"}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": f"{EXECUTION}/*/*/bars/*"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "210987654321"}}}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": f"{EXECUTION}/v1/POST/bars/*"}}}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": f"{EXECUTION}/v2/GET/bars/*"}}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Action": "lambda:GetFunction"}, False),
        ({"Effect": "Deny"}, False),
        ({"Resource": f"{FUNCTION}:live"}, False),
    ],
)
def test_b6_a_function_says_which_methods_may_call_it(changes, allowed):
    resource = Resource(id="r", path="/bars/{symbol}")
    source = _source_arn("api1", "v1", resource, Method(verb="GET"))
    request = service_request("apigateway.amazonaws.com", "lambda:InvokeFunction", FUNCTION, source_arn=source)
    policy = parse("function", json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT | changes]}))
    assert decide(request, identity=(), boundary=None, resource=policy).allowed is allowed


@pytest.mark.parametrize(
    ("given", "throttle"),
    [
        ({"rateLimit": 1000.0, "burstLimit": 2000}, Throttle(rate=1000, burst=2000)),
        ({"rateLimit": 5}, Throttle(rate=5, burst=5)),
        ({"burstLimit": 5}, None),
        ({}, None),
    ],
)
def test_throttle(given, throttle):
    assert _throttle(given) == throttle


@pytest.mark.parametrize(
    ("given", "quota"),
    [
        ({"limit": "10", "period": "DAY"}, Quota(limit=10, period="DAY")),
        ({"limit": 10, "period": "WEEK", "offset": "2"}, Quota(limit=10, period="WEEK", offset=2)),
        ({"limit": 10, "period": "YEAR"}, None),
        ({}, None),
    ],
)
def test_quota(given, quota):
    assert _quota(given) == quota
