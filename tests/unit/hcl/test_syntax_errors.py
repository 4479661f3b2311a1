"""What is said about texts that are not the language (C7): the place, what was expected, and the fix."""

from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import parse_expression, parse_text

PATH = Path("f.hcl")

CASES = [
    ("a = \n", ["f.hcl:1:5: Invalid expression. Expected the start of an expression, but found the end of the line."]),
    (
        "a = 1 +\nb = )\n",
        [
            "f.hcl:1:8: Invalid expression. Expected the start of an expression, but found the end of the line.",
            'f.hcl:2:5: Invalid expression. Expected the start of an expression, but found ")".',
        ],
    ),
    (
        "a = 1 b = 2\n",
        ['f.hcl:1:7: Missing newline after argument. Expected a line break after the argument a, but found "b".'],
    ),
    (
        "a = b\n  ? c : d\n",
        [
            'f.hcl:2:3: Argument or block definition required. Expected the name of an argument or a block, but found "?".'
        ],
    ),
    (
        "a = x ? y\n",
        [
            'f.hcl:1:10: Missing false expression in conditional. Expected a ":" and the value for when the condition is false, but found the end of the line.'
        ],
    ),
    (
        "a = (1\n",
        [
            'f.hcl:2:1: Unbalanced parentheses. Expected a ")" that closes the parenthesis, but found the end of the file.'
        ],
    ),
    (
        "a = [1 2]\n",
        ['f.hcl:1:8: Missing item separator. Expected a "," or a "]" after an item of the list, but found "2".'],
    ),
    (
        "a = [1, 2\nb = 3\n",
        ['f.hcl:2:1: Missing item separator. Expected a "," or a "]" after an item of the list, but found "b".'],
    ),
    (
        "a = { b = 1 c = 2 }\n",
        [
            'f.hcl:1:13: Missing attribute separator. Expected a ",", a line break or a "}" after an item of the object, but found "c".'
        ],
    ),
    (
        "a = { b }\n",
        ['f.hcl:1:9: Missing attribute value. Expected a "=" and a value after the key of an object, but found "}".'],
    ),
    (
        "a = { b.c = 1 }\n",
        ["f.hcl:1:7: Ambiguous attribute key. The key b.c can be a reference or a name with dots in it."],
    ),
    (
        "a = f(1\nb = 2\n",
        [
            'f.hcl:2:1: Unterminated function call. Expected a "," or a ")" after an argument of the function f, but found "b".'
        ],
    ),
    (
        "a = f(b..., c)\n",
        [
            'f.hcl:1:11: Unterminated function call. Expected a ")", because nothing may follow "..." of the function f, but found ",".'
        ],
    ),
    (
        "a = b[1\n",
        ['f.hcl:2:1: Missing close bracket on index. Expected a "]" after the index, but found the end of the file.'],
    ),
    (
        "a = b[*\n",
        ['f.hcl:2:1: Missing close bracket on splat index. Expected a "]" after "[*", but found the end of the file.'],
    ),
    (
        "a = b.\n",
        ['f.hcl:1:7: Invalid attribute name. Expected an attribute name after ".", but found the end of the line.'],
    ),
    (
        "a = x::y\n",
        [
            'f.hcl:1:9: Missing open parenthesis. Expected a "(" and the arguments of the function x::y, but found the end of the line.'
        ],
    ),
    ("a = 1.2.3\n", ['f.hcl:1:5: Invalid number. "1.2.3" is not a number.']),
    (
        "a = [for in x : y]\n",
        [
            'f.hcl:1:13: Invalid for expression. Expected "in" and a collection after the names of the variables, but found "x".'
        ],
    ),
    (
        "a = [for x in y z]\n",
        ['f.hcl:1:17: Invalid for expression. Expected a ":" after the collection, but found "z".'],
    ),
    (
        "a = [for x in y : z => w]\n",
        [
            'f.hcl:1:21: Invalid for expression. Expected an "if" or a "]" at the end of the for expression, but found "=>".'
        ],
    ),
    (
        "a = {for x in y : z}\n",
        [
            'f.hcl:1:20: Invalid for expression. Expected a "=>" and a value, because a for expression in braces makes an object, but found "}".'
        ],
    ),
    ("a = 'b'\n", ["f.hcl:1:5: Invalid character. The character ' has no meaning here."]),
    ("a = b & c\n", ["f.hcl:1:7: Invalid character. The character & has no meaning here."]),
    ("a = \u0007\n", ["f.hcl:1:5: Invalid character. The character U+0007 has no meaning here."]),
    ("a = 1 /* b\nc = 2\n", ["f.hcl:1:7: Unterminated comment. This comment has no end."]),
    ("'a = 1\n", ["f.hcl:1:1: Invalid character. The character ' has no meaning here."]),
    (
        '"a" = 1\n',
        ["f.hcl:1:1: Invalid argument name. Names of arguments and types of blocks are written without quotes."],
    ),
    ("a : 1\n", ['f.hcl:1:3: Missing equals sign. Expected a "=" after the name of the argument a, but found ":".']),
    (
        "a\n",
        [
            'f.hcl:1:2: Argument or block definition required. Expected a "=" and a value, or a "{" and a body after a, but found the end of the line.'
        ],
    ),
    (
        'a "b"\n',
        [
            'f.hcl:1:6: Argument or block definition required. Expected a "{" and the body of the block a, but found the end of the line.'
        ],
    ),
    ('a "${b}" {}\n', ["f.hcl:1:3: Invalid block label. The label of a block is plain text, without ${...}."]),
    (
        "a {\n  b = 1\n",
        [
            'f.hcl:3:1: Unclosed block. Expected a "}" that closes the block which begins in line 1, but found the end of the file.'
        ],
    ),
    (
        "a { b = 1, c = 2 }\n",
        [
            'f.hcl:1:10: Invalid single-line block. Expected a "}" in line 1, because a block in one line holds a single argument, but found ",".'
        ],
    ),
    (
        "a { b {} }\n",
        [
            'f.hcl:1:7: Invalid single-line block. Expected a "=" after b, because a block in one line holds no other block, but found "{".'
        ],
    ),
    (
        "a {} b = 1\n",
        ['f.hcl:1:6: Missing newline after block definition. Expected a line break after the block a, but found "b".'],
    ),
    ("a = 1\nb = 2\na = 3\n", ["f.hcl:3:1: Attribute redefined. The argument a was already set in line 1."]),
    (
        "}\na = 1\n",
        [
            'f.hcl:1:1: Argument or block definition required. Expected the name of an argument or a block, but found "}".'
        ],
    ),
    (
        'a = "b\nc = 1\n',
        ["f.hcl:1:5: Invalid multi-line string. A quoted string has to end in the line that it begins in."],
    ),
    ('a = "b', ["f.hcl:1:5: Unterminated string. This string has no closing quote."]),
    ('a = "b\\q"\n', ["f.hcl:1:7: Invalid escape sequence. \\q is no escape sequence."]),
    ('a = "\\u12"\n', ["f.hcl:1:6: Invalid escape sequence. \\u is no escape sequence."]),
    ('a = "\\uD800"\n', ["f.hcl:1:6: Invalid escape sequence. \\u is no escape sequence."]),
    (
        'a = "${b"\n',
        ['f.hcl:1:9: Extra characters in template sequence. Expected a "}" that closes ${, but found """.'],
    ),
    ('a = "${b', ['f.hcl:1:6: Unclosed template sequence. There is no "}" that closes this ${.']),
    (
        'a = "${b c}"\n',
        ['f.hcl:1:10: Extra characters in template sequence. Expected a "}" that closes ${, but found "c".'],
    ),
    (
        'a = "%{ unless b }"\n',
        [
            'f.hcl:1:9: Invalid template directive. Expected one of the words if, else, endif, for, endfor after "%{", but found "unless".'
        ],
    ),
    ('a = "%{ if b }c"\n', ["f.hcl:1:6: Unclosed template directive. There is no %{ endif } for this %{ if }."]),
    (
        'a = "%{ if b }c%{ else }d"\n',
        ["f.hcl:1:16: Unclosed template directive. There is no %{ endif } for this %{ else }."],
    ),
    (
        'a = "%{ for b in c }d"\n',
        ["f.hcl:1:6: Unclosed template directive. There is no %{ endfor } for this %{ for }."],
    ),
    (
        'a = "b%{ endif }"\n',
        ["f.hcl:1:7: Unexpected template directive. No directive is open here that %{ endif } could belong to."],
    ),
    (
        'a = "%{ if b }c%{ endfor }"\n',
        [
            "f.hcl:1:16: Unexpected template directive. Expected %{ else } or %{ endif } for the %{ if } in line 1, but found %{ endfor }."
        ],
    ),
    ("a = <<EOT\nb\n", ["f.hcl:1:5: Unterminated heredoc. No line with EOT ends this heredoc."]),
    ("a = <<EOT\nb\nEOT", ["f.hcl:1:5: Unterminated heredoc. No line with EOT ends this heredoc."]),
    # Errors in several places are found in one go, also behind and inside of a block.
    (
        'a {\n  b = [1, )]\n  c = "${"\n  d = 1\n}\ne = *\nf {\n  g = 1 2\n}\n',
        [
            'f.hcl:2:11: Invalid expression. Expected the start of an expression, but found ")".',
            "f.hcl:3:10: Invalid multi-line string. A quoted string has to end in the line that it begins in.",
            'f.hcl:6:5: Invalid expression. Expected the start of an expression, but found "*".',
            'f.hcl:8:9: Missing newline after argument. Expected a line break after the argument g, but found "2".',
        ],
    ),
    (
        "a {\n  b = @\n  c = 1\n}\nd = {\n  e = *\n  f = 2\n}\ng = 1 2\n",
        [
            "f.hcl:2:7: Invalid character. The character @ has no meaning here.",
            'f.hcl:6:7: Invalid expression. Expected the start of an expression, but found "*".',
            'f.hcl:9:7: Missing newline after argument. Expected a line break after the argument g, but found "2".',
        ],
    ),
]


@pytest.mark.parametrize(("text", "errors"), CASES)
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
