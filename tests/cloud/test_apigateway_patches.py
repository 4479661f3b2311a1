"""Patches that modules/apigw needs: a route, a model and the account's role can be changed in place."""

import json

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
