"""Expressions to values. Each value is what Terraform 1.11 gives; test_terraform_console.py checks that."""

import pytest

from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.values import SetValue

VARIABLES = {
    "local": {"name": "vpc", "count": 2, "zones": ["a", "b"], "tags": {"B": "2", "a": "1"}, "none": None},
    "names": SetValue(("x", "y")),
}

CASES = [
    # Numbers
    ("6 / 2", 3),
    ("1.5 + 1.5", 3),
    ("0.5 * 4", 2),
    ("1.5 - 0.5", 1),
    # Conditionals: both sides get one type
    ("false ? 1 : local.none == null ? 2 : 3", 2),
    # Templates
    ('"${local.count}"', 2),
    ('"${local.zones}"', ["a", "b"]),
    ('"${local.name}-${local.count}-${true}-${1.50}"', "vpc-2-true-1.5"),
    ('"%{ if local.count == 2 }two%{ else }more%{ endif }"', "two"),
    ('"%{ for z in local.zones }${z},%{ endfor }"', "a,b,"),
    ('"%{ for k, v in local.tags }${k}=${v};%{ endfor }"', "B=2;a=1;"),
    ('"${"${local.name}"}!"', "vpc!"),
    ("<<-EOT\n    %{ for z in local.zones ~}\n    zone ${z}\n    %{ endfor ~}\n  EOT\n", "    zone a\n    zone b\n"),
    # Access
    ("local.zones[1]", "b"),
    ('local.zones["1"]', "b"),
    ("local.zones.0", "a"),
    ('local.tags["a"]', "1"),
    ("names[*]", ["x", "y"]),
    ("local.none[*]", []),
    ("local.name[*]", ["vpc"]),
    # Collections
    ('{a = 1, "b c" = 2, (local.name) = 3, 4 = 5, true = 6}', {"a": 1, "b c": 2, "vpc": 3, "4": 5, "true": 6}),
    ('[for z in local.zones : upper(z) if z != "a"]', ["B"]),
    ('[for i, z in local.zones : "${i}${z}"]', ["0a", "1b"]),
    ("[for k, v in local.tags : k]", ["B", "a"]),
    ("[for v in local.tags : v]", ["2", "1"]),
    ('[for k, v in names : "${k}${v}"]', ["xx", "yy"]),
    ("{for k, v in local.tags : v => k}", {"2": "B", "1": "a"}),
    ("{for i, z in local.zones : i => z}", {"0": "a", "1": "b"}),
    ("[for local in [1] : local]", [1]),
    # Calls
    ("length(names)", 2),
    # try and can
    ("try(local.missing, missing, [][0], local.name)", "vpc"),
    ("can(local.missing)", False),
    ("can(local.none)", True),
    ('can(refuse("x"))', False),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_values(value_of, text, value):
    result = value_of(text, **VARIABLES)
    assert result == value
    assert type(result) is type(value)


def test_a_map_keeps_the_order_of_the_source(value_of):
    assert list(value_of("{z = 1, a = 2}")) == ["z", "a"]


def test_numbers_have_the_precision_of_terraform(value_of):
    assert str(value_of("1 / 3")).startswith("0." + "3" * 150)


def test_a_child_scope_hides_names_and_leaves_its_parent_alone(functions):
    parent = Scope({"a": 1, "b": 2}, functions)
    child = parent.child(a=3)
    expression = parse_expression("[a, b]", "x")
    assert evaluate(expression, child) == [3, 2]
    assert evaluate(expression, parent) == [1, 2]


def test_templatefile_reads_relative_to_the_folder_of_the_scope(tmp_path, functions):
    (tmp_path / "motd.tftpl").write_text("Hello ${upper(name)}\n%{ for z in zones ~}\n${z}\n%{ endfor ~}\n")
    scope = Scope({"local": {"zones": ["a", "b"]}}, functions, tmp_path)
    text = 'templatefile("motd.tftpl", { name = "x", zones = local.zones })'
    assert evaluate(parse_expression(text, tmp_path / "t.hcl"), scope) == "Hello X\na\nb\n"
