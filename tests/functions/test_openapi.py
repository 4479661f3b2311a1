"""docs/api/openapi.yaml is valid, and matches what is deployed and every answer of the functions (B6).

The deployed side is read from live/_units/apigw.hcl and modules/apigw; the answers come from the functions' own code on a real
PostgreSQL.
"""

import gzip
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import yaml
from jsonschema import Draft202012Validator
from market.bars import Interval
from openapi_spec_validator import OpenAPIV31SpecValidator
from pg8000.exceptions import DatabaseError

from tests.functions.conftest import FUNCTIONS, SESSION_ZONE, api_event

ROOT = FUNCTIONS.parent
DOCUMENT = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
MIGRATIONS = "".join(file.read_text() for file in sorted((FUNCTIONS / "migrate" / "migrations").glob("*.sql")))
# Statuses of gateway responses that cannot occur.
UNUSED = {"401": "no route has an authorizer"}
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


def plain(value):
    """Return a text of HCL without its quotes."""
    return value.strip('"') if isinstance(value, str) else value


def test_b6_the_document_is_valid():
    assert DOCUMENT["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_b6_every_route_is_documented_and_no_other(deployed):
    """HEAD is documented once for all: it answers like GET."""
    heads = {route.replace("GET ", "HEAD ") for route in OPERATIONS if route.startswith("GET ")}
    assert sorted({*OPERATIONS, *heads}) == sorted(deployed["routes"])
    for route in heads:
        assert str(deployed["routes"][route]) == str(deployed["routes"][route.replace("HEAD ", "GET ")])


def test_d7_intervals_are_those_that_the_functions_know():
    (of_volatilities,) = re.findall(r"CREATE TABLE volatility \(.*?\"interval\" IN \((.*?)\)", MIGRATIONS, re.DOTALL)[
        -1:
    ]
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Interval"]["enum"] == list(Interval)
    assert schemas["Volatility"]["properties"]["interval"]["enum"] == [
        name.strip("' ") for name in of_volatilities.split(",")
    ]


def test_d7_the_parameters_of_the_document_are_those_that_a_function_knows(load, deployed):
    """The function refuses others itself, because API Gateway lets them pass."""
    source = (FUNCTIONS / "api" / "handler.py").read_text()
    known = {}
    for rule, body in re.findall(r'@app\.(?:route|get)\("(.*?)".*?\n(.*?)(?=\n@app|\ndef _)', source, re.DOTALL):
        (names,) = re.findall(r"_parameters\((.*?)\)", body) or [""]
        known[f"GET {rule.replace('<', '{').replace('>', '}')}"] = sorted(re.findall(r'"(\w+)"', names))
    documented = {
        route: sorted(p["name"] for p in map(resolve, operation["parameters"]) if p["in"] == "query")
        for route, operation in OPERATIONS.items()
        if route.startswith("GET ")
    }
    assert known == documented


def test_d7_limits_and_the_definition_of_volatility_are_those_of_the_code(load):
    api = load("api")
    limit = DOCUMENT["components"]["parameters"]["Limit"]["schema"]
    assert (limit["maximum"], limit["default"]) == (api.parameters.MAX_LIMIT, api.parameters.DEFAULT_LIMIT)
    definition = DOCUMENT["components"]["schemas"]["Analytics"]["properties"]["volatility_definition"]
    assert definition["examples"] == [api.logic.VOLATILITY]
    kept = DOCUMENT["components"]["headers"]["CacheControl"]["schema"]["enum"]
    assert kept == [api.caching.cache_control(settled=True), api.caching.cache_control(settled=False)]
    text = f"{int(api.logic.LINK_LENGTH.total_seconds() / 60)} minutes"
    assert text in OPERATIONS["POST /exports"]["description"]


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
    required = {
        name: re.findall(r"api_key_required\s+= (\w+)", (ROOT / "modules" / "apigw" / f"{name}.tf").read_text())
        for name in ("methods", "cors")
    }
    # A browser sends no key with its preflight, which no function answers.
    assert required == {"methods": ["true"], "cors": ["false"]}


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
        assert anywhere | ({"400", "413", "415"} if "requestBody" in operation else set()) <= set(
            operation["responses"]
        )


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
            assert shown or status in {"204", "304"}, f"{route} {status} has no example"
            for number, example in enumerate(shown):
                yield pytest.param(content["schema"], example, id=f"{route} {status} {number}")


@pytest.mark.parametrize(("schema", "example"), list(examples()))
def test_b6_examples_match_their_schemas(schema, example):
    assert problems(schema, json.loads(json.dumps(example))) == []


class Away:
    """A database that does not answer."""

    def transaction(self):
        raise DatabaseError({"M": "away"})


@pytest.fixture
def call(market, load, tables, context, environment):
    """A function that sends a request to the function of a route, checks the answer and returns status and body."""
    for name in ("raw", "processed", "exports"):
        boto3.client("s3").create_bucket(Bucket=name)
        environment.setenv(f"{name.upper()}_BUCKET", name)
    functions = {name: load(name) for name in ("api", "ingest")}
    reader = market.database("api_reader")

    def send(route, *, away=False, body=None, headers=None, key="k", query=None, raw=None, **parameters):
        environment.setattr(functions["api"].handler, "database", Away if away else lambda: reader)
        environment.setenv("PROCESSED_BUCKET", "nowhere" if away else "processed")
        environment.setenv("SESSIONS_TABLE", "nowhere" if away else "sessions")
        method, path = route.split(" ")
        function = functions["ingest" if path == "/market-data" else "api"]
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        event = api_event(method, path, body=text, headers=headers, query=query, key=key, **parameters)
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
        if int(status) >= 400 and "message" in content:
            assert problems({"$ref": "#/components/schemas/Error"}, content) == []
            assert str(content["statusCode"]) == status
        send.seen.add((route, status))
        return SimpleNamespace(status=status, content=content, headers=found)

    send.seen = set()
    send.functions = functions
    send.context = context
    return send


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
def test_b6_every_answer_matches_the_document_and_every_documented_answer_occurs(call):
    trade = OPERATIONS["POST /market-data"]["requestBody"]["content"]["application/json"]["example"]["trades"][0]
    wanted = {"symbol": "AAPL", "interval": "1m"} | DAY

    assert call("POST /market-data", body={"trades": [trade, trade | {"price": 0}]}).content["accepted"] == 1
    assert call("POST /market-data", body={"trades": [trade | {"price": 0}]}).status == "422"
    assert call("POST /market-data", raw="{").status == "400"
    assert call("POST /market-data", body={"trades": []}).status == "400"
    assert call("POST /market-data", body={"trades": [trade]}, away=True).status == "503"

    # Each route that reads: its parameters, and whether it is about a symbol.
    for route, query, symbol in (
        ("GET /symbols", {}, False),
        ("GET /bars/{symbol}", DAY | {"interval": "5m"}, True),
        ("GET /trades/{symbol}", DAY, True),
        ("GET /latest/{symbol}", {}, True),
        ("GET /analytics/{symbol}", DAY | {"annualise": "252"}, True),
    ):
        names = {"symbol": "aapl"} if symbol else {}
        found = call(route, query=query, **names)
        assert found.status == "200"
        assert call(route, query=query, headers={"if-none-match": found.headers["etag"][0]}, **names).status == "304"
        assert call(route, query=query | {"colour": "red"}, **names).status == "400"
        assert call(route, query=query, key=None, **names).status == "403"
        assert call(route, query=query, away=True, **names).status == "503"
        if symbol:
            assert call(route, query=query, symbol="NONE").status == "404"
            assert call(route, query=query, symbol='AAP"L').status == "400"

    assert call("POST /exports", body=wanted).status == "201"
    assert call("POST /exports", body={"symbol": "AAPL"}).status == "400"
    assert call("POST /exports", body=wanted | {"symbol": "NONE"}).status == "404"
    assert call("POST /exports", body=wanted, key=None).status == "403"
    assert call("POST /exports", body=wanted, away=True).status == "503"
    call.context.get_remaining_time_in_millis = lambda: 0
    assert call("POST /exports", body=wanted).status == "422"

    assert call("GET /health").status == "200"
    assert call("GET /health", query={"deep": "yes"}).status == "400"
    sessions, session = "POST /sessions", "/sessions/{session_id}"
    opened = call(sessions, body={"user_id": "anna"})
    assert opened.status == "201"
    assert call(sessions, body={}).status == "400"
    assert call(sessions, body={"user_id": "anna"}, key=None).status == "403"
    assert call(sessions, body={"user_id": "anna"}, away=True).status == "503"
    for method in ("GET", "DELETE"):
        name = opened.content["session_id"]
        assert call(f"{method} {session}", session_id=name, query={"all": ""}).status == "400"
        assert call(f"{method} {session}", session_id=name, key=None).status == "403"
        assert call(f"{method} {session}", session_id="none").status == "404"
        assert call(f"{method} {session}", session_id=name, away=True).status == "503"
        assert call(f"{method} {session}", session_id=name).status == {"GET": "200", "DELETE": "204"}[method]

    documented = {
        (route, status)
        for route, operation in OPERATIONS.items()
        for status, answer in operation["responses"].items()
        if refusals(schema_of(answer)) != {"GatewayError"}
    }
    assert call.seen == documented


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
@pytest.mark.parametrize(
    ("route", "query", "items", "names"),
    [
        ("GET /symbols", {}, "symbols", {}),
        ("GET /bars/{symbol}", DAY | {"interval": "5m"}, "bars", {"symbol": "AAPL"}),
        ("GET /trades/{symbol}", DAY, "trades", {"symbol": "AAPL"}),
        ("GET /analytics/{symbol}", DAY, "volatility", {"symbol": "AAPL"}),
    ],
)
@pytest.mark.parametrize("limit", [1, 7])
def test_d7_pages_make_the_whole_list(call, route, query, items, names, limit):
    whole = call(route, query=query | {"limit": "1000"}, **names).content
    assert whole["next_cursor"] is None
    wanted = whole[items][: 12 * limit]
    found, cursor = [], {}
    while len(found) < len(wanted):
        page = call(route, query=query | {"limit": str(limit)} | cursor, **names).content
        assert len(page[items]) <= limit
        found += page[items]
        cursor = {"cursor": page["next_cursor"]}
    assert found[: len(wanted)] == wanted
    assert (page["next_cursor"] is None) == (len(found) == len(whole[items]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
def test_d7_shown_bars_are_those_of_an_exact_calculation(call, market):
    """The API lets PostgreSQL format and divide; here Python does, with fractions."""
    with market.database("analyst").transaction() as session:
        rows = session.run(
            """SELECT start, open, high, low, close, volume, value, trades FROM bars WHERE symbol = 'AAPL' AND "interval" = '1m' ORDER BY start"""
        )
    wanted = []
    for start, *prices, volume, value, trades in rows:
        vwap = None if not volume else floor(Fraction(value) / Fraction(volume) * 10**18 + Fraction(1, 2))
        texts = [None if price is None else text(price) for price in prices]
        moment = start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        wanted.append(
            [moment, *texts, text(volume), None if vwap is None else text(Decimal(vwap).scaleb(-18)), trades, True]
        )
    page = call("GET /bars/{symbol}", symbol="AAPL", query=DAY | {"interval": "1m", "limit": "1000"}).content
    assert [list(bar.values()) for bar in page["bars"]] == wanted
    assert len(wanted) == 200


def text(number):
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
@pytest.mark.parametrize(
    ("interval", "end"),
    [
        ("1m", "2026-01-31T17:50:00Z"),
        ("15m", "2026-01-31T18:00:00Z"),
        ("1h", "2026-01-31T18:00:00Z"),
        ("1d", "2026-02-01T00:00:00Z"),
        # Midnight in New York.
        ("session", "2026-02-01T05:00:00Z"),
    ],
)
def test_d3_d7_a_bar_is_final_five_minutes_after_its_interval(call, environment, interval, end):
    environment.setenv("SESSION_ZONE", SESSION_ZONE)
    over = datetime.fromisoformat(end) + timedelta(minutes=5)
    query = {"interval": interval, "from": "2026-01-31T17:49:59Z", "to": "2026-02-01T12:00:00Z"}
    wanted = {"symbol": "AAPL", "format": "jsonl"} | query
    for now, final in ((over - timedelta(microseconds=1), False), (over, True)):
        environment.setattr(call.functions["api"].handler, "_now", lambda now=now: now)
        (bar,) = call("GET /bars/{symbol}", symbol="AAPL", query=query).content["bars"]
        assert bar["final"] is final
        assert call("POST /exports", body=wanted).content["rows"] == 1
        (found,) = boto3.client("s3").list_objects_v2(Bucket="exports")["Contents"]
        file = boto3.client("s3").get_object(Bucket="exports", Key=found["Key"])["Body"].read()
        assert json.loads(gzip.decompress(file)) == bar


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")
def test_d4_d7_trades_are_listed_as_they_count_now(call):
    listed = call("GET /trades/{symbol}", symbol="AAPL", query=DAY | {"limit": "1000"}).content["trades"]
    found = {trade["trade_id"]: trade for trade in listed}
    assert (len(listed), {"T5", "T6"} & found.keys()) == (598, set())
    assert (found["T4"]["price"], found["T4"]["revision"]) == ("99.875", 1)
    assert (found["T1"]["conditions"], found["T1"]["sets"]) == (["odd-lot"], ["volume"])
    assert found["T2"]["sets"] == ["high_low", "open_close", "volume"]
    assert (found["T3"]["venue"], found["T3"]["sequence"], found["T2"]["side"]) == (None, None, None)
    assert [trade["timestamp"] for trade in listed] == sorted(trade["timestamp"] for trade in listed)
    assert found["T3"]["timestamp"] == "2026-01-31T14:31:00.000000003Z"
    # T591, the last odd lot, sets no price; T599 is the last trade.
    latest = call("GET /latest/{symbol}", symbol="AAPL").content
    assert (latest["timestamp"], latest["price"]) == (listed[-1]["timestamp"], listed[-1]["price"])


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
