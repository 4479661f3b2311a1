"""A request through all of API Gateway's steps, and what stops it."""

import json
import logging
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from orchestrator.local_cloud.api.definition import Deployed
from orchestrator.local_cloud.api.gateway import _CALLS_AT_ONCE
from orchestrator.local_cloud.api.limits import Limiter, Plan, Throttle
from orchestrator.local_cloud.api.variables import Text
from orchestrator.local_cloud.wsgi import plain

FORBIDDEN = {"message": "Forbidden"}
INTERNAL = "Internal server error"


def without_id(response):
    """The body; of a request id only that it is the one of the headers."""
    body = json.loads(response.body)
    if "requestId" in body:
        assert body.pop("requestId") == response.header("x-amzn-RequestId")
    return body


@pytest.mark.parametrize(
    ("path", "method", "headers", "status", "body", "exception"),
    [
        ("/health", "GET", {}, 403, FORBIDDEN, "ForbiddenException"),
        ("/health", "GET", {"x_api_key": "wrong"}, 403, FORBIDDEN, "ForbiddenException"),
        ("/health", "GET", {"x_api_key": "secret-3"}, 403, FORBIDDEN, "ForbiddenException"),
        ("/none", "GET", {}, 404, {"message": "Not Found"}, "MissingAuthenticationTokenException"),
        ("/", "GET", {}, 404, {"message": "Not Found"}, "MissingAuthenticationTokenException"),
        ("/health", "POST", {}, 404, {"message": "Not Found"}, "MissingAuthenticationTokenException"),
        ("/forbidden", "GET", {}, 500, {"message": INTERNAL}, "InternalServerErrorException"),
        ("/bare", "GET", {}, 500, {"message": INTERNAL}, "InternalServerErrorException"),
        # Lambda refuses: there is no such function.
        ("/missing", "GET", {}, 500, {"message": INTERNAL}, "InternalServerErrorException"),
    ],
)
def test_b6_what_stops_a_request(ask, functions, path, method, headers, status, body, exception):
    response = ask(path, method, **headers)
    assert (response.code, without_id(response), response.header("x-amzn-ErrorType")) == (status, body, exception)
    assert [event for event in functions.events if event["path"] != "/missing"] == []


def test_b6_a_key_of_the_usage_plan_opens_the_method(ask, functions):
    response = ask("/health", x_api_key="secret-1")
    assert (response.code, response.body) == (200, b"{}")
    identity = functions.events[0]["requestContext"]["identity"]
    assert (identity["apiKeyId"], identity["apiKey"]) == ("key1", "secret-1")


def test_b6_each_key_is_throttled_for_itself_before_its_function_runs(ask, functions):
    statuses = [ask("/health", x_api_key="secret-1").code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert len(functions.events) == 2
    assert ask("/health", x_api_key="secret-2").code == 200


def test_a_gateway_response_has_the_wording_and_headers_of_the_api(ask):
    response = [ask("/health", x_api_key="secret-1") for _ in range(3)][-1]
    assert without_id(response) == {"message": "Too Many Requests"}
    assert response.header("x-amzn-ErrorType") == "TooManyRequestsException"
    assert (response.header("Retry-After"), response.header("X-Stage")) == ("1", "v1")
    assert response.header("Content-Length") == str(len(response.body))


def test_a_kind_without_wording_takes_that_of_its_class(ask):
    response = ask("/bare")
    assert response.header("Cache-Control") == "no-store"
    assert "requestId" in json.loads(response.body)


@pytest.mark.parametrize(
    ("query", "headers", "missing"),
    [
        ("?interval=1m", {"x_desk": "a"}, None),
        ("", {"x_desk": "a"}, "interval"),
        ("?interval=", {"x_desk": "a"}, "interval"),
        ("?interval=1m", {}, "X-Desk"),
        ("?other=1", {"x_desk": " "}, "X-Desk, interval"),
    ],
)
def test_b6_required_parameters_must_be_there_and_not_blank(ask, query, headers, missing):
    response = ask(f"/bars/AAPL{query}", x_api_key="secret-1", **headers)
    if missing is None:
        assert response.code == 200
    else:
        assert response.code == 400
        assert json.loads(response.body) == {"message": f"Missing required request parameters: [{missing}]"}


@pytest.mark.parametrize(
    ("method", "content_type", "body", "status"),
    [
        ("POST", "application/json", b'{"user_id": "ada"}', 200),
        ("POST", "application/json", b'{"user_id": ""}', 400),
        ("POST", "text/plain", b"hello", 400),
        ("POST", "", b"hello", 400),
        ("POST", "application/json", b"", 400),
        # Only of this type: another one is passed on, a missing one is taken for JSON.
        ("PUT", "Application/JSON; charset=utf-8", b"[]", 400),
        ("PUT", "", b"[]", 400),
        ("PUT", "text/plain", b"[]", 200),
    ],
)
def test_b6_bodies_must_fit_their_model(ask, method, content_type, body, status):
    response = ask("/sessions", method, body, CONTENT_TYPE=content_type)
    assert response.code == status
    if status == 400:
        assert json.loads(response.body) == {"message": "Invalid request body"}


def test_a_body_above_10_mib_is_refused_unread(ask, functions):
    assert ask("/open", "POST", b"x" * (10 << 20)).code == 200
    functions.events.clear()
    response = ask("/open", "POST", b"x" * ((10 << 20) + 1))
    assert (response.code, functions.events) == (413, [])


def test_a_function_that_is_too_slow_is_given_up(ask, functions, lines, plane):
    going, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_):
        going.set()
        may_end.wait(10)
        ended.set()
        return functions.by_name["api"](_)

    functions.by_name["slow"] = slow
    response = ask("/slow")
    assert response.code == 504
    assert without_id(response) == {"message": "Endpoint request timed out"}
    assert going.is_set()
    assert not ended.is_set()
    may_end.set()
    assert ended.wait(10)
    plane.records.flush()
    assert any(
        "Execution failed due to a timeout error" in line for line in lines["API-Gateway-Execution-Logs_api1/v1"]
    )


