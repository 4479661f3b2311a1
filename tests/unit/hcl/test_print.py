"""Canonical text, and that reading it gives back what was printed."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.hcl import Scope, evaluate, parse_expression, print_expression, print_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue

VALUES = [
    (None, "null"),
    (True, "true"),
    (-3, "-3"),
    (Decimal("0.1"), "0.1"),
    (Decimal("1E-7"), "0.0000001"),
    ("", '""'),
    ('a"b\\c\n\r\t', r'"a\"b\\c\n\r\t"'),
    ("${a} %{b} $${c} $ %", '"$${a} %%{b} $$${c} $ %"'),
    ("\x00\u2028\u00e9\U0001f600", '"\\u0000\\u2028\u00e9\U0001f600"'),
    ([], "[]"),
    ([1, "a"], '[1, "a"]'),
    ({}, "{}"),
    ({"a": 1, "b-c": [2], "d e": {}}, '{\n  a = 1\n  b-c = [2]\n  "d e" = {}\n}'),
    ({"for": 1, "null": 2}, '{\n  "for" = 1\n  "null" = 2\n}'),
    ({"a": {"b": {"c": 1}}}, "{\n  a = {\n    b = {\n      c = 1\n    }\n  }\n}"),
    ([{"a": 1}], "[\n  {\n    a = 1\n  },\n]"),
    (["x" * 60, "y" * 60], f'[\n  "{"x" * 60}",\n  "{"y" * 60}",\n]'),
    (SetValue(("a", "b")), 'toset(["a", "b"])'),
    (Sensitive({"a": 1}), "sensitive({\n  a = 1\n})"),
    (unknown_reference("a", "b"), "a.b"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_values(value, text):
    assert print_value(value) == text


EXPRESSIONS = [
    "(a + b) * c",
    "a - (b - c)",
    "a - -1",
    "-(a + b)",
    "!(a == b)",
    "(a ? b : c) ? d : e",
    "a ? b : c ? d : e",
    "(a ? b : c).d",
    "(a + b)[0]",
    "(-a).b",
    "(a[*].b).c",
    "(a.*.b)[0]",
    "a.*.b",
    "a[*].b[0][*].c",
    "f(a, b...)",
    "x::y(a)",
    '"a${b}%{ if c }d%{ else }${e}%{ endif }%{ for k, v in f }${k}%{ endfor }"',
    '"a${"$"}${b}"',
    '"a${"%"}%{ if c }d%{ endif }"',
    '"${a}"',
    "[for k, v in a : k if v]",
    "{for v in a : v => v... if v}",
    "[for v in (a ? b : c) : v ? 1 : 2]",
    "a[b.c].d",
    'a["b"]',
    '"x".a',
    "[1].a",
    "(1).a",
    "(-1)[0]",
    "sensitive(1)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_are_printed_as_they_are_written(text):
    assert print_expression(parse_expression(text, "f.hcl")) == text


@pytest.mark.parametrize("text", ['{\n  (a) = b\n  "${c}" = {}\n  d = [e]\n}', '{\n  "a.b" = c\n}'])
def test_objects_are_printed_as_they_are_written(text):
    assert print_expression(parse_expression(text, "f.hcl")) == text


# Strings: Terraform's are in normal form C, which the printed characters have to be in to come back as they were.
_texts = st.text(st.characters(codec="utf-8", max_codepoint=0x2FF)) | st.lists(
    st.sampled_from(["$", "%", "{", "}", "${", "%{", "~", '"', "\\", "\n", "a", " "]), max_size=8
).map("".join)
_numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=6).map(
    lambda number: int(number) if number == int(number) else number.normalize()
)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(_values)
def test_a_printed_value_is_read_back(value):
    assert evaluate(parse_expression(print_value(value), "f.hcl"), Scope({}, {})) == value


def _combined(inner):
    operators = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"])
    return (
        st.tuples(inner, operators, inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})")
        | st.tuples(inner, inner, inner).map("({0[0]}) ? ({0[1]}) : ({0[2]})".format)
        | inner.map("-({})".format)
        | inner.map("!({})".format)
        | inner.map("({}).a".format)
        | inner.map("({})[*].a[0]".format)
        | inner.map("({}).*.b".format)
        | st.tuples(inner, inner).map("({0[0]})[{0[1]}]".format)
        | st.tuples(inner, inner).map("f({0[0]}, ({0[1]})...)".format)
        | st.tuples(inner, inner).map("[{0[0]}, {0[1]}]".format)
        | st.tuples(inner, inner).map("{{ a = {0[0]}, ({0[1]}) = 1 }}".format)
        | st.tuples(inner, inner).map("[for x in {0[0]} : {0[1]} if x]".format)
        | st.tuples(inner, inner).map("{{for k, v in {0[0]} : k => {0[1]}...}}".format)
        | st.tuples(inner, inner).map('"t${{{0[0]}}}$%{{ if {0[1]} }}u%{{ else }}$${{v%{{ endif }}"'.format)
        | st.tuples(inner, inner).map('"%{{ for x in {0[0]} }}${{{0[1]}}}%{{ endfor }}"'.format)
    )


_expressions = st.recursive(
    st.sampled_from(["a", "b.c", "1", "2.5", '["s"]', "true", "null", 'f("$${")']), _combined, max_leaves=8
)


@settings(max_examples=300, deadline=None)
@given(_expressions)
def test_a_printed_expression_is_read_back(text):
    expression = parse_expression(text, "f.hcl")
    assert parse_expression(print_expression(expression), "f.hcl") == expression


_arithmetic = st.recursive(
    st.sampled_from(["u", "v", "1", "3", "k"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})")
        | st.tuples(inner, inner, inner).map("({0[0]}) > ({0[1]}) ? ({0[2]}) : ({0[1]})".format)
        | inner.map("-({})".format)
        | st.tuples(inner, inner).map("[for x in [{0[0]}, u] : x + {0[1]}][1]".format)
        | st.tuples(inner, inner).map("{{a = {0[0]}, b = {0[1]}}}.a".format)
        | st.tuples(inner, inner).map('length("${{{0[0]}}}-${{{0[1]}}}")'.format)
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(_arithmetic, st.integers(-9, 9), st.integers(-9, 9))
def test_folding_changes_no_result(functions, text, first, second):
    expression = parse_expression(text, "f.hcl")
    unknown = Scope({"u": unknown_reference("u"), "v": unknown_reference("v"), "k": 7}, functions)
    known = Scope({"u": first, "v": second, "k": 7}, functions)
    folded = print_value(evaluate(expression, unknown))
    outputs = Scope({"u": first, "v": second}, functions)
    assert evaluate(parse_expression(folded, "f.hcl"), outputs) == evaluate(expression, known)
