"""Expressions to values. Each value is what Terraform 1.11 gives; test_terraform_console.py checks that.

What is said when an expression cannot be evaluated (C7), and that a message shows no secret (C8).
The references of an expression, found without evaluating it (C2).
Values as they may be shown (C8).
Secrets stay secrets through every operation (C8).
"""

from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression, print_value, references, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue, has_sensitive, redacted, unmark
from tests.fakes.errors import error_of

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


OF_ERRORS = {
    "local": {"name": "vpc", "zones": ["a", "b"], "one": [1], "none": None, "map": {"key": 1}, "empty": {}},
    "names": SetValue(("x",)),
    "secret": Sensitive("hunter2"),
    "hidden": Sensitive({"names": ["hunter2", "hunter2"], "objects": [{"hunter2": 1}], "hunter2": 1}),
}

ERRORS = [
    case.split("\n  ")
    for case in Path(__file__).with_name("evaluation_errors.txt").read_text().strip().split("\n\n")[1:]
]


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case[0])
def test_errors(value_of, case):
    text, *error = case
    caught = error_of(lambda: value_of(text, **OF_ERRORS), ConfigurationError)
    (found,) = caught.diagnostics
    assert found.range is not None
    assert found.range.start.line == 1
    message = f"{found.range.start.column}: {found.summary}. {found.detail}"
    assert error == [message, *([found.hint] if found.hint else [])]
    assert "hunter2" not in f"{found} {caught}"


INVOLVED = [
    ("local.zones[local.number]", {"local.zones": '["a", "b"]', "local.number": "7"}),
    ("upper(local.map)", {"local.map": '{ key = "value" }'}),
    ("refuse(local.zones[0], local.number)", {"local.number": "7"}),
    ("local.name + 1", {"local.name": '"n"'}),
    ("1 + local.name.x", {"local.name": '"n"'}),
    ("local.none.x", {"local.none": "null"}),
    ("local.nmae", {}),
    ("local.zones[length(local.zones)]", {"local.zones": '["a", "b"]'}),
    ("local.zones[secret]", {"local.zones": '["a", "b"]', "secret": "sensitive"}),
    ("refuse([local.leaf, secret])", {"local.leaf": '{ a = "(sensitive)" }', "secret": "sensitive"}),
    ("local.zones[dependency.vpc.outputs.id] + [] + 1", {}),
    (
        "[dependency.vpc.outputs.id, local.name][3]",
        {"dependency.vpc.outputs.id": "known only after apply", "local.name": '"n"'},
    ),
    ("local.long + 1", {"local.long": f'"{"x" * 48}…'}),
    ("local.many + 1", {"local.many": "a list of 1,000 elements"}),
    ("local.wide + 1", {"local.wide": "an object with 30 attributes"}),
    ("local.large * []", {}),
    ("[] * local.large", {}),
    ("upper([local.large])", {"local.large": f"{'9' * 49}…"}),
    ('local["odd name"] + 1', {'local["odd name"]': "true"}),
    ("local.set.x", {"local.set": 'toset(["a"])'}),
    ("[for x in local.zones : x + 1]", {"x": '"a"'}),
    ("[for k, v in local.map : [for w in local.zones : [v, w][k]]]", {"v": '"value"', "w": '"a"', "k": '"key"'}),
    ("local.map[local.zones[0]]", {"local.map": '{ key = "value" }', "local.zones[0]": '"a"'}),
]
"""An expression that fails, and what its findings say of the names in it."""


