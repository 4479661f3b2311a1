"""Texts to trees, and the places of nodes (C1, C7).

What is said about texts that are not the language (C7): the place, what was expected, and the fix.
"""

from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError, Position
from orchestrator.hcl import Literal, parse_expression, parse_file, parse_template, parse_text, print_expression
from orchestrator.hcl.nodes import Binary
from tests.fakes.errors import error_of

PATH = Path("unit/terragrunt.hcl")

# Text, and the same with every grouping made visible by parentheses.
GROUPING = [
    ("a || b && c == d < e + f * g", "a || (b && (c == (d < (e + (f * g)))))"),
    ("a * b + c < d == e && f || g", "(((((a * b) + c) < d) == e) && f) || g"),
    ("a - b - c", "(a - b) - c"),
    ("a / b * c % d", "((a / b) * c) % d"),
    ("-a.b + !c[0]", "(-(a.b)) + (!(c[0]))"),
    ("- -a", "-(-a)"),
    ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
    ("a ? b ? c : d : e", "a ? (b ? c : d) : e"),
    ("a == b ? c + d : e", "(a == b) ? (c + d) : e"),
    ("(\n  a\n  + b\n)", "a + b"),
    ("[\n  a,\n  b\n  ,\n]", "[a, b]"),
    ("{\n  a = b\n  (c) = d, e : f\n}", "{ a = b, (c) = d, e = f }"),
    ('{ "for" = 1, true = 2 }', '{ "for" : 1\n "true" : 2\n}'),
    ("f(\n  a,\n  b...\n)", "f(a, b...)"),
    ("provider::x::f(a)", "provider::x::f(a)"),
    ("a.0.1.b", "a[0][1].b"),
    ("a.*.b.c[0]", "(a.*.b.c)[0]"),
    ("a[*].b[0].c", "a[*].b[0].c"),
    ("a[*].b[*].c", "a[*].b[*].c"),
    ("[for k, v in x : v if k != y]", "[for k, v in x : (v) if (k != y)]"),
    ("{for k, v in x : k => v... if v}", "{for k, v in x : (k) => (v)... if (v)}"),
    ("( // b\n  a /* c\n */ +\n  # d\n  e\n)", "a + e"),
]


@pytest.mark.parametrize(("text", "grouped"), GROUPING)
def test_grouping(text, grouped):
    assert parse_expression(text, PATH) == parse_expression(grouped, PATH)


NUMBERS = [
    ("0", "0"),
    ("12", "12"),
    ("1e3", "1000"),
    ("1E+3", "1000"),
    ("2.0", "2"),
    ("2.50", "2.5"),
    ("1.5e-3", "0.0015"),
]


@pytest.mark.parametrize(("text", "printed"), NUMBERS)
def test_numbers(text, printed):
    assert print_expression(parse_expression(text, PATH)) == printed


STRINGS = [
    ('""', ""),
    (r'"a\n\r\t\"\\b"', 'a\n\r\t"\\b'),
    (r'"\u00e9\U0001F600"', "\u00e9\U0001f600"),
    ('"$${a} %%{b}"', "${a} %{b}"),
    ('"$ % $$ %% a$"', "$ % $$ %% a$"),
    ('"$$${a}"', "$${a}"),
    ('"# // /* { ["', "# // /* { ["),
    ('"e\u0301"', "\u00e9"),
    ("<<EOT\nEOT\n", ""),
    ('<<EOT\n  a\n b \\n "\n  EOT  \n', '  a\n b \\n "\n'),
    ("<<EOT\r\na\r\nEOT\r\n", "a\r\n"),
    ("<<EOT\nEOTX\n x EOT\nEOT\n", "EOTX\n x EOT\n"),
    ("<<-EOT\n    a\n\n      b\n  EOT\n", "a\n\n  b\n"),
    ("<<-EOT\n\ta\n\t\tb\nEOT\n", "a\n\tb\n"),
    ("<<EOT\n$${a} %%{b}\nEOT\n", "${a} %{b}\n"),
]


@pytest.mark.parametrize(("text", "value"), STRINGS)
def test_strings(text, value):
    assert parse_expression(text, PATH) == Literal(value=value, range=parse_expression(text, PATH).range)


