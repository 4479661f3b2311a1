"""What is said about texts that are not the language (C7): the place, what was expected, and the fix."""

from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import parse_expression, parse_text

PATH = Path("f.hcl")
CASES = Path(__file__).with_name("syntax_errors.txt").read_text(encoding="utf-8").strip().split("\n\n")[1:]
ODD = [
    ("a = \n", ["f.hcl:1:5: Invalid expression. Expected the start of an expression, but found the end of the line."]),
    ("a = \x07\n", ["f.hcl:1:5: Invalid character. The character U+0007 has no meaning here."]),
]


def in_table(case):
    lines = case.split("\n")
    text = "".join(line[1:] + ("\n" if line[0] == "|" else "") for line in lines if line[0] in "|!")
    return text, [f"f.hcl:{line[2:]}" for line in lines if line[0] == " "]


@pytest.mark.parametrize(("text", "errors"), [*map(in_table, CASES), *ODD])
def test_syntax_errors(text, errors):
    with pytest.raises(ConfigurationError) as caught:
        parse_text(text, PATH)
    assert str(caught.value).split("\n") == errors


HINTS = [
    ("a = 'b'\n", 'Strings are written in double quotes: "...".'),
    ("a = { b.c = 1 }\n", 'Write (b.c) for the reference, or "b.c" for the name.'),
    ('a = "b\nc"\n', 'Close it with ", write \\n for a line break, or use a heredoc: <<EOT.'),
    ('a = "${b:-c}"\n', "If the text is meant for another language, write $${ instead."),
    ("a = <<EOT\nb\nEOT", "End the last line of the file, EOT, with a line break."),
    ("a = <<EOT\nb\n", "End it with a line that holds nothing but EOT."),
    ("a = 1\na = 2\n", "Each argument may be set only once: take one of them out."),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_hints(text, hint):
    with pytest.raises(ConfigurationError) as caught:
        parse_text(text, PATH)
    assert caught.value.hint == hint


def test_an_expression_ends_with_its_text():
    with pytest.raises(ConfigurationError) as caught:
        parse_expression("a b", PATH)
    assert str(caught.value) == (
        'f.hcl:1:3: Extra characters after expression. Expected the end of the expression, but found "b".'
    )


@pytest.mark.parametrize("opening", ["(", "[", "f(", '"${', "{a="])
def test_deep_nesting_is_an_error_not_a_crash(opening):
    with pytest.raises(ConfigurationError, match="Expression nested too deeply"):
        parse_text(f"a = {opening * 3000}\n", PATH)
