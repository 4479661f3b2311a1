"""Secrets stay secrets through every operation (C8)."""

import pytest

from orchestrator.hcl import print_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue, has_sensitive, unmark

VARIABLES = {
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
    result = value_of(text, **VARIABLES)
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
    ("true ? 1 : n", 1),
    ("[for k, v in leaf : k]", ["plain", "secret"]),
]


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_results_that_are_not_secret(value_of, text, value):
    assert value_of(text, **VARIABLES) == value


def test_only_the_secret_parts_of_a_container_are_secret(value_of):
    value = value_of("{a = s, b = [1, leaf.secret], c = leaf}", **VARIABLES)
    assert isinstance(value["a"], Sensitive)
    assert value["b"][0] == 1
    assert isinstance(value["b"][1], Sensitive)
    assert value["c"]["plain"] == 1


def test_a_function_that_moves_elements_leaves_the_mark_on_the_leaf(value_of):
    value = value_of("merge(leaf, {other = 2})", **VARIABLES)
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
    value = value_of(text, **VARIABLES)
    assert isinstance(value, Sensitive)
    assert print_value(value) == printed


def test_secrets_in_sets_are_printed_for_terraform():
    assert print_value(SetValue((Sensitive("a"),))) == 'toset([sensitive("a")])'


def test_the_representation_of_a_secret_does_not_show_it(value_of):
    assert "hunter2" not in repr(value_of("[s, u]", s=Sensitive("hunter2"), u=1))
