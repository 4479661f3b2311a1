"""The event of a proxy integration, and what becomes of the function's answer."""

import json
from base64 import b64encode

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from orchestrator.local_cloud.api.address import StageAddress
from orchestrator.local_cloud.api.answers import RefusedError
from orchestrator.local_cloud.api.call import ApiRequest, Progress
from orchestrator.local_cloud.api.definition import Key
from orchestrator.local_cloud.api.proxy import proxy_event, proxy_response


@pytest.fixture
def progress_of(stage, environ_of):
    """A request that found its resource."""

    def build(path, method="GET", body=b"", **headers):
        call = ApiRequest(environ_of(path, method, body, **headers), StageAddress("api1", "v1", path.partition("?")[0]))
        found = stage.definition.routes.find(call.target.path)
        return Progress(call=call, stage=stage, resource=found[0], path_parameters=found[1], key=Key(id="key1"))

    return build


def test_b6_the_event_has_what_functions_read(progress_of):
    progress = progress_of("/bars/BRK%2FB?a=1&b=%20x&a=2&c=", x_api_key="secret-1", user_agent="curl/8", accept="*/*")
    event = json.loads(proxy_event(progress))
    assert {name: event[name] for name in ("resource", "path", "httpMethod", "pathParameters", "stageVariables")} == {
        "resource": "/bars/{symbol}",
        "path": "/bars/BRK/B",
        "httpMethod": "GET",
        "pathParameters": {"symbol": "BRK/B"},
        "stageVariables": {"colour": "blue"},
    }
    assert event["queryStringParameters"] == {"a": "2", "b": " x", "c": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [" x"], "c": [""]}
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert event["headers"]["X-Api-Key"] == "secret-1"
    assert event["headers"]["Host"] == "api1.execute-api.us-east-1.amazonaws.com"
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}


def test_powertools_reads_the_request_context(progress_of):
    progress = progress_of("/health", x_api_key="secret-1", user_agent="curl/8")
    context = APIGatewayProxyEvent(json.loads(proxy_event(progress))).request_context
    seen = (context.account_id, context.api_id, context.stage, context.path, context.resource_path, context.http_method)
    assert seen == ("123456789012", "api1", "v1", "/v1/health", "/health", "GET")
    assert (context.identity.api_key_id, context.identity.source_ip, context.identity.user_agent) == (
        "key1",
        "127.0.0.1",
        "curl/8",
    )
    assert context.request_id == progress.call.request_id
    assert context.request_time_epoch == progress.call.epoch_ms
    assert context.domain_name == "api1.execute-api.us-east-1.amazonaws.com"
    assert context.request_time is not None
    assert context.request_time.endswith(" +0000")


def test_a_router_of_powertools_answers_it(progress_of):
    app = APIGatewayRestResolver()

    @app.get("/bars/<symbol>")
    def bars(symbol):
        return Response(status_code=202, content_type="application/json", body=json.dumps({"symbol": symbol}))

    progress = progress_of("/bars/AAPL?interval=1m")
    answer = app.resolve(json.loads(proxy_event(progress)), None)
    response = proxy_response(json.dumps(answer).encode(), progress)
    assert (response.status, response.body) == ("202 Accepted", b'{"symbol": "AAPL"}')
    assert response.header("Content-Type") == "application/json"


