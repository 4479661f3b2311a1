"""Patches that modules/apigw needs: a route, a model and the account's role can be changed in place."""

import json
import re

import pytest
from botocore.exceptions import ClientError

FUNCTION = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:{}/invocations"


@pytest.fixture
def route(client, name):
    """The ids of an API and of its resource /{symbol}, with GET."""
    api = client("apigateway")
    rest = api.create_rest_api(name=name)
    made = api.create_resource(restApiId=rest["id"], parentId=rest["rootResourceId"], pathPart="{symbol}")
    ids = {"restApiId": rest["id"], "resourceId": made["id"]}
    api.put_method(
        **ids,
        httpMethod="GET",
        authorizationType="NONE",
        apiKeyRequired=True,
        requestParameters={"method.request.path.symbol": True},
    )
    api.put_integration(
        **ids, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST", uri=FUNCTION.format("before")
    )
    yield ids
    api.delete_rest_api(restApiId=rest["id"])


def change(path, value=None, op="replace"):
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


def test_b6_a_path_parameter_can_be_renamed(client, route):
    api = client("apigateway")
    api.update_resource(**route, patchOperations=[change("/pathPart", "{ticker}")])
    found = api.get_resource(**route)
    assert (found["pathPart"], found["path"]) == ("{ticker}", "/{ticker}")


def test_b6_a_method_takes_its_changes_and_keeps_the_rest(client, route):
    api = client("apigateway")
    changes = [
        change("/requestParameters/method.request.path.symbol", op="remove"),
        change("/requestParameters/method.request.path.ticker", "true", op="add"),
        change("/requestModels/application~1json", "Trade", op="add"),
        change("/apiKeyRequired", "false"),
    ]
    api.update_method(**route, httpMethod="GET", patchOperations=changes)
    found = api.get_method(**route, httpMethod="GET")
    assert found["requestParameters"] == {"method.request.path.ticker": True}
    assert found["requestModels"] == {"application/json": "Trade"}
    assert found["apiKeyRequired"] is False
    assert found["authorizationType"] == "NONE"
    assert found["methodIntegration"]["uri"] == FUNCTION.format("before")


def test_b6_an_integration_takes_another_function_and_timeout(client, route):
    api = client("apigateway")
    changes = [change("/uri", FUNCTION.format("after")), change("/timeoutInMillis", "5000")]
    api.update_integration(**route, httpMethod="GET", patchOperations=changes)
    found = api.get_integration(**route, httpMethod="GET")
    assert (found["uri"], found["timeoutInMillis"], found["type"]) == (FUNCTION.format("after"), 5000, "AWS_PROXY")


def test_b6_a_model_takes_another_schema(client, route):
    api = client("apigateway")
    rest = route["restApiId"]
    api.create_model(restApiId=rest, name="Trade", contentType="application/json", schema="{}")
    schema = json.dumps({"type": "object"})
    api.update_model(restApiId=rest, modelName="Trade", patchOperations=[change("/schema", schema)])
    assert api.get_model(restApiId=rest, modelName="Trade")["schema"] == schema


def test_b6_what_cannot_be_changed_is_refused(client, route):
    with pytest.raises(ClientError, match="Invalid patch path '/httpMethod'"):
        client("apigateway").update_method(**route, httpMethod="GET", patchOperations=[change("/httpMethod", "PUT")])


def test_b12_b15_the_account_can_give_its_role_back(client):
    api = client("apigateway")
    role = "arn:aws:iam::123456789012:role/iam-role-api-logs"
    assert api.update_account(patchOperations=[change("/cloudwatchRoleArn", role)])["cloudwatchRoleArn"] == role
    api.update_account(patchOperations=[change("/cloudwatchRoleArn")])
    assert not api.get_account().get("cloudwatchRoleArn")


@pytest.fixture
def binary(client, name):
    """The id of an API whose bodies are images."""
    api = client("apigateway")
    made = api.create_rest_api(name=name, binaryMediaTypes=["image/png", "image/gif"])
    assert made["binaryMediaTypes"] == ["image/png", "image/gif"]
    yield made["id"]
    api.delete_rest_api(restApiId=made["id"])


