"""A deployed API like modules/apigw's, without moto, and functions that are Python functions."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestrator.local_cloud.api.definition import (
    ApiStage,
    Authorizer,
    Definition,
    Deployed,
    GatewayResponse,
    Integration,
    Key,
    Method,
    Mock,
    MockResponse,
    Resource,
    Routes,
)
from orchestrator.local_cloud.api.gateway import DataPlane
from orchestrator.local_cloud.api.limits import Plan, Throttle
from orchestrator.local_cloud.api.models import Models
from orchestrator.local_cloud.api.variables import Text
from orchestrator.local_cloud.wsgi import Handler, plain

ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"
TEMPLATE = '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
MODEL = {
    "type": "object",
    "required": ["user_id"],
    "properties": {"user_id": {"type": "string", "minLength": 1, "pattern": "^[a-z]+$"}},
}


@dataclass
class Answer:
    """What a function answers."""

    payload: bytes
    function_error: str = ""


@dataclass
class Functions:
    """Functions by name; what they were called with."""

    by_name: dict[str, Callable[[dict[str, Any]], Answer]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, arn: str, payload: bytes) -> Answer:
        event = json.loads(payload)
        self.events.append(event)
        return self.by_name[arn.rpartition(":")[2]](event)


def proxied(status=200, body="{}", **more):
    """An answer in the form of a proxy integration."""
    return Answer(json.dumps({"statusCode": status, "body": body, **more}).encode())


def integration(name="api", timeout=2.0, **more):
    return Integration(kind="AWS_PROXY", function_arn=ARN.format(name), timeout=timeout, **more)


def mocked(template, *, default=True):
    """Answers statuses of 2xx with the stage, others by default with an error."""
    success = MockResponse(
        pattern="2\\d\\d", status=200, headers=(("X-Mock", "yes"),), body=Text('{"stage":"$context.stage"}')
    )
    other = MockResponse(pattern="", status=400, headers=(), body=Text(""))
    mock = Mock(request=Text(template), responses=(success, other) if default else (success,))
    return Integration(kind="MOCK", function_arn="", timeout=1, mock=mock)


def resource(path, *methods):
    return Resource(id=f"id{path.replace('/', '-')}", path=path, methods={method.verb: method for method in methods})


RESOURCES = (
    resource("/"),
    resource("/health", Method(verb="GET", needs_key=True, integration=integration())),
    resource("/open", Method(verb="ANY", integration=integration())),
    resource("/slow", Method(verb="GET", integration=integration("slow", timeout=0.05))),
    resource("/missing", Method(verb="GET", integration=integration("missing"))),
    resource("/forbidden", Method(verb="GET", integration=integration("unpermitted"))),
    resource("/bare", Method(verb="GET")),
    resource(
        "/asked",
        Method(
            verb="GET",
            authorization="CUSTOM",
            authorizer=Authorizer(kind="REQUEST", function_arn=ARN.format("who")),
            integration=integration(),
        ),
    ),
    resource("/odd", Method(verb="GET", authorization="ODD", integration=integration())),
    resource("/signed", Method(verb="GET", authorization="AWS_IAM", integration=integration())),
    resource("/http", Method(verb="GET", integration=Integration(kind="HTTP_PROXY", function_arn="", timeout=1))),
    resource("/mock", Method(verb="GET", needs_key=True, integration=mocked('{"statusCode": 204}'))),
    resource("/mock/default", Method(verb="GET", integration=mocked('{"statusCode": 500}'))),
    resource("/mock/none", Method(verb="GET", integration=mocked("{}"))),
    resource("/mock/unmatched", Method(verb="GET", integration=mocked('{"statusCode": 500}', default=False))),
    resource(
        "/bars/{symbol}",
        Method(
            verb="GET",
            needs_key=True,
            required=(
                "method.request.header.X-Desk",
                "method.request.path.symbol",
                "method.request.querystring.interval",
            ),
            integration=integration(),
        ),
    ),
    resource(
        "/sessions",
        Method(verb="POST", models={"$default": "session"}, integration=integration()),
        Method(verb="PUT", models={"application/json": "session"}, integration=integration()),
    ),
)
RESPONSES = {
    "THROTTLED": GatewayResponse(
        status=429,
        headers=(("gatewayresponse.header.Retry-After", "'1'"), ("gatewayresponse.header.X-Stage", "context.stage")),
        template=TEMPLATE,
    ),
    "MISSING_AUTHENTICATION_TOKEN": GatewayResponse(status=404, template='{"message":"Not Found"}'),
    "DEFAULT_5XX": GatewayResponse(
        headers=(("gatewayresponse.header.Cache-Control", "'no-store'"),), template=TEMPLATE
    ),
}


class FixedDeployments:
    """Stands for what is read from moto."""

    def __init__(self, deployed):
        self.deployed = deployed
        self.changes = 0
        self.frozen = []

    def current(self):
        return self.deployed

    def changed(self):
        self.changes += 1

    def freeze(self, api_id, deployment_id):
        self.frozen.append((api_id, deployment_id))


@pytest.fixture
def definition():
    return Definition(
        resources=RESOURCES,
        routes=Routes(RESOURCES),
        models=Models("api1", {"session": json.dumps(MODEL)}),
        responses=RESPONSES,
        binary_types=("image/*",),
        minimum_compression=1024,
    )


@pytest.fixture
def stage(definition):
    return ApiStage(
        api_id="api1",
        name="v1",
        definition=definition,
        variables={"colour": "blue"},
        access_log=(
            "access",
            Text('{"id":"$context.requestId","status":"$context.status","key":"$context.identity.apiKeyId"}'),
        ),
        execution_level="INFO",
        permitted=frozenset(
            (found.id, verb) for found in RESOURCES for verb in found.methods if found.path != "/forbidden"
        ),
    )


@pytest.fixture
def functions():
    return Functions({"api": lambda _: proxied(), "slow": lambda _: proxied()})


@pytest.fixture
def lines():
    """What was delivered, by log group."""
    return {}


@pytest.fixture
def plane(stage, functions, lines):
    made = DataPlane(
        functions.invoke,
        deliver=lambda group, _, found: lines.setdefault(group, []).extend(line.message for line in found),
    )
    made.deployments = FixedDeployments(
        Deployed(
            stages={("api1", "v1"): stage},
            keys={"secret-1": Key(id="key1"), "secret-2": Key(id="key2"), "secret-3": Key(id="key3")},
            plans={
                ("key1", "api1", "v1"): Plan(id="plan", throttle=Throttle(rate=0, burst=2)),
                ("key2", "api1", "v1"): Plan(id="plan", throttle=Throttle(rate=0, burst=2)),
                ("key3", "api1", "other"): Plan(id="plan", throttle=Throttle(rate=0, burst=2)),
            },
        )
    )
    return made


@pytest.fixture
def environ_of():
    """Builds the WSGI environment of a client's request."""

    def build(url, method="GET", body=b"", host="127.0.0.1:4566", **headers):
        parts = urlsplit(url)
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path,
            "RAW_URI": url,
            "QUERY_STRING": parts.query,
            "HTTP_HOST": host,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        for name, value in headers.items():
            environ[name if name == "CONTENT_TYPE" else f"HTTP_{name.upper()}"] = value
        return environ

    return build


@pytest.fixture
def ask(plane, environ_of):
    """Sends a request to the stage and gives its response."""
    inner: Handler = lambda _: plain(200, "moto")  # noqa: E731 - a layer in one line
    handle = plane.layer(inner)

    def send(path, method="GET", body=b"", **headers):
        return handle(environ_of(f"/restapis/api1/v1/_user_request_{path}", method, body, **headers))

    return send
