"""Numeric functions, and numbers as Terraform prints them."""

from decimal import Decimal

import pytest

from orchestrator.hcl.functions.decimals import number_text, parse_number

D = Decimal

INT64 = "The value must be a whole number, between -9223372036854775808 and 9223372036854775807 inclusive."


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("abs", ["a"], 'Cannot convert "a" to a number: it must be a decimal representation of one.', 0),
        ("abs", [True], "A number is required, not bool.", 0),
        ("abs", [None], "The argument must not be null.", 0),
        ("max", [1, []], "A number is required, not tuple.", 1),
        ("log", [0, 10], "The number and the base must be greater than zero, and the base must not be 1.", None),
        ("pow", [0, -1], "The result is not a finite number.", None),
        ("pow", [10, 400], "The result is infinite.", None),
        ("signum", [D("1.5")], INT64, 0),
        ("parseint", [12, 10], "The first argument must be a string, not number.", 0),
        ("parseint", ["12", 63], "The base must be a whole number between 2 and 62 inclusive.", 1),
        ("parseint", ["12", 2], 'Cannot parse "12" as a base 2 integer.', 0),
        ("parseint", ["", 10], 'Cannot parse "" as a base 10 integer.', 0),
        ("sum", [[]], "Cannot sum an empty list.", 0),
        ("sum", [[1, None]], "The argument must be a list, set or tuple of number values.", 0),
        ("sum", [{"a": 1}], "A list, tuple or set is required, not object.", 0),
        (
            "tonumber",
            ["1e9999999"],
            "The number is out of range: it has more than 4000 digits before or after the point.",
            0,
        ),
    ],
)
def test_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)


@pytest.mark.parametrize(
    ("text", "number", "printed"),
    [
        ("1.50", D("1.5"), "1.5"),
        ("1e3", 1000, "1000"),
        ("-1E-7", D("-1E-7"), "-0.0000001"),
        (".5", D("0.5"), "0.5"),
        ("5.", 5, "5"),
        ("+1", 1, "1"),
        ("1e30", 10**30, "1" + "0" * 30),
    ],
)
def test_number_from_and_to_text(text, number, printed):
    assert parse_number(text) == number
    assert number_text(parse_number(text)) == printed


@pytest.mark.parametrize("text", ["", " 1", "1 ", "0x10", "1_000", "inf", "NaN", "1e", ".", "\u0661"])
def test_text_that_is_no_number(text):
    assert parse_number(text) is None
