"""format and formatlist."""

from decimal import Decimal

import pytest

D = Decimal


@pytest.mark.parametrize(
    ("template", "arguments", "message", "argument"),
    [
        ("%s", [], 'Not enough arguments for "%s" at 0: need index 1 but have 0 total.', None),
        ("%s", ["a", "b"], "Too many arguments; only 1 used by the format string.", 2),
        ("a", ["a"], "Too many arguments; there are no verbs in the format string.", 1),
        ("a%z", ["a"], 'Unsupported format verb "z" in "%z" at offset 1.', 0),
        ("a%", ["a"], "Invalid format string at offset 1: '%'.", 0),
        ("%*d", [1, 2], "Invalid format string at offset 0: '%*d'.", 0),
        ("%d", [D("1.5")], 'Unsupported value for "%d" at 0: an integer is required.', 1),
        ("%s", [[1]], 'Unsupported value for "%s" at 0: a string is required, not tuple.', 1),
        ("%s %s", ["a", None], 'Unsupported value for "%s" at 3: a null value cannot be formatted.', 2),
        (
            "%t",
            ["x"],
            'Unsupported value for "%t" at 0: cannot convert "x" to a bool: only the strings "true" and "false" are allowed.',
            1,
        ),
    ],
)
def test_format_refuses(refusal, template, arguments, message, argument):
    assert refusal("format", template, *arguments) == (message, argument)


def test_formatlist_refuses(refusal):
    assert refusal("formatlist", "%s%s", ["a", "b"], ["c"]) == (
        "Argument 2 has length 1, which is inconsistent with argument 1 of length 2.",
        2,
    )
    message, argument = refusal("formatlist", "%d", [1, "x"])
    assert message == (
        'On iteration 1: Unsupported value for "%d" at 0: '
        'cannot convert "x" to a number: it must be a decimal representation of one.'
    )
    assert argument == 1
