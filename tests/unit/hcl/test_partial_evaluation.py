"""Unknown values: whatever they take part in is folded as far as it is known, and stays an expression (C3)."""

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression, print_expression, print_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue, Unknown
from tests.fakes.errors import error_of

OUTPUTS = unknown_reference(
    "dependency",
    "vpc",
    "outputs",
    attributes=frozenset({"id", "zones", "names"}),
    description="the outputs of unit vpc",
)
BOUND = {"id": "vpc-1", "zones": ["a", "b"], "names": {"x": "X", "y": "Y"}}
LOCALS = {"name": "net", "count": 2, "list": [1, 2], "id": unknown_reference("dependency", "vpc", "outputs", "id")}

# What is written, and what is left of it. Every case is also checked by binding the unknowns afterwards.
CASES = [
    ("dependency.vpc.outputs", "dependency.vpc.outputs"),
    ("dependency.vpc.outputs.id", "dependency.vpc.outputs.id"),
    ('dependency.vpc.outputs["id"]', 'dependency.vpc.outputs["id"]'),
    ("dependency.vpc.outputs.zones[local.count - 1]", "dependency.vpc.outputs.zones[1]"),
    ("local.list[length(dependency.vpc.outputs.zones) - 1]", "[1, 2][length(dependency.vpc.outputs.zones) - 1]"),
    ('"${dependency.vpc.outputs.id}"', "dependency.vpc.outputs.id"),
    ('"${local.name}-${local.id}-${local.count}${1 + 1}"', '"net-${dependency.vpc.outputs.id}-22"'),
    ('"a${"b${local.id}c"}d"', '"ab${dependency.vpc.outputs.id}cd"'),
    ('"$${x}${"$"}${local.id}"', '"$${x}${"$"}${dependency.vpc.outputs.id}"'),
    ("local.count * 3 + length(local.id)", "6 + length(dependency.vpc.outputs.id)"),
    ("-length(local.id) - (1 - 2)", "-length(dependency.vpc.outputs.id) - -1"),
    ("(length(local.id) + 1) * (local.count + 1)", "(length(dependency.vpc.outputs.id) + 1) * 3"),
    ("!(local.id == local.name)", '!(dependency.vpc.outputs.id == "net")'),
    ("local.id == null", "dependency.vpc.outputs.id == null"),
    ("{a = local.id} == {a = 1}", "{\n  a = dependency.vpc.outputs.id\n} == {\n  a = 1\n}"),
    ('local.id == "x" ? upper(local.name) : local.count + 1', 'dependency.vpc.outputs.id == "x" ? "NET" : 3'),
    ("upper(local.id)", "upper(dependency.vpc.outputs.id)"),
    ("pair(local.name, local.id)", 'pair("net", dependency.vpc.outputs.id)'),
    ("max(length(local.id), [1, local.count]...)", "max(length(dependency.vpc.outputs.id), 1, 2)"),
    ("pair(dependency.vpc.outputs.zones...)", "pair(dependency.vpc.outputs.zones...)"),
    ("dependency.vpc.outputs.zones[*]", "dependency.vpc.outputs.zones[*]"),
    (
        "[for z in dependency.vpc.outputs.zones : [z, local.name]]",
        '[for z in dependency.vpc.outputs.zones : [z, "net"]]',
    ),
    (
        "[for i, z in dependency.vpc.outputs.zones : z if i < local.count - 1]",
        "[for i, z in dependency.vpc.outputs.zones : z if i < 1]",
    ),
    (
        "{for k, v in dependency.vpc.outputs.names : v => upper(k) if k != local.name}",
        '{for k, v in dependency.vpc.outputs.names : v => upper(k) if k != "net"}',
    ),
    (
        "{for z in dependency.vpc.outputs.zones : local.name => z...}",
        '{for z in dependency.vpc.outputs.zones : "net" => z...}',
    ),
    (
        "[for n in local.list : n + length(local.id)]",
        "[1 + length(dependency.vpc.outputs.id), 2 + length(dependency.vpc.outputs.id)]",
    ),
    (
        "[for n in local.list : n if length(local.id) > n]",
        "[for n in [1, 2] : n if length(dependency.vpc.outputs.id) > n]",
    ),
    ('{for n in local.list : "${n}${local.id}" => n}', '{for n in [1, 2] : "${n}${dependency.vpc.outputs.id}" => n}'),
    ("{(local.id) = 1, b = local.name}", '{\n  (dependency.vpc.outputs.id) = 1\n  b = "net"\n}'),
    (
        '"%{ if local.id == "x" }${local.name}%{ else }${local.id}%{ endif }!"',
        '"%{ if dependency.vpc.outputs.id == "x" }net%{ else }${dependency.vpc.outputs.id}%{ endif }!"',
    ),
    (
        '"%{ for z in dependency.vpc.outputs.zones }${z}${local.count},%{ endfor }"',
        '"%{ for z in dependency.vpc.outputs.zones }${z}2,%{ endfor }"',
    ),
    ("try(local.missing, local.id, 1)", "try(dependency.vpc.outputs.id, 1)"),
    ("try(local.id, local.missing, [][0])", "try(dependency.vpc.outputs.id)"),
    ("can(local.id)", "can(dependency.vpc.outputs.id)"),
    ("nonsensitive(local.id)", "nonsensitive(dependency.vpc.outputs.id)"),
    ("issensitive(local.id)", "issensitive(dependency.vpc.outputs.id)"),
]


