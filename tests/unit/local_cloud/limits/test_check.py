"""The layer of limits and tokens, behind that of the models (E1)."""

import json

import pytest

from orchestrator.local_cloud.limits.check import check_limits
from orchestrator.local_cloud.limits.tokens import TokenMemory
from orchestrator.local_cloud.models.check import ModelTally, check_models


@pytest.fixture
def layer(answer):
    """The layers over a service that numbers its answers; the code of the answer to a key named "fails" is 500."""
    tally, tokens, calls = ModelTally(), TokenMemory(), []

    def service(environ):
        calls.append(environ["PATH_INFO"])
        return answer(500 if b"fails" in environ["wsgi.input"].read() else 200, body=str(len(calls)).encode())

    return check_models(check_limits(service, tally, tokens), tally), tally, tokens


def test_e1_a_limit_is_refused_with_its_code_and_counted(layer, request_to):
    handle, tally, _ = layer
    assert handle(request_to("s3", method="PUT", path="/good-name")).body == b"1"
    refused = handle(request_to("s3", method="PUT", path="/Bad_Name"))
    assert (refused.code, b"<Code>InvalidBucketName</Code>" in refused.body) == (400, True)
    assert tally.report() == {"checked": 2, "refused": {}, "unknown": {}, "limited": {"s3:CreateBucket": 1}}


def transact(request_to, token, key):
    item = {"Put": {"TableName": "table", "Item": {"pk": {"S": key}}}}
    return request_to(
        "dynamodb",
        body=json.dumps({"ClientRequestToken": token, "TransactItems": [item]}).encode(),
        HTTP_X_AMZ_TARGET="DynamoDB_20120810.TransactWriteItems",
    )


def test_e1_a_token_belongs_to_one_call_until_the_account_is_emptied(layer, request_to):
    handle, _, tokens = layer
    assert handle(transact(request_to, "t", "a")).body == b"1"
    assert handle(transact(request_to, "t", "a")).body == b"1"
    other = handle(transact(request_to, "t", "b"))
    assert json.loads(other.body)["__type"] == "IdempotentParameterMismatchException"
    assert handle(transact(request_to, "u", "b")).body == b"2"
    tokens.forget()
    assert handle(transact(request_to, "t", "b")).body == b"3"


def test_e1_the_token_of_a_call_that_failed_may_be_used_again(layer, request_to):
    handle, _, _ = layer
    assert handle(transact(request_to, "t", "fails")).code == 500
    assert handle(transact(request_to, "t", "a")).code == 200
