"""What is known in spite of unknown parts, and what is left for later (C3)."""

import pytest

from orchestrator.hcl import unknown_reference
from orchestrator.hcl.values import SetValue

U = unknown_reference("dependency", "vpc", "outputs", "vpc_id")
V = unknown_reference("dependency", "kms", "outputs", "arn")


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("alltrue", [[U, False]], False),
        ("anytrue", [[U, True]], True),
        ("coalesce", [None, "", "a", U], "a"),
        ("coalescelist", [[], [U], V], [U]),
        ("concat", [[U], ["a"]], [U, "a"]),
        ("contains", [[U, "a"], "a"], True),
        ("element", [["a", U], 3], U),
        ("flatten", [[["a"], [{"b": U}]]], ["a", {"b": U}]),
        ("index", [["a", "b", U], "b"], 1),
        ("keys", [{"b": U, "a": 1}], ["a", "b"]),
        ("length", [[U, V]], 2),
        ("length", [{"a": U}], 1),
        ("lookup", [{"a": U}, "a", "z"], U),
        ("lookup", [{"a": U}, "b", "z"], "z"),
        ("lookup", [{"a": 1}, "a", U], 1),
        ("lookup", [{"a": 1}, "b", U], U),
        ("merge", [{"a": U}, None, {"b": 1}], {"a": U, "b": 1}),
        ("one", [[U]], U),
        ("reverse", [["a", U]], [U, "a"]),
        ("slice", [["a", U, "b"], 1, 2], [U]),
        ("values", [{"b": U, "a": 1}], [1, U]),
        ("zipmap", [["a", "b"], [U, 1]], {"a": U, "b": 1}),
    ],
)
def test_c3_known_in_spite_of_unknown_parts(call, functions, name, arguments, value):
    assert functions[name].takes_unknown
    assert call(name, *arguments) == value


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("alltrue", [[U, True]]),
        ("anytrue", [[U, False]]),
        ("coalesce", [U, "a"]),
        ("coalesce", [1, U]),
        ("coalescelist", [[], U]),
        ("concat", [["a"], U]),
        ("contains", [["a", U], "b"]),
        ("contains", [["a"], U]),
        ("element", [["a", "b"], U]),
        ("flatten", [[["a"], U]]),
        ("index", [[U, "b"], "b"]),
        ("keys", [U]),
        ("length", [U]),
        ("length", [SetValue(("a", U))]),
        ("lookup", [{"a": 1}, U]),
        ("merge", [{"a": 1}, U]),
        ("one", [U]),
        ("reverse", [U]),
        ("slice", [["a"], 0, U]),
        ("values", [U]),
        ("zipmap", [[U], [1]]),
    ],
)
def test_c3_left_for_later(call, functions, name, arguments):
    assert functions[name].takes_unknown
    assert call(name, *arguments) is NotImplemented


def test_every_function_that_takes_unknown_values_is_tested_here(functions):
    tested = {mark[0] for mark in test_c3_left_for_later.pytestmark[0].args[1]}
    assert tested == {name for name, function in functions.items() if function.takes_unknown}
