"""Numbers as Terraform reads and prints them."""

from decimal import Decimal

import pytest

from orchestrator.hcl.functions.conversion import number_text, parse_number

D = Decimal


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