def test_a_timeout_that_the_invocation_raises_is_lambdas_and_not_the_integrations(ask, functions):
    def broken(_):
        raise TimeoutError("the socket")

    functions.by_name["api"] = broken
    assert ask("/open").code == 500


def test_a_function_that_fails_is_502_and_its_error_stays_inside(ask, functions):
    functions.by_name["api"] = lambda _: SimpleNamespace(
        payload=b'{"errorMessage": "secret"}', function_error="Unhandled"
    )
    response = ask("/open")
    assert (response.code, without_id(response)) == (502, {"message": INTERNAL})


@pytest.mark.parametrize(("path", "word"), [("/odd", "ODD"), ("/http", "HTTP_PROXY")])
def test_what_the_local_cloud_does_not_do_is_said(ask, path, word):
    response = ask(path)
    assert response.code == 501
    assert word in response.body.decode()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("/restapis/api1/other/_user_request_/health", "127.0.0.1"),
        ("/restapis/other/v1/_user_request_/health", "127.0.0.1"),
        ("/", "api1.execute-api.us-east-1.amazonaws.com"),
    ],
)
def test_a_stage_that_does_not_exist_is_forbidden(plane, environ_of, url, host):
    response = plane.layer(lambda _: plain(200, "moto"))(environ_of(url, host=host))
    assert (response.code, json.loads(response.body)) == (403, FORBIDDEN)


def test_a_request_by_host_name_reaches_its_stage_too(plane, environ_of, functions):
    url = "http://api1.execute-api.us-east-1.amazonaws.com/v1/health?a=1"
    environ = environ_of(url, host="api1.execute-api.us-east-1.amazonaws.com", x_api_key="secret-1")
    assert plane.layer(lambda _: plain(200, "moto"))(environ).code == 200
    assert functions.events[0]["requestContext"]["path"] == "/v1/health"


def test_requests_wait_as_the_surroundings_ask_for(plane, environ_of):
    handle = plane.layer(lambda _: plain(200, "moto"), hold=lambda _: lambda _: plain(503, "loading"))
    assert handle(environ_of("/restapis/api1/v1/_user_request_/open")).code == 503
    assert handle(environ_of("/restapis")).code == 200


SIGNED = "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"


@pytest.mark.parametrize(
    ("method", "path", "service", "changes"),
    [
        ("PATCH", "/restapis/api1", "apigateway", 1),
        ("GET", "/restapis/api1", "apigateway", 0),
        ("POST", "/2015-03-31/functions/f/policy", "lambda", 1),
        ("POST", "/2015-03-31/functions/f/invocations", "lambda", 0),
        ("PUT", "/bucket/key", "s3", 0),
        ("POST", "/moto-api/reset", "", 1),
    ],
)
def test_what_is_known_is_forgotten_only_when_it_may_have_changed(plane, environ_of, method, path, service, changes):
    plane.layer(lambda _: plain(200, "moto"))(environ_of(path, method, authorization=SIGNED.format(service)))
    assert plane.deployments.changes == changes


@pytest.mark.parametrize(("code", "frozen"), [(201, [("api1", "d1")]), (400, [])])
def test_a_deployment_that_was_made_is_frozen(plane, environ_of, answer, code, frozen):
    handle = plane.layer(lambda _: answer(code, b'{"id": "d1"}'))
    handle(environ_of("/restapis/api1/deployments", "POST", authorization=SIGNED.format("apigateway")))
    assert plane.deployments.frozen == frozen


def test_b6_every_request_leaves_a_line_in_the_access_log(ask, lines, plane):
    responses = [ask("/health", x_api_key="secret-1") for _ in range(3)]
    responses.append(ask("/none"))
    plane.records.flush()
    assert [json.loads(line) for line in lines["access"]] == [
        {"id": response.header("x-amzn-RequestId"), "status": status, "key": key}
        for response, status, key in zip(responses, ("200", "200", "429", "404"), ("key1",) * 3 + ("-",), strict=True)
    ]