def scope_with(outputs, functions):
    identifier = LOCALS["id"] if outputs is OUTPUTS else BOUND["id"]
    return Scope({"dependency": {"vpc": {"outputs": outputs}}, "local": {**LOCALS, "id": identifier}}, functions)


@pytest.mark.parametrize(("text", "folded"), CASES)
def test_what_is_left(functions, text, folded):
    value = evaluate(parse_expression(text, "f.hcl"), scope_with(OUTPUTS, functions))
    printed = print_value(value)
    assert printed == folded
    only_outputs = Scope({"dependency": {"vpc": {"outputs": BOUND}}}, functions)
    at_once = evaluate(parse_expression(text, "f.hcl"), scope_with(BOUND, functions))
    assert evaluate(parse_expression(printed, "f.hcl"), only_outputs) == at_once


def test_containers_keep_what_is_known(functions):
    value = evaluate(parse_expression("{a = [1, local.id], b = local.name}", "f.hcl"), scope_with(OUTPUTS, functions))
    assert value["b"] == "net"
    assert value["a"][0] == 1
    assert isinstance(value["a"][1], Unknown)


def test_a_function_that_takes_unknown_values_keeps_the_structure(functions):
    value = evaluate(parse_expression("merge({a = local.id}, {b = 2})", "f.hcl"), scope_with(OUTPUTS, functions))
    assert value["b"] == 2
    assert print_value(value["a"]) == "dependency.vpc.outputs.id"


def test_a_function_may_leave_the_call_unknown_after_all(functions):
    text = "merge(dependency.vpc.outputs.names, {b = local.count})"
    value = evaluate(parse_expression(text, "f.hcl"), scope_with(OUTPUTS, functions))
    assert print_value(value) == "merge(dependency.vpc.outputs.names, {\n  b = 2\n})"


def test_a_loop_variable_catches_no_name_from_outside(functions):
    text = "[for dependency in dependency.vpc.outputs.zones : [for dependency_2 in [dependency] : [dependency_2, local.id]]]"
    value = evaluate(parse_expression(text, "f.hcl"), scope_with(OUTPUTS, functions))
    assert print_value(value) == (
        "[for dependency_2 in dependency.vpc.outputs.zones : [[dependency_2, dependency.vpc.outputs.id]]]"
    )


def test_loops_in_loops_keep_their_variables_apart(functions):
    text = "[for z in dependency.vpc.outputs.zones : [for y in [z] : [for z in dependency.vpc.outputs.zones : [y, z]]]]"
    value = evaluate(parse_expression(text, "f.hcl"), scope_with(OUTPUTS, functions))
    assert print_value(value) == (
        "[for z in dependency.vpc.outputs.zones : [[for z_2 in dependency.vpc.outputs.zones : [z, z_2]]]]"
    )


