"""docs/api/openapi.yaml is valid, and matches what is deployed and every answer of the functions (B6).

The deployed side is read from live/_units/apigw.hcl and modules/apigw; the answers come from the functions' own code on a real
PostgreSQL.
"""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import boto3
import hcl2
import pytest
import yaml
from jsonschema import Draft202012Validator
from market.trades import Trade, nanoseconds
from openapi_spec_validator import OpenAPIV31SpecValidator
from pg8000.exceptions import DatabaseError

from orchestrator.config import load_stack
from tests.functions.conftest import FUNCTIONS, api_event, lines, load_function, postgresql

ROOT = FUNCTIONS.parent
DOCUMENT = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
# Statuses of gateway responses that cannot occur.
UNUSED = {"401": "no route has an authorizer", "415": "a proxy integration takes every media type"}
BASE = datetime(2026, 1, 31, 14, 30, tzinfo=UTC)
DAY = {"from": "2026-01-31T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


def resolve(part):
    """Follow the references of a part of the document."""
    while "$ref" in part:
        found = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def schema_of(answer):
    """Return the schema of an answer's body, if it has one."""
    content = resolve(answer).get("content")
    return content["application/json"]["schema"] if content else None


def problems(schema, value):
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)]


def refusals(schema):
    """Return the names of the error schemas that an answer may have."""
    parts = schema.get("oneOf", [schema]) if schema else []
    return {part["$ref"].rsplit("/", 1)[-1] for part in parts if "$ref" in part} & {"Error", "GatewayError"}


def bare(schema):
    """Return a schema without descriptions and examples."""
    if isinstance(schema, dict):
        return {
            name: bare(value) for name, value in schema.items() if name not in {"description", "examples", "$schema"}
        }
    return [bare(value) for value in schema] if isinstance(schema, list) else schema


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """The inputs of the apigw unit, as platformctl reads them."""
    packages = tmp_path_factory.mktemp("packages") / "packages.json"
    packages.write_text("{}")
    variables = {
        "PLATFORM_ACCOUNT_ID": "123456789012",
        "PLATFORM_DATABASE_PRINCIPALS": "arn:aws:iam::123456789012:role/people",
        "PLATFORM_PACKAGES": str(packages),
        "PLATFORM_SUFFIX": "demo",
    }
    return load_stack(live=ROOT / "live", environment="prod", env=variables).units["apigw"].evaluate({}).inputs


@pytest.fixture(scope="module")
def gateway():
    """The locals of the gateway responses, and the template that they all have."""
    with (ROOT / "modules" / "apigw" / "gateway_responses.tf").open() as file:
        found = hcl2.load(file)
    (values,) = found["locals"]
    return values, json.dumps(found["resource"])


def plain(value):
    """Return a text of HCL without its quotes."""
    return value.strip('"') if isinstance(value, str) else value