@pytest.mark.parametrize(("text", "values"), INVOLVED)
def test_c7_findings_say_what_the_names_stand_for(value_of, text, values):
    local = OF_ERRORS["local"] | {
        "number": 7,
        "long": "x" * 49 + "y" * 10**6,
        "many": ["a"] * 1000,
        "wide": {f"a{number}": number for number in range(30)},
        "large": 10**60 - 1,
        "odd name": True,
        "set": SetValue(("a",)),
        "name": "n",
        "leaf": {"a": Sensitive("hunter2")},
        "map": {"key": "value"},
        "zones": ["a", "b"],
    }
    outputs = unknown_reference("dependency", "vpc", "outputs")
    variables = OF_ERRORS | {"local": local, "dependency": {"vpc": {"outputs": outputs}}}
    caught = error_of(lambda: value_of(text, **variables), ConfigurationError)
    assert dict(caught.diagnostics[0].values) == values
    assert all(len(shown) <= 50 and "hunter2" not in shown for _, shown in caught.diagnostics[0].values)


COLLECTED = [
    ("[a, 1, b]", 2),
    ("{a = x, (b) = y, c = 1}", 3),
    ("a + b", 2),
    ('"${a}-${b}"', 2),
    ("max(a, b)", 2),
    ("[for x in [1, 2] : y[x]]", 1),
    ("[for x in [1, 2] : [][x]]", 2),
    ("{for x in [1, 2] : x => [][x]}", 2),
    ("a[b]", 2),
]


@pytest.mark.parametrize(("text", "count"), COLLECTED)
def test_errors_are_collected(value_of, text, count):
    """Findings that are the same in every turn of a loop count once."""
    error = error_of(lambda: value_of(text), ConfigurationError)
    assert len(error.diagnostics) == count


def test_an_error_in_a_template_file_has_its_place_there(tmp_path, functions):
    (tmp_path / "a.tftpl").write_text("one\ntwo ${name}\n")
    scope = Scope({"name": "not seen by the template"}, functions, tmp_path)
    error = error_of(
        lambda: evaluate(parse_expression('templatefile("a.tftpl", {})', tmp_path / "t.hcl"), scope), ConfigurationError
    )
    assert str(error) == (
        f'{tmp_path}/a.tftpl:2:7: Reference to undeclared name. There is no "name" here. There are no names here at all.'
    )


def test_a_template_file_cannot_call_templatefile(tmp_path, functions):
    (tmp_path / "a.tftpl").write_text('${templatefile("a.tftpl", {})}')
    with pytest.raises(ConfigurationError, match="cannot be called from inside of a template"):
        evaluate(parse_expression('templatefile("a.tftpl", {})', tmp_path / "t.hcl"), Scope({}, functions, tmp_path))


REFERENCES = [
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


@pytest.mark.parametrize(("text", "paths"), REFERENCES)
def test_paths(text, paths):
    assert [reference.path for reference in references(parse_expression(text, "f.hcl"))] == paths


def test_the_range_covers_the_static_path():
    (found, _) = references(parse_expression("1 + a.b[0][c].d", "f.hcl"))
    assert (found.range.start.column, found.range.end.column) == (5, 11)


HIDDEN = "(sensitive)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("open", "open"),
        (None, None),
        (Sensitive("hunter2"), HIDDEN),
        ({"a": Sensitive("hunter2"), "b": 1}, {"a": HIDDEN, "b": 1}),
        ([Sensitive(["hunter2"]), {"c": [Sensitive("hunter2")]}], [HIDDEN, {"c": [HIDDEN]}]),
        (SetValue((Sensitive("hunter2"), "open")), SetValue((HIDDEN, "open"))),
    ],
)
def test_c8_a_secret_at_any_depth_is_replaced(value, shown):
    assert redacted(value) == shown
    assert not has_sensitive(redacted(value))
    assert "hunter2" not in repr(redacted(value))


SECRETS = {
    "s": Sensitive("x"),
    "n": Sensitive(2),
    "yes": Sensitive(True),
    "list": Sensitive(["a", "b"]),
    "object": Sensitive({"k": "v"}),
    "leaf": {"secret": Sensitive("x"), "plain": 1},
    "unknown": unknown_reference("u"),
}