@pytest.mark.parametrize(
    ("content_type", "body", "passed_on"),
    [
        ("application/json", b'{"a": "\xc3\xa9"}', ('{"a": "é"}', False)),
        ("", b"text", ("text", False)),
        ("image/png", b"\x89PNG", (b64encode(b"\x89PNG").decode(), True)),
    ],
)
def test_bodies_are_text_or_base64(progress_of, content_type, body, passed_on):
    event = json.loads(proxy_event(progress_of("/open", "POST", body, CONTENT_TYPE=content_type)))
    assert (event["body"], event["isBase64Encoded"]) == passed_on


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ({"statusCode": 201, "body": "x"}, "201 Created", b"x"),
        ({"statusCode": "204"}, "204 No Content", b""),
        ({"statusCode": 299, "body": None}, "299 Status", b""),
        ({}, "200 OK", b""),
        ({"statusCode": 200, "body": "é", "isBase64Encoded": False}, "200 OK", "é".encode()),
        ({"statusCode": 200, "body": "\ud800"}, "200 OK", b"?"),
    ],
)
def test_an_answer_becomes_a_response(progress_of, answer, status, body):
    response = proxy_response(json.dumps(answer).encode(), progress_of("/open"))
    assert (response.status, response.body) == (status, body)
    assert response.header("Content-Type") == "application/json"


@pytest.mark.parametrize(
    "payload",
    [
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"statusCode": "ok"}',
        b'{"statusCode": 99}',
        b'{"statusCode": true}',
        b'{"statusCode": 100}',
        b"[" * 100_000,
        b'{"statusCode": "' + b"9" * 5000 + b'"}',
        b'{"statusCode": 200.5}',
        b'{"statusCode": 200, "body": {}}',
        b'{"statusCode": 200, "headers": []}',
        b'{"statusCode": 200, "headers": {"a": []}}',
        b'{"statusCode": 200, "headers": {"a": "1\\r\\nb: 2"}}',
        '{"statusCode": 200, "headers": {"a": "日本"}}'.encode(),
        b'{"statusCode": 200, "headers": {"a b": "1"}}',
        b'{"statusCode": 200, "headers": {"": "1"}}',
        b'{"statusCode": 200, "multiValueHeaders": {"a": "1"}}',
        b'{"statusCode": 200, "multiValueHeaders": {"a": ["1\\n2"]}}',
        b'{"statusCode": 200, "isBase64Encoded": "no", "body": ""}',
        b'{"statusCode": 200, "message": "unknown"}',
    ],
)
def test_b6_another_form_is_malformed(progress_of, payload):
    with pytest.raises(RefusedError) as caught:
        proxy_response(payload, progress_of("/open"))
    assert caught.value.kind == "DEFAULT_5XX"
    assert "Malformed Lambda proxy response" in caught.value.detail


def test_headers_come_from_both_maps_and_some_are_renamed(progress_of):
    answer = {
        "headers": {"content-type": "text/csv", "X-One": 1, "X-Yes": True, "X-None": None, "Set-Cookie": "a"},
        "multiValueHeaders": {"set-cookie": ["a", "b"], "Date": ["now"], "Transfer-Encoding": ["chunked"]},
    }
    progress = progress_of("/open")
    response = proxy_response(json.dumps(answer).encode(), progress)
    assert response.headers == (
        ("content-type", "text/csv"),
        ("X-One", "1"),
        ("X-Yes", "true"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
        ("x-amzn-Remapped-Date", "now"),
        ("x-amzn-RequestId", progress.call.request_id),
        ("x-amz-apigw-id", progress.call.extended_id),
        ("X-Amzn-Trace-Id", progress.call.trace_id),
    )


@pytest.mark.parametrize(
    ("accept", "body"),
    [("image/png", b"\x89"), ("image/*;q=0.8, */*", b"\x89"), ("text/html, image/png", b"iQ=="), ("", b"iQ==")],
)
def test_base64_is_decoded_for_clients_that_ask_for_a_binary_type_first(progress_of, accept, body):
    answer = {"statusCode": 200, "body": "iQ==", "isBase64Encoded": True}
    assert proxy_response(json.dumps(answer).encode(), progress_of("/open", accept=accept)).body == body


def test_base64_that_is_none_is_a_fault_of_the_configuration(progress_of):
    answer = {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True}
    with pytest.raises(RefusedError) as caught:
        proxy_response(json.dumps(answer).encode(), progress_of("/open", accept="image/png"))
    assert caught.value.kind == "API_CONFIGURATION_ERROR"