def test_b6_the_document_is_valid():
    assert DOCUMENT["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_b6_every_route_is_documented_and_no_other(deployed):
    assert sorted(OPERATIONS) == sorted(deployed["routes"])


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_b6_parameters_are_those_that_are_validated(deployed, route):
    parameters = [resolve(parameter) for parameter in OPERATIONS[route].get("parameters", [])]
    documented = {f"method.request.querystring.{p['name']}": p["required"] for p in parameters if p["in"] == "query"}
    documented |= {
        f"method.request.header.{p['name']}": True for p in parameters if p["in"] == "header" and p["required"]
    }
    assert documented == (deployed["routes"][route].get("request_parameters") or {})
    assert {p["name"] for p in parameters if p["in"] == "path"} == set(re.findall(r"\{(.*?)\}", route))
    assert all(p["required"] for p in parameters if p["in"] == "path")


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_b6_bodies_are_those_that_are_validated(deployed, route):
    model = deployed["routes"][route].get("request_model")
    body = OPERATIONS[route].get("requestBody")
    assert (body is None) == (model is None)
    if body is not None:
        assert body["required"]
        schema = resolve(body["content"]["application/json"]["schema"])
        assert bare(schema) == bare(json.loads(deployed["models"][model]))


def test_b6_every_model_is_used(deployed):
    assert {route.get("request_model") for route in deployed["routes"].values()} - {None} == set(deployed["models"])


def test_b6_every_call_needs_a_key():
    assert DOCUMENT["security"] == [{"apiKey": []}]
    assert DOCUMENT["components"]["securitySchemes"]["apiKey"].items() >= {"type": "apiKey", "in": "header", "name": "x-api-key"}.items()  # fmt: skip
    assert [route for route, operation in OPERATIONS.items() if "security" in operation] == []
    methods = (ROOT / "modules" / "apigw" / "methods.tf").read_text()
    assert re.findall(r"api_key_required\s+= (\w+)", methods) == ["true"]


def test_b6_the_limits_and_the_stage_are_those_that_are_deployed(deployed):
    throttle = deployed["throttle"]
    text = f"{throttle['rate_limit']} requests per second with bursts of {throttle['burst_limit']}"
    assert text in DOCUMENT["info"]["description"]
    variables = (ROOT / "modules" / "apigw" / "variables.tf").read_text()
    (stage,) = re.findall(r'variable "stage_name" \{.*?default\s+= "(\w+)"', variables, re.DOTALL)
    assert "stage_name" not in deployed
    assert DOCUMENT["servers"][0]["url"].endswith(f"/{stage}")


def test_b6_gateway_responses_match_the_document(gateway):
    values, resource = gateway
    keys = set(re.findall(r'\\+"(\w+)\\+":', resource))
    assert keys == set(DOCUMENT["components"]["schemas"]["GatewayError"]["required"])
    statuses = {plain(status) for status in values["gateway_responses"].values()} - {None, "null"}
    documented = {
        status
        for operation in OPERATIONS.values()
        for status, answer in operation["responses"].items()
        if "GatewayError" in refusals(schema_of(answer))
    }
    assert statuses - set(UNUSED) <= documented
    # DEFAULT_4XX and DEFAULT_5XX keep the status of the refusal.
    assert documented - statuses == {"502", "503"}
    assert not set(UNUSED) & documented
    for operation in OPERATIONS.values():
        anywhere = {"403", "429", "500", "502", "504"}
        assert anywhere | ({"400", "413"} if "requestBody" in operation else set()) <= set(operation["responses"])


def test_b6_the_documented_retry_after_is_the_deployed_one(gateway):
    (additions,) = [
        text for text in [json.dumps(gateway[0]["gateway_response_header_additions"])] if "Retry-After" in text
    ]
    (seconds,) = re.findall(r"Retry-After[^0-9]*(\d+)", additions)
    assert DOCUMENT["components"]["headers"]["RetryAfter"]["schema"]["const"] == int(seconds)
    assert "Retry-After" in DOCUMENT["components"]["responses"]["TooManyRequests"]["headers"]


def test_b6_answers_have_the_headers_of_gateway_responses(gateway):
    from pipeline import answer_headers  # noqa: PLC0415 - the functions' folder is on the path only by now

    headers = {plain(name).rsplit(".", 1)[-1]: plain(text).strip("'") for name, text in gateway[0]["gateway_response_headers"].items()}  # fmt: skip
    assert {name: [text] for name, text in headers.items()}.items() <= answer_headers("x").items()


def examples():
    for route, operation in OPERATIONS.items():
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            yield pytest.param(content["schema"], content["example"], id=f"{route} body")
        for status, answer in operation["responses"].items():
            content = resolve(answer).get("content", {}).get("application/json", {})
            shown = (
                [content["example"]]
                if "example" in content
                else [e["value"] for e in content.get("examples", {}).values()]
            )
            assert shown or status == "204", f"{route} {status} has no example"
            for number, example in enumerate(shown):
                yield pytest.param(content["schema"], example, id=f"{route} {status} {number}")


@pytest.mark.parametrize(("schema", "example"), list(examples()))
def test_b6_examples_match_their_schemas(schema, example):
    assert problems(schema, json.loads(json.dumps(example))) == []


class Away:
    """A database that does not answer."""

    def transaction(self):
        raise DatabaseError({"M": "away"})


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server with a day of trades, processed by analytics."""
    chance = random.Random(7)
    trades = [
        Trade(
            trade_id=f"T{number}", symbol="AAPL", timestamp=nanoseconds(BASE + timedelta(seconds=20 * number)),
            price=Decimal(chance.randrange(9000, 11000)) / 100, size=Decimal(chance.randrange(1, 500)),
        )
        for number in range(600)
    ]  # fmt: skip
    analytics = load_function("analytics")
    with postgresql(16) as started:
        with started.database("analytics_writer").transaction() as session:
            analytics.store.PostgresStore(session).add(lines(trades), zone="")
        yield started


@pytest.fixture
def call(server, load, tables, context, environment):
    """A function that sends a request to the function of a route, checks the answer and returns status and body."""
    for name in ("raw", "processed"):
        boto3.client("s3").create_bucket(Bucket=name)
        environment.setenv(f"{name.upper()}_BUCKET", name)
    functions = {name: load(name) for name in ("api", "ingest")}
    reader = server.database("api_reader")

    def send(route, *, away=False, body=None, key="k", query=None, raw=None, **parameters):
        environment.setattr(functions["api"].handler, "database", Away if away else lambda: reader)
        environment.setenv("PROCESSED_BUCKET", "nowhere" if away else "processed")
        environment.setenv("SESSIONS_TABLE", "nowhere" if away else "sessions")
        method, path = route.split(" ")
        function = functions["ingest" if path == "/market-data" else "api"]
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        event = api_event(method, path.format(**parameters), body=text, query=query, key=key)
        answer = function.handler.handler(event, context)
        status = str(answer["statusCode"])
        assert status in OPERATIONS[route]["responses"], f"{route} answered {status}"
        documented = resolve(OPERATIONS[route]["responses"][status])
        found = {name.lower(): values for name, values in answer["multiValueHeaders"].items()}
        assert {name.lower() for name, header in documented["headers"].items()} <= set(found)
        schema, content = schema_of(documented), json.loads(answer["body"]) if answer["body"] else None
        assert (schema is None) == (content is None)
        if content is not None:
            assert found["content-type"] == ["application/json"]
            assert problems(schema, content) == []
        if int(status) >= 400 and status != "422":
            assert problems({"$ref": "#/components/schemas/Error"}, content) == []
            assert str(content["statusCode"]) == status
        send.seen.add((route, status))
        return status, content

    send.seen = set()
    send.functions = functions
    return send


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
def test_b6_every_answer_matches_the_document_and_every_documented_answer_occurs(call):
    bars, analytics, sessions, session = "GET /bars/{symbol}", "GET /analytics/{symbol}", "POST /sessions", "/sessions/{session_id}"  # fmt: skip
    trade = OPERATIONS["POST /market-data"]["requestBody"]["content"]["application/json"]["example"]["trades"][0]
    assert call("GET /health")[0] == "200"

    assert call("POST /market-data", body={"trades": [trade, trade | {"price": 0}]})[1]["accepted"] == 1
    assert call("POST /market-data", body={"trades": [trade | {"price": 0}]})[0] == "422"
    assert call("POST /market-data", raw="{")[0] == "400"
    assert call("POST /market-data", body={"trades": []})[0] == "400"
    assert call("POST /market-data", body={"trades": [trade]}, away=True)[0] == "503"

    pages, cursor = [], {}
    while cursor is not None:
        _, page = call(bars, symbol="aapl", query=DAY | {"interval": "5m", "limit": "16"} | cursor)
        pages.append(page)
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert [len(page["bars"]) for page in pages] == [16, 16, 8]
    assert call(bars, symbol="NONE", query=DAY | {"interval": "1d"})[1]["bars"] == []
    assert call(bars, symbol="AAPL", query={})[0] == "400"
    assert call(bars, symbol="AAPL", query={"interval": "1d"}, key=None)[0] == "403"
    assert call(bars, symbol='AAP"L', query={"interval": "1d"})[0] == "404"
    assert call(bars, symbol="AAPL", query={"interval": "1d"}, away=True)[0] == "503"

    _, figures = call(analytics, symbol="AAPL", query=DAY)
    assert (figures["trades"], len(figures["volatility"]), figures["volatility_complete"]) == (600, 5, True)
    assert call(analytics, symbol="NONE", query=DAY)[1]["vwap"] is None
    assert call(analytics, symbol="AAPL", query={"from": "yesterday"})[0] == "400"
    assert call(analytics, symbol="AAPL", key=None)[0] == "403"
    assert call(analytics, symbol='AAP"L')[0] == "404"
    assert call(analytics, symbol="AAPL", away=True)[0] == "503"

    status, opened = call(sessions, body={"user_id": "anna"})
    assert status == "201"
    assert call(sessions, body={})[0] == "400"
    assert call(sessions, body={"user_id": "anna"}, key=None)[0] == "403"
    assert call(sessions, body={"user_id": "anna"}, away=True)[0] == "503"
    for method in ("GET", "DELETE"):
        name = opened["session_id"]
        assert call(f"{method} {session}", session_id=name, key=None)[0] == "403"
        assert call(f"{method} {session}", session_id="none")[0] == "404"
        assert call(f"{method} {session}", session_id=name, away=True)[0] == "503"
        assert call(f"{method} {session}", session_id=name)[0] == {"GET": "200", "DELETE": "204"}[method]

    documented = {
        (route, status)
        for route, operation in OPERATIONS.items()
        for status, answer in operation["responses"].items()
        if refusals(schema_of(answer)) != {"GatewayError"}
    }
    assert call.seen == documented


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
def test_b6_a_truncated_answer_says_so(call, environment):
    for name in ("logic", "store"):
        environment.setattr(getattr(call.functions["api"], name), "MAX_VOLATILITIES", 2)
    _, figures = call("GET /analytics/{symbol}", symbol="AAPL", query=DAY)
    assert figures["volatility_complete"] is False
    assert [(item["interval"], item["start"][11:13]) for item in figures["volatility"]] == [("1h", "16"), ("1h", "17")]


def test_b6_routes_of_the_functions_are_those_that_are_deployed(load, deployed):
    """Every route of a function is deployed, and every deployed route is handled."""
    known = set()
    for name in ("api", "ingest"):
        resolver = load(name).handler.app
        routes = [*resolver._static_routes, *resolver._dynamic_routes]
        known |= {f"{route.method} {route.path.replace('<', '{').replace('>', '}')}" for route in routes}
    assert known == set(deployed["routes"])


def test_b6_the_readme_names_every_status_and_route():
    text = Path(ROOT / "docs" / "api" / "README.md").read_text()
    statuses = {status for operation in OPERATIONS.values() for status in operation["responses"]}
    assert [status for status in sorted(statuses) if not re.search(rf"\b{status}\b", text)] == []
    assert [route for route in OPERATIONS if f"`{route}`" not in text] == []
