"""JSON schema of draft 4, as request bodies meet it."""

import json

import pytest

from orchestrator.local_cloud.api.models import ModelError, Models

TRADES = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["trades"],
    "properties": {
        "trades": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "required": ["symbol", "price"],
                "properties": {
                    "symbol": {"type": "string", "pattern": "^[A-Z][A-Z0-9.-]{0,14}$"},
                    "price": {"type": ["number", "string"], "minimum": 0, "exclusiveMinimum": True},
                },
            },
        }
    },
}
BATCH = {
    "type": "object",
    "properties": {"first": {"$ref": "https://apigateway.amazonaws.com/restapis/api1/models/trades"}},
}


@pytest.fixture(scope="module")
def models():
    return Models("api1", {"trades": json.dumps(TRADES), "batch": json.dumps(BATCH)})


def trade(**changes):
    return {"symbol": "AAPL", "price": 1.5} | changes


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"trades": [trade()]}, None),
        ({"trades": [trade(price="1.5")], "more": 1}, None),
        ({"trades": []}, "'minItems' of model trades at /trades"),
        ({"trades": [trade()] * 3}, "'maxItems' of model trades at /trades"),
        ({"trades": [trade(), {"symbol": "A"}]}, "'required' of model trades at /trades/1"),
        ({"trades": [trade(symbol="aapl")]}, "'pattern' of model trades at /trades/0/symbol"),
        ({"trades": [trade(symbol="AAPL\n")]}, "'pattern' of model trades at /trades/0/symbol"),
        ({"trades": [trade(price=True)]}, "'type' of model trades at /trades/0/price"),
        # A boolean exclusiveMinimum is draft 4's.
        ({"trades": [trade(price=0)]}, "'minimum' of model trades at /trades/0/price"),
        ([], "'type' of model trades at /"),
    ],
)
def test_b6_a_body_is_checked_with_draft_4(models, body, rule):
    problem = models.problem("trades", json.dumps(body).encode())
    assert problem == (None if rule is None else f"the body breaks the rule {rule}")


@pytest.mark.parametrize("body", [b"", b"{", b'{"trades": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(models, body):
    assert models.problem("trades", body) == "the body is not JSON"


def test_a_model_may_refer_to_another_one(models):
    assert models.problem("batch", json.dumps({"first": {"trades": [trade()]}}).encode()) is None
    found = models.problem("batch", json.dumps({"first": {"trades": []}}).encode())
    assert found == "the body breaks the rule 'minItems' of model batch at /first/trades"


def test_values_of_the_body_stay_out_of_the_message(models):
    problem = models.problem("trades", json.dumps({"trades": [trade(symbol="4111111111111111")]}).encode())
    assert problem is not None
    assert "4111" not in problem


@pytest.mark.parametrize(
    "schema",
    ["{", '{"pattern": "("}', '{"$ref": "https://apigateway.amazonaws.com/restapis/api1/models/none"}'],
)
def test_a_model_that_is_wrong_itself_is_said_and_nothing_is_fetched(schema):
    with pytest.raises(ModelError, match="model broken"):
        Models("api1", {"broken": schema}).problem("broken", b'"text"')