@pytest.mark.parametrize(
    ("operation", "types"),
    [
        (change("/binaryMediaTypes/application~1zip", op="add"), ["image/png", "image/gif", "application/zip"]),
        (change("/binaryMediaTypes/*~1*", op="add"), ["image/png", "image/gif", "*/*"]),
        (change("/binaryMediaTypes/a~1b~0c", op="add"), ["image/png", "image/gif", "a/b~c"]),
        (change("/binaryMediaTypes/image~1png", op="add"), ["image/png", "image/gif"]),
        (change("/binaryMediaTypes/image~1png", op="remove"), ["image/gif"]),
        (change("/binaryMediaTypes/image~1png", "font/woff"), ["font/woff", "image/gif"]),
        (change("/binaryMediaTypes", "font/woff"), ["font/woff"]),
        (change("/binaryMediaTypes", "font/woff", op="add"), ["image/png", "image/gif", "font/woff"]),
        (change("/binaryMediaTypes/image/png", op="add"), None),
        (change("/binaryMediaTypes/font~1woff", op="remove"), None),
        (change("/binaryMediaTypes/font~1woff", "image/png"), None),
        (change("/binaryMediaTypes", op="add"), None),
    ],
)
def test_binary_media_types_survive_create_patch_and_get(client, binary, operation, types):
    api = client("apigateway")
    if types is None:
        types = ["image/png", "image/gif"]
        with pytest.raises(ClientError, match=f"Invalid patch path {re.escape(operation['path'])}"):
            api.update_rest_api(restApiId=binary, patchOperations=[operation])
    else:
        assert api.update_rest_api(restApiId=binary, patchOperations=[operation])["binaryMediaTypes"] == types
    assert api.get_rest_api(restApiId=binary)["binaryMediaTypes"] == types
    api.update_rest_api(restApiId=binary, patchOperations=[change("/description", "changed")])
    assert api.get_rest_api(restApiId=binary)["binaryMediaTypes"] == types


def test_d7_the_minimum_compression_size_can_be_changed_and_taken_away(client, binary):
    api = client("apigateway")
    for value, size in (("1024", 1024), ("0", 0), (None, None)):
        operation = change("/minimumCompressionSize", *([value] if value else []))
        assert api.update_rest_api(restApiId=binary, patchOperations=[operation]).get("minimumCompressionSize") == size
        assert api.get_rest_api(restApiId=binary).get("minimumCompressionSize") == size


def test_an_imported_definition_brings_its_binary_media_types(client):
    api = client("apigateway")
    document = {
        "openapi": "3.0.1",
        "info": {"title": "images", "description": "images", "version": "1"},
        "paths": {},
        "x-amazon-apigateway-binary-media-types": ["image/*"],
    }
    made = api.import_rest_api(body=json.dumps(document))
    assert api.get_rest_api(restApiId=made["id"])["binaryMediaTypes"] == ["image/*"]
    api.delete_rest_api(restApiId=made["id"])


def test_b6_whatever_has_tags_can_be_tagged_anew(client, name):
    api = client("apigateway")
    rest, key = api.create_rest_api(name=name, tags={"a": "1"})["id"], api.create_api_key(name=name)["id"]
    plan = api.create_usage_plan(name=name, tags={"a": "1"})["id"]
    try:
        for path, read in (
            (f"restapis/{rest}", lambda: api.get_rest_api(restApiId=rest)),
            (f"apikeys/{key}", lambda: api.get_api_key(apiKey=key)),
            (f"usageplans/{plan}", lambda: api.get_usage_plan(usagePlanId=plan)),
        ):
            arn = f"arn:aws:apigateway:us-east-1::/{path}"
            api.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3", "c": "4"})
            api.untag_resource(resourceArn=arn, tagKeys=["b", "c"])
            assert read()["tags"] == api.get_tags(resourceArn=arn)["tags"] == {"a": "2"}
        with pytest.raises(api.exceptions.NotFoundException):
            api.get_tags(resourceArn="arn:aws:apigateway:us-east-1::/restapis/none")
        with pytest.raises(api.exceptions.BadRequestException):
            api.get_tags(resourceArn="arn:aws:apigateway:us-east-1::/account")
    finally:
        api.delete_usage_plan(usagePlanId=plan)
        api.delete_api_key(apiKey=key)
        api.delete_rest_api(restApiId=rest)
