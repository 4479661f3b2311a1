"""String functions, counted in characters as a reader sees them."""

import pytest

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAGS = "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("chomp", ["a\r\n\n"], "a"),
        ("chomp", ["\na"], "\na"),
        ("endswith", ["abc", "bc"], True),
        ("indent", [2, "a\nb\n\nc"], "a\n  b\n  \n  c"),
        ("join", [",", ["a", 1, True], ["b"]], "a,1,true,b"),
        ("join", ["\u0301", ["e", ""]], "\u00e9"),
        ("lower", ["\u0391\u03a3"], "\u03b1\u03c3"),
        ("split", [",", "a,b,"], ["a", "b", ""]),
        ("split", ["", "a\u00e9"], ["a", "\u00e9"]),
        ("split", [",", ""], [""]),
        ("startswith", ["abc", ""], True),
        ("strcontains", ["abc", "d"], False),
        ("strrev", [f"a{FAMILY}b"], f"b{FAMILY}a"),
        ("substr", ["hello", -3, 2], "ll"),
        ("substr", ["hello", 1, -1], "ello"),
        ("substr", ["hello", 10, 1], ""),
        ("substr", ["hello", -10, 2], "he"),
        ("substr", [FLAGS, 1, 1], FLAGS[2:]),
        ("title", ["hello foo-bar foo_bar it's"], "Hello Foo-Bar Foo_bar It'S"),
        ("title", ["\u01c6"], "\u01c5"),
        ("trim", ["?!hello?!", "!?"], "hello"),
        ("trim", [" a ", ""], " a "),
        ("trimprefix", ["helloworld", "hello"], "world"),
        ("trimspace", ["\t\u00a0a\u2003\n"], "a"),
        ("trimspace", ["\x1ca"], "\x1ca"),
        ("trimsuffix", ["aa", "a"], "a"),
        ("upper", ["stra\u00dfe"], "STRA\u00dfE"),
    ],
)
def test_value(call, name, arguments, value):
    assert call(name, *arguments) == value


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("\r\n", 1),
        (FAMILY, 1),
        (FLAGS, 2),
        ("\U0001f937\U0001f3fd", 1),
        ("\u1100\u1161\u11a8", 1),
        ("\uac00\u11a8", 1),
        ("\u0e01\u0e33", 1),
        ("\u0600a", 1),
        ("a\u200db", 2),
        ("1\ufe0f\u20e3", 1),
    ],
)
def test_length_in_characters(call, text, count):
    assert call("length", text) == count


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
