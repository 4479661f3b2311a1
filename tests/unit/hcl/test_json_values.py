"""Values to and from JSON."""

from decimal import Decimal

import pytest

from orchestrator.hcl import dump_json, from_json_value, load_json, to_json_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue

CASES = [
    (None, "null"),
    (True, "true"),
    (10**30, "1" + "0" * 30),
    (Decimal("0.1"), "0.1"),
    ("a", '"a"'),
    ([1, [2]], "[1,[2]]"),
    ({"b": 1, "a": None}, '{"b":1,"a":null}'),
]


@pytest.mark.parametrize(("value", "text"), CASES)
def test_both_ways(value, text):
    assert dump_json(to_json_value(value)) == text
    back = from_json_value(load_json(text))
    assert back == value
    assert type(back) is type(value)


def test_sets_become_lists_and_secrets_what_they_hold():
    assert to_json_value({"s": SetValue((1, 2)), "p": Sensitive(["x"])}) == {"s": [1, 2], "p": ["x"]}


def test_numbers_are_integers_where_they_can_be():
    assert from_json_value([1.0, Decimal("2.0"), 2.5]) == [1, 2, Decimal("2.5")]
    assert type(from_json_value(1.0)) is int


@pytest.mark.parametrize("text", ["0.1234567890123456789012345", "1E+300", "-1E-300", "123456789012345678901234567890"])
def test_c9_every_digit_is_kept(text):
    assert dump_json(load_json(text)) == text
    assert from_json_value(load_json(text)) == Decimal(text)


@pytest.mark.parametrize("text", ["1e5000", "-1e-5000", "9" * 5000, "NaN", "[" * 100_000, "{"])
def test_c7_what_is_no_json_or_has_numbers_without_end_is_refused(text):
    with pytest.raises(ValueError, match=r"too large|is no JSON|too deep|Expecting"):
        load_json(text)


def test_json_for_people_and_for_any_terminal():
    document = {"b": "\U0001f600é", "a": [Decimal("0.10")]}
    assert dump_json(document, indent=0, sort_keys=True) == '{"a": [0.10], "b": "\U0001f600é"}'
    assert dump_json(document, ascii_only=True) == '{"b":"\\ud83d\\ude00\\u00e9","a":[0.10]}'


def test_an_unknown_value_has_no_json():
    with pytest.raises(ValueError, match="known only after apply"):
        to_json_value({"a": [unknown_reference("x")]})


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError, match="set is no JSON type"):
        from_json_value({"a": {1}})
