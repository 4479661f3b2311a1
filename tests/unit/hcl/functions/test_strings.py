"""String functions, counted in characters as a reader sees them."""

import pytest

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAGS = "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("indent", [-1, "a"], "The number of spaces must not be negative.", 0),
        ("join", [",", ["a", None]], "Element 1 is null; cannot concatenate null values.", 1),
        ("join", [",", ["a"], [["b"]]], "Element 0: a string is required, not tuple.", 2),
        ("join", [",", "a"], "A list, tuple or set is required, not string.", 1),
        ("upper", [[]], "A string is required, not tuple.", 0),
        ("upper", [None], "The argument must not be null.", 0),
    ],
)
def test_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)
