"""The references of an expression, found without evaluating it (C2)."""

import pytest

from orchestrator.hcl import parse_expression, references

CASES = [
    ("1", []),
    ("a", [("a",)]),
    ("a.b.c", [("a", "b", "c")]),
    ('a["b"].c[0].d', [("a", "b", "c", 0, "d")]),
    ("a.0.b", [("a", 0, "b")]),
    ("a[b.c].d", [("a",), ("b", "c")]),
    ("a.b[*].c", [("a", "b")]),
    ("a.b[*].c[d.e]", [("a", "b"), ("d", "e")]),
    ("a.b.*.c[0]", [("a", "b")]),
    ("f(a.b, g(c)...)", [("a", "b"), ("c",)]),
    ("f(a).b[c]", [("a",), ("c",)]),
    ("a.x ? b.x : -c.x", [("a", "x"), ("b", "x"), ("c", "x")]),
    ("a.x + b.x", [("a", "x"), ("b", "x")]),
    ('"${a.b}%{ if c }${d}%{ else }${e}%{ endif }"', [("a", "b"), ("c",), ("d",), ("e",)]),
    ('"%{ for x in a.b }${x}${y}%{ endfor }"', [("a", "b"), ("y",)]),
    ("{ a = b.c, (d) = e }", [("b", "c"), ("d",), ("e",)]),
    ("[for x in x.y : x.z if w]", [("x", "y"), ("w",)]),
    ("{for k, v in a : k => v... if b[k]}", [("a",), ("b",)]),
    ("[for x in a : [for y in x : [x, y, z]]]", [("a",), ("z",)]),
    ("[a.b, a.b]", [("a", "b"), ("a", "b")]),
    ("<<EOT\n${a.b}\nEOT\n", [("a", "b")]),
]


@pytest.mark.parametrize(("text", "paths"), CASES)
def test_paths(text, paths):
    assert [reference.path for reference in references(parse_expression(text, "f.hcl"))] == paths


def test_the_range_covers_the_static_path():
    (found, _) = references(parse_expression("1 + a.b[0][c].d", "f.hcl"))
    assert (found.range.start.column, found.range.end.column) == (5, 11)
