"""Functions over lists, maps and sets, and the conversions to them."""

import pytest

from orchestrator.hcl.values import SetValue


def a_set(*elements):
    return SetValue(elements)


MIXED = "All elements of the list must have the same type."
TYPES = "All arguments must have the same type."


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("alltrue", [[True, 1]], "Element 1: a bool is required, not number.", None),
        ("chunklist", [[], -1], "The size must not be negative.", 1),
        ("chunklist", [[1, [2]], 1], MIXED, 0),
        ("concat", [["a"], SetValue(())], "A list or tuple is required, not set.", 1),
        ("concat", [["a"], None], "The argument must not be null.", 1),
        ("contains", ["abc", "a"], "A list, tuple or set is required, not string.", 0),
        ("distinct", [[1, True]], MIXED, 0),
        ("element", [[], 0], "Cannot use element with an empty list.", 0),
        ("element", [["a"], -1], "The index must not be negative.", 1),
        ("flatten", ["a"], "A list, tuple or set is required, not string.", 0),
        ("index", [["a"], "b"], "The item was not found in the list.", 1),
        ("length", [5], "The argument must be a string, a collection type, or a structural type, not number.", 0),
        ("matchkeys", [["a"], [], []], "The lists of values and keys must have the same length.", 1),
        ("matchkeys", [["a"], [1], [["x"]]], "The keys and the search set must be of the same type.", 2),
        ("one", [["a", "b"]], "The list must have no element or one element, but it has 2.", 0),
        ("range", [1, 2, -1], "The end must be less than the start when the step is negative.", 1),
        ("range", [2, 1, 1], "The end must be greater than the start when the step is positive.", 1),
        ("range", [1025], "More than 1024 values: bring start and end closer together or use a larger step.", None),
        ("range", [1, 2, 0], "More than 1024 values: bring start and end closer together or use a larger step.", None),
        ("slice", [["a"], 0, 2], "The end index must not be greater than the length of the list, which is 1.", 2),
        ("slice", [["a"], -1, 1], "The start index must not be less than zero.", 1),
        ("slice", [["a"], 1, 0], "The start index must not be greater than the end index.", 1),
        ("sort", [["b", None]], "Element 1 is null; a null string cannot be sorted.", 0),
        ("coalesce", [None, ""], "No argument is neither null nor an empty string.", None),
        ("coalesce", [1, [2]], TYPES, None),
        ("coalesce", ["a", [2]], TYPES, None),
        ("coalescelist", [["a"], None], "All arguments must be lists or tuples, not null.", 1),
        ("coalescelist", [[], []], "All the lists are empty.", None),
        ("keys", [[1]], "A map or object is required, not tuple.", 0),
        ("lookup", [{"a": 1}, "b"], 'There is no element with the key "b", and no default is given.', 1),
        ("merge", [{}, "x"], "A map or object is required, not string.", 1),
        ("transpose", [{"a": None}], 'The list of the key "a" is null.', 0),
        ("transpose", [{"a": [None]}], 'The list of the key "a" contains null.', 0),
        ("zipmap", [["a"], [1, 2]], "The number of keys (1) does not match the number of values (2).", None),
        ("zipmap", [[None], [1]], "The list of keys has null at index 0.", 0),
        ("setunion", [[1], [[1]]], "The given sets must all have compatible element types.", None),
        ("setproduct", [["a"], {}], "A set or a list is required.", 1),
        ("tolist", [{"a": 1}], "Cannot convert object to a list of any single type.", 0),
        ("toset", [[1, True]], "Cannot convert tuple to a set of any single type.", 0),
        ("tomap", [{"a": 1, "b": [1]}], "Cannot convert object to a map of any single type.", 0),
        (
            "tobool",
            ["yes"],
            'Cannot convert "yes" to a bool: only the strings "true" and "false" are allowed.',
            0,
        ),
    ],
)
def test_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)
