"""format and formatlist."""

from decimal import Decimal

import pytest

from orchestrator.hcl.values import SetValue

D = Decimal


@pytest.mark.parametrize(
    ("template", "arguments", "value"),
    [
        ("%s %s %s", ["a", 1000000, True], "a 1000000 true"),
        ("%v %v", [1000000, D("0.00001")], "1e+06 1e-05"),
        ("%v", [{"b": [1, None], "a": "<"}], '{"a":"\\u003c","b":[1,null]}'),
        ("%#v %#v", ["a", None], '"a" null'),
        ("%q", ['a"\n<'], '"a\\"\\n\\u003c"'),
        ("%5t|%t", [True, "false"], "true|false"),
        ("%05d|%-5d|%+d|% d|%.3d", [42] * 5, "00042|42   |+42| 42|042"),
        ("%x %X %o %b %#x %#o %#b", [255, 255, 8, 5, 255, 8, 5], "ff FF 10 101 0xff 010 0b101"),
        ("%x", [-255], "-ff"),
        (
            "%f|%.2f|%8.3f|%08.2f|%+.1f",
            [D("1.5"), D("2.345"), D("3.14159"), D("-2.5"), 1],
            "1.500000|2.34|   3.142|-0002.50|+1.0",
        ),
        ("%.1f %.1f %.2f", [D("0.15"), D("0.25"), D("1.005")], "0.2 0.2 1.00"),
        ("%e|%.2e|%E", [D("123456.789"), D("0.00012"), 5], "1.234568e+05|1.20e-04|5.000000E+00"),
        ("%g|%G|%.3g|%g", [D("123456.789"), D("1e-10"), D("123456.789"), 10**21], "123456.789|1E-10|1.23e+05|1e+21"),
        ("%10s|%-10s|%.2s|%010s", ["abc"] * 4, "       abc|abc       |ab|0000000abc"),
        ("%3s|", ["e\u0301"], "  \u00e9|"),
        ("%[2]s %[1]s %s", ["a", "b"], "b a b"),
        ("%5[1]s%%", ["a"], "    a%"),
        ("none", [], "none"),
    ],
)
def test_format(call, template, arguments, value):
    assert call("format", template, *arguments) == value


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


@pytest.mark.parametrize(
    ("template", "arguments", "value"),
    [
        ("%s-%s", [["a", "b"], "c"], ["a-c", "b-c"]),
        ("%s=%d", [SetValue(("x", "y")), [1, 2]], ["x=1", "y=2"]),
        ("hi", [], ["hi"]),
        ("%s %s", [[], "a"], []),
        ("%v", [[{"a": 1}]], ['{"a":1}']),
    ],
)
def test_formatlist(call, template, arguments, value):
    assert call("formatlist", template, *arguments) == value


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