def test_a_template_file_is_inlined(tmp_path, functions):
    (tmp_path / "a.tftpl").write_text("id = ${id}\ncount = ${n}\n")
    scope = Scope(scope_with(OUTPUTS, functions).variables, functions, tmp_path)
    value = evaluate(parse_expression('templatefile("a.tftpl", {id = local.id, n = 2})', "f.hcl"), scope)
    assert print_value(value) == r'"id = ${dependency.vpc.outputs.id}\ncount = 2\n"'


def test_a_folded_node_has_the_place_that_it_came_from(functions):
    value = evaluate(parse_expression("[1, 2 + length(local.id)]", "f.hcl"), scope_with(OUTPUTS, functions))
    place = value[1].expression.range
    assert (str(place), place.end.column) == ("f.hcl:1:5", 25)


ERRORS = [
    (
        "dependency.vpc.outputs.ids",
        (
            'f.hcl:1:1: Unsupported attribute. There is no attribute "ids" in the outputs of unit vpc. '
            "The attributes there are id, names, zones."
        ),
        'Did you mean "id"?',
    ),
    (
        'dependency.vpc.outputs["zone"]',
        (
            'f.hcl:1:1: Unsupported attribute. There is no attribute "zone" in the outputs of unit vpc. '
            "The attributes there are id, names, zones."
        ),
        'Did you mean "zones"?',
    ),
    (
        'run_cmd("echo", local.id)',
        (
            'f.hcl:1:17: Function needs values that are known. The function "run_cmd" runs before Terraform does, but this '
            "value is known only after apply."
        ),
        "Use a value here that does not depend on the outputs of other units.",
    ),
    (
        'try(run_cmd(local.id), "x")',
        (
            'f.hcl:1:13: Function needs values that are known. The function "run_cmd" runs before Terraform does, but this '
            "value is known only after apply."
        ),
        "Use a value here that does not depend on the outputs of other units.",
    ),
    ("local.id + null", "f.hcl:1:12: Invalid operand. The operator + needs a number, but this is null.", ""),
    ('"x" * length(local.id)', 'f.hcl:1:1: Invalid operand. The operator * needs a number, but this is "x".', ""),
    ("length(local.id) / 0", "f.hcl:1:20: Division by zero. The right side of the division is zero.", ""),
    (
        'templatefile("a.tftpl", dependency.vpc.outputs)',
        (
            "f.hcl:1:25: Function needs values that are known. The template and the names of the variables of templatefile are "
            "needed before apply."
        ),
        "Write the variables as an object, { name = value }; their values may be unknown.",
    ),
    (
        "pair(1, 2, local.id)",
        'f.hcl:1:12: Too many function arguments. The function "pair" takes 2 arguments, but 3 are given.',
        "",
    ),
]


@pytest.mark.parametrize(("text", "error", "hint"), ERRORS)
def test_errors_that_do_not_wait_for_the_value(functions, text, error, hint):
    caught = error_of(
        lambda: evaluate(parse_expression(text, "f.hcl"), scope_with(OUTPUTS, functions)), ConfigurationError
    )
    assert str(caught) == error
    assert caught.hint == hint


def test_unknown_reference():
    value = unknown_reference("a", "b", "c", attributes=frozenset({"x"}), description="it")
    assert print_expression(value.expression) == "a.b.c"
    assert (value.attributes, value.description) == (frozenset({"x"}), "it")
    assert value.expression == parse_expression("a.b.c", "f.hcl")


def test_partly_unknown_values_of_every_kind_are_printed():
    identifier = unknown_reference("x")
    value = {"l": [identifier], "s": SetValue((identifier,)), "p": Sensitive(identifier)}
    assert print_value(value) == "{\n  l = [x]\n  s = toset([x])\n  p = sensitive(x)\n}"