def test_a_client_cannot_write_its_own_fields_into_the_access_log(plane, stage, ask, lines):
    form = Text('{"path":"$context.path","agent":"$context.identity.userAgent","trace":"$context.xrayTraceId"}')
    plane.deployments.deployed = Deployed(stages={("api1", "v1"): replace(stage, access_log=("access", form))})
    ask('/open","x":"\\', user_agent='a","b":"c', x_amzn_trace_id="Root=1\t")
    plane.records.flush()
    assert json.loads(lines["access"][0]) == {
        "path": "/v1/open%22,%22x%22:%22%5C",
        "agent": "a%22,%22b%22:%22c",
        "trace": "Root=1%09",
    }


def test_b6_the_execution_log_tells_the_steps_and_neither_key_nor_body(ask, lines, plane):
    ask("/health", x_api_key="secret-1")
    ask("/sessions", "POST", b'{"user_id": "4111"}')
    plane.records.flush()
    text = "\n".join(lines["API-Gateway-Execution-Logs_api1/v1"])
    for part in ("API Key id: key1, API Stage: api1/v1", "Resource Path: /health", "completed with status: 200"):
        assert part in text
    assert "the body breaks the rule 'pattern' of model session at /user_id" in text
    assert "secret-1" not in text
    assert "4111" not in text


def test_server_errors_are_told_in_the_servers_log(ask, caplog):
    with caplog.at_level(logging.WARNING, logger="platformctl.local_cloud"):
        ask("/forbidden")
    assert caplog.messages == [
        "api api1/v1 answered 500: Execution failed due to configuration error: Invalid permissions on Lambda function"
    ]


def test_start_and_stop_deliver_what_is_left(ask, lines, plane):
    plane.start()
    ask("/open")
    plane.stop()
    assert len(lines["access"]) == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "api-logs"]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/mock", 200, b'{"stage":"v1"}'),
        ("/mock/default", 400, b""),
        ("/mock/none", 500, None),
        ("/mock/unmatched", 500, None),
    ],
)
def test_a_mock_integration_answers_by_itself(ask, functions, path, status, body):
    response = ask(path, x_api_key="secret-1")
    assert response.code == status
    if body is None:
        assert without_id(response) == {"message": INTERNAL}
    else:
        assert response.body == body
    assert functions.events == []


@pytest.mark.parametrize(
    ("requests", "seconds", "passed"),
    [
        # All at once: the burst.
        (3000, 0.0, 2000),
        # In half a second: the burst, and what flows in meanwhile.
        (3000, 0.5, 2499),
        # Spread over one second they are what the plan allows in a second: the burst and the rate.
        (3000, 1.0, 2999),
        (6000, 1.0, 2999),
        (6000, 4.0, 5999),
    ],
)
def test_b6_the_burst_passes_and_then_the_rate_and_no_other_key_is_affected(plane, ask, requests, seconds, passed):
    """The platform's plan: 1,000 requests per second and key, bursts of 2,000."""
    clock = {"now": 0.0}
    limiter = Limiter(clock=lambda: clock["now"])
    plan = Plan(id="plan", throttle=Throttle(rate=1000, burst=2000))
    deployed = plane.deployments.deployed
    plane.deployments.deployed = replace(deployed, plans={("key1", "api1", "v1"): plan, ("key2", "api1", "v1"): plan})
    plane._limiter = limiter
    statuses, others = [], []
    for number in range(requests):
        clock["now"] = seconds * number / requests
        statuses.append(ask("/mock", x_api_key="secret-1").code)
        if number % 60 == 0:
            others.append(ask("/mock", x_api_key="secret-2").code)
    assert (statuses.count(200), statuses.count(429)) == (passed, requests - passed)
    # Nothing is refused before the burst is used up.
    assert statuses[:2000] == [200] * 2000
    assert set(others) == {200}
    assert ask("/mock").code == 403


def test_no_more_calls_of_a_function_run_at_once_than_help(ask, functions):
    """They wait for their turn within the integration's timeout; /slow has 0.05 seconds."""
    released = threading.Event()
    answer = SimpleNamespace(payload=b"{}", function_error="")
    functions.by_name["slow"] = lambda _: (released.wait(20), answer)[1]
    try:
        statuses = [ask("/slow").code for _ in range(_CALLS_AT_ONCE + 2)]
        assert statuses == [504] * len(statuses)
        assert len(functions.events) == _CALLS_AT_ONCE
        # Another function does not wait for this one.
        assert ask("/open").code == 200
    finally:
        released.set()


def test_many_open_requests_do_not_fight_for_the_interpreter(plane):
    before = sys.getswitchinterval()
    plane.start()
    try:
        assert sys.getswitchinterval() > before
    finally:
        plane.stop()
    assert sys.getswitchinterval() == before
