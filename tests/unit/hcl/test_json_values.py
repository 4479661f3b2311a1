"""Values to and from JSON."""

import json
from decimal import Decimal

import pytest

from orchestrator.hcl import from_json_value, to_json_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue

CASES = [
    (None, "null"),
    (True, "true"),
    (10**30, "1" + "0" * 30),
    (Decimal("0.1"), "0.1"),
    ("a", '"a"'),
    ([1, [2]], "[1, [2]]"),
    ({"b": 1, "a": None}, '{"b": 1, "a": null}'),
]


@pytest.mark.parametrize(("value", "text"), CASES)
def test_both_ways(value, text):
    assert json.dumps(to_json_value(value)) == text
    back = from_json_value(json.loads(text))
    assert back == value
    assert type(back) is type(value)


def test_sets_become_lists_and_secrets_what_they_hold():
    assert to_json_value({"s": SetValue((1, 2)), "p": Sensitive(["x"])}) == {"s": [1, 2], "p": ["x"]}


def test_numbers_are_integers_where_they_can_be():
    assert from_json_value([1.0, Decimal("2.0"), 2.5]) == [1, 2, Decimal("2.5")]
    assert type(from_json_value(1.0)) is int


def test_every_digit_is_kept_when_json_reads_decimals():
    text = "0.1234567890123456789012345"
    assert from_json_value(json.loads(text, parse_float=Decimal)) == Decimal(text)


def test_an_unknown_value_has_no_json():
    with pytest.raises(ValueError, match="known only after apply"):
        to_json_value({"a": [unknown_reference("x")]})


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError, match="set is no JSON type"):
        from_json_value({"a": {1}})