def test_attributes_and_blocks_keep_their_order_and_place():
    text = 'z = 1\na = {\n  b = 2\n}\nblock "one" two {\n  c = 3\n  inner {}\n}\nblock { d = 4 }\n'
    body = parse_text(text, PATH).body
    assert list(body.attributes) == ["z", "a"]
    assert [(block.type, block.labels) for block in body.blocks] == [("block", ("one", "two")), ("block", ())]
    first, second = body.blocks
    assert list(first.body.attributes) == ["c"]
    assert [block.type for block in first.body.blocks] == ["inner"]
    assert list(second.body.attributes) == ["d"]
    assert str(first.range) == "unit/terragrunt.hcl:5:1"
    assert first.range.end == Position(8, 2)
    assert [place.start for place in first.label_ranges] == [Position(5, 7), Position(5, 13)]
    assert body.attributes["a"].range.end == Position(4, 2)
    assert body.attributes["a"].name_range.end == Position(2, 2)


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_places_count_characters(line_break):
    text = line_break.join(["# \u00e9\U0001f600", 'x = "\u00e9\U0001f600" == y', ""])
    expression = parse_text(text, PATH).body.attributes["x"].expression
    assert isinstance(expression, Binary)
    assert expression.left.range.start == Position(2, 5)
    assert expression.right.range.start == Position(2, 13)
    assert expression.right.range.end == Position(2, 14)
    assert expression.right.range.source.line(2) == 'x = "\u00e9\U0001f600" == y'


def test_a_byte_order_mark_is_no_text():
    assert parse_text("\ufeffa = 1\n", PATH).body.attributes["a"].range.start == Position(1, 1)


def test_template_text_is_a_template():
    parsed = parse_template('a "${b}"\n%{ if c ~}\n  d\n%{ endif ~}\n', PATH)
    assert print_expression(parsed) == r'"a \"${b}\"\n%{ if c }  d\n%{ endif }"'


def test_a_missing_file_is_named(tmp_path):
    error = error_of(lambda: parse_file(tmp_path / "missing.hcl"), ConfigurationError)
    assert str(error) == f"Configuration file cannot be read. {tmp_path}/missing.hcl does not exist."


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        parse_file(tmp_path)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "latin.hcl"
    path.write_bytes(b'a = 1\nb = "\xe9"\n')
    with pytest.raises(ConfigurationError, match="has bytes in line 2 that are not UTF-8"):
        parse_file(path)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "a.hcl"
    path.write_bytes(b"a = <<EOT\r\nx\r\nEOT\r\n")
    file = parse_file(path)
    assert file.source.path == path
    assert file.body.attributes["a"].expression == parse_expression(r'"x\r\n"', PATH)


FILE = Path("f.hcl")
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
    error = error_of(lambda: parse_text(text, FILE), ConfigurationError)
    assert str(error).split("\n") == errors


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
    error = error_of(lambda: parse_text(text, FILE), ConfigurationError)
    assert error.hint == hint


def test_an_expression_ends_with_its_text():
    error = error_of(lambda: parse_expression("a b", FILE), ConfigurationError)
    assert str(error) == (
        'f.hcl:1:3: Extra characters after expression. Expected the end of the expression, but found "b".'
    )


@pytest.mark.parametrize("opening", ["(", "[", "f(", '"${', "{a="])
def test_deep_nesting_is_an_error_not_a_crash(opening):
    with pytest.raises(ConfigurationError, match="Expression nested too deeply"):
        parse_text(f"a = {opening * 3000}\n", FILE)


def test_c10_the_providers_of_a_module_call_are_named_with_dots():
    """A key with dots is ambiguous anywhere else; Terraform reads this table by names."""
    text = 'module "x" {\n  providers = { aws.east = aws, aws = aws.west }\n}\n'

    (block,) = parse_text(text, Path("main.tf")).body.blocks
    assert [item.key.value for item in block.body.attributes["providers"].expression.items] == ["aws.east", "aws"]
    for other in (text.replace("providers", "names"), text.replace("} \n", "}")):
        path = Path("main.tf") if "names" in other else Path("terragrunt.hcl")
        error = error_of(lambda text=other, path=path: parse_text(text, path), ConfigurationError)
        assert error.diagnostics[0].summary == "Ambiguous attribute key"