# The whole result is a secret.
MARKED = [
    ('"a${s}"', "ax"),
    ("s", "x"),
    ("n + 1", 3),
    ("-n", -2),
    ("!yes", False),
    ('s == "y"', False),
    ("leaf == {}", False),
    ("yes ? 1 : 2", 1),
    ("list[0]", "a"),
    ('["p", "q", "r"][n]', "r"),
    ("object.k", "v"),
    ("{x = 1}[s]", 1),
    ("list[*]", ["a", "b"]),
    ("[for x in list : upper(x)]", ["A", "B"]),
    ("[for x in [1, 2] : x if yes]", [1, 2]),
    ("{for x in list : x => 1}", {"a": 1, "b": 1}),
    ("{for x in [1] : s => x}", {"x": 1}),
    ("{(s) = 1}", {"x": 1}),
    ("upper(s)", "X"),
    ("length([s])", 1),
    ("max(list...)", "b"),
    ('"%{ if yes }a%{ endif }"', "a"),
    ('"%{ for x in list }${x}%{ endfor }"', "ab"),
    ("sensitive(1)", 1),
    ("sensitive(s)", "x"),
    ("try(s, 1)", "x"),
    ("merge(object, {a = 1})", {"k": "v", "a": 1}),
]


@pytest.mark.parametrize(("text", "value"), MARKED)
def test_results_that_are_secret(value_of, text, value):
    result = value_of(text, **SECRETS)
    assert isinstance(result, Sensitive)
    assert unmark(result) == value
    assert not has_sensitive(result.value)


PLAIN = [
    ("leaf.plain", 1),
    ("nonsensitive(s)", "x"),
    ("nonsensitive(1)", 1),
    ("issensitive(s)", True),
    ("issensitive(1)", False),
    ("can(s)", True),
    ("[for k, v in leaf : k]", ["plain", "secret"]),
]


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_results_that_are_not_secret(value_of, text, value):
    assert value_of(text, **SECRETS) == value


def test_only_the_secret_parts_of_a_container_are_secret(value_of):
    value = value_of("{a = s, b = [1, leaf.secret], c = leaf}", **SECRETS)
    assert isinstance(value["a"], Sensitive)
    assert value["b"][0] == 1
    assert isinstance(value["b"][1], Sensitive)
    assert value["c"]["plain"] == 1


def test_a_function_that_moves_elements_leaves_the_mark_on_the_leaf(value_of):
    value = value_of("merge(leaf, {other = 2})", **SECRETS)
    assert value["plain"] == 1
    assert value["other"] == 2
    assert isinstance(value["secret"], Sensitive)
    assert value["secret"].value == "x"


UNKNOWN = [
    ('"${unknown}${s}"', 'sensitive("${u}x")'),
    ("unknown + n", "sensitive(u + 2)"),
    ("unknown == leaf", 'sensitive(u == {\n  secret = sensitive("x")\n  plain = 1\n})'),
    ("unknown ? s : 1", 'sensitive(u ? sensitive("x") : 1)'),
    ("pair(unknown, s)", 'sensitive(pair(u, sensitive("x")))'),
    ("sensitive(unknown).a", "sensitive(u.a)"),
    ("sensitive(unknown)[*].a", "sensitive(u[*].a)"),
    ("[for x in sensitive(unknown) : x]", "sensitive([for x in u : x])"),
]


@pytest.mark.parametrize(("text", "printed"), UNKNOWN)
def test_unknown_results_are_secret_too(value_of, text, printed):
    value = value_of(text, **SECRETS)
    assert isinstance(value, Sensitive)
    assert print_value(value) == printed


def test_secrets_in_sets_are_printed_for_terraform():
    assert print_value(SetValue((Sensitive("a"),))) == 'toset([sensitive("a")])'


def test_the_representation_of_a_secret_does_not_show_it(value_of):
    assert "hunter2" not in repr(value_of("[s, u]", s=Sensitive("hunter2"), u=1))
