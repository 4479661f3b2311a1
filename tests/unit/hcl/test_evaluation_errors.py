"""What is said when an expression cannot be evaluated (C7), and that a message shows no secret (C8)."""

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.values import Sensitive, SetValue

VARIABLES = {
    "local": {"name": "vpc", "zones": ["a", "b"], "one": [1], "none": None, "map": {"key": 1}, "empty": {}},
    "names": SetValue(("x",)),
    "secret": Sensitive("hunter2"),
}

# Text, column, summary, detail, hint.
CASES = [
    (
        "locl.name",
        1,
        "Reference to undeclared name",
        'There is no "locl" here. The names here are local, names, secret.',
        'Did you mean "local"?',
    ),
    (
        "local.nmae",
        1,
        "Unsupported attribute",
        'There is no attribute "nmae" in local. The attributes there are empty, map, name, none, one, zones.',
        'Did you mean "name"?',
    ),
    (
        "local.empty.x",
        1,
        "Unsupported attribute",
        'There is no attribute "x" in local.empty. There are no attributes at all.',
        "",
    ),
    (
        "{}.x",
        1,
        "Unsupported attribute",
        'There is no attribute "x" in this value. There are no attributes at all.',
        "",
    ),
    ("local.name.x", 1, "Unsupported attribute", 'local.name is a string, which has no attribute "x".', ""),
    (
        "local.zones.x",
        1,
        "Unsupported attribute",
        'local.zones is a list, which has no attribute "x".',
        "Choose an element with [0], or take the attribute of every element with [*].x.",
    ),
    (
        "local.none.x",
        1,
        "Attempt to get attribute from null value",
        'local.none is null, so it has no attribute "x".',
        "",
    ),
    ("local.none[0]", 1, "Attempt to index null value", "local.none is null, so it has no elements.", ""),
    (
        "local.zones[2]",
        1,
        "Invalid index",
        "The index 2 does not exist: local.zones has 2 elements, counted from 0.",
        "",
    ),
    ("local.one[1]", 1, "Invalid index", "The index 1 does not exist: local.one has 1 element, counted from 0.", ""),
    (
        "local.zones[-1]",
        13,
        "Invalid index",
        "The index -1 is negative, but the elements of a list are counted from 0.",
        "For the last element write x[length(x) - 1].",
    ),
    ("local.zones[0.5]", 13, "Invalid index", "The index 0.5 is not a whole number.", ""),
    ('local.zones["x"]', 13, "Invalid index", "The index of a list has to be a number, not a string.", ""),
    ("local.zones[null]", 13, "Invalid index", "The index is null, but it has to be a number or a string.", ""),
    (
        'local.map["kye"]',
        1,
        "Invalid index",
        'There is no key "kye" in local.map. The keys there are key.',
        'Did you mean "key"?',
    ),
    ("local.map[[]]", 11, "Invalid index", "The key of an object has to be a string, not a tuple.", ""),
    (
        "names[0]",
        1,
        "Invalid index",
        "The elements of a set have no order and no keys, so they cannot be chosen by an index.",
        "Turn it into a list first, with tolist(...) or sort(...).",
    ),
    ("local.name[0]", 1, "Invalid index", "local.name is a string, which has no elements.", ""),
    ('1 + "x"', 5, "Invalid operand", 'The operator + needs a number, but this is "x".', ""),
    ("null + 1", 1, "Invalid operand", "The operator + needs a number, but this is null.", ""),
    ("!1", 2, "Invalid operand", "The operator ! needs a bool, but this is a number.", ""),
    ("true && []", 9, "Invalid operand", "The operator && needs a bool, but this is a tuple.", ""),
    ("-[]", 2, "Invalid operand", "The operator - needs a number, but this is a tuple.", ""),
    ("1 / 0", 5, "Division by zero", "The right side of a division or a modulo is zero.", ""),
    ("1 % 0", 5, "Division by zero", "The right side of a division or a modulo is zero.", ""),
    ("null ? 1 : 2", 1, "Null condition", "The condition is null, but it has to be either true or false.", ""),
    ("[] ? 1 : 2", 1, "Incorrect condition type", "The condition has to be either true or false, not a tuple.", ""),
    (
        "true ? 1 : true",
        1,
        "Inconsistent conditional result types",
        "The two results of the condition must have one type, but they are bool and number.",
        "",
    ),
    (
        "true ? [1] : {}",
        1,
        "Inconsistent conditional result types",
        "The two results of the condition must have one type, but they are object and tuple.",
        "",
    ),
    (
        "true ? {a = 1, b = []} : {}",
        1,
        "Inconsistent conditional result types",
        "The two results of the condition must have one type, but they are two values of the type object that do not fit together.",
        "",
    ),
    (
        '"a${local.none}"',
        5,
        "Invalid template interpolation value",
        "The value is null, which cannot become part of a string.",
        "",
    ),
    (
        '"a${local.zones}"',
        5,
        "Invalid template interpolation value",
        "A string is needed here, not a tuple.",
        "Encode the value with jsonencode(...), or join(...) the elements of a list.",
    ),
    (
        '"%{ if null }a%{ endif }"',
        8,
        "Null condition",
        "The condition is null, but it has to be either true or false.",
        "",
    ),
    (
        '"%{ if [] }a%{ endif }"',
        8,
        "Incorrect condition type",
        "The condition has to be either true or false, not a tuple.",
        "",
    ),
    ("[for x in local.none : x]", 11, "Iteration over null value", "A null value has no elements to iterate over.", ""),
    (
        "[for x in local.name : x]",
        11,
        "Iteration over non-iterable value",
        "A string has no elements to iterate over.",
        "Write [...] around it to make a list of it.",
    ),
    (
        "[for x in [1] : x if null]",
        22,
        "Null condition",
        "The condition is null, but it has to be either true or false.",
        "",
    ),
    (
        "[for x in [1] : x if x]",
        22,
        "Incorrect condition type",
        "The condition has to be either true or false, not a number.",
        "",
    ),
    (
        "{for x in [1, 1] : x => x}",
        20,
        "Duplicate object key",
        'Two elements have the key "1", but the keys of an object are unique.',
        "To collect all values of a key in a list, write ... behind the value.",
    ),
    (
        "{for x in [1] : null => x}",
        17,
        "Null value as key",
        "The key is null, but the keys of an object are strings.",
        "",
    ),
    ("{(null) = 1}", 3, "Null value as key", "The key is null, but the keys of an object are strings.", ""),
    ("{([]) = 1}", 3, "Incorrect key type", "The keys of an object are strings, but this is a tuple.", ""),
    ('uper("a")', 1, "Call to unknown function", 'There is no function "uper".', 'Did you mean "upper"?'),
    ("upper()", 1, "Not enough function arguments", 'The function "upper" takes 1 argument, but 0 are given.', ""),
    ("pair(1)", 1, "Not enough function arguments", 'The function "pair" takes 2 arguments, but 1 is given.', ""),
    ("max()", 1, "Not enough function arguments", 'The function "max" takes at least 1 argument, but 0 are given.', ""),
    (
        'upper("a", "b")',
        12,
        "Too many function arguments",
        'The function "upper" takes 1 argument, but 2 are given.',
        "",
    ),
    (
        'upper(["a", "b"]...)',
        1,
        "Too many function arguments",
        'The function "upper" takes 1 argument, but 2 are given.',
        "",
    ),
    (
        "max(1...)",
        5,
        "Invalid expanding argument value",
        'What stands before "..." has to be a list or a set, not a number.',
        "",
    ),
    (
        "max(null...)",
        5,
        "Invalid expanding argument value",
        'What stands before "..." has to be a list or a set, not null.',
        "",
    ),
    ('pair(1, refuse("x"))', 16, "Invalid function argument", 'The function "refuse" failed: It does not like x.', ""),
    (
        "try(local.x, [][0])",
        1,
        "No expression of try succeeded",
        'Every argument of try failed: There is no attribute "x" in local. The attributes there are empty, map, name, none, one, zones (line 1); The index 0 does not exist: this value has 0 elements, counted from 0 (line 1).',
        "",
    ),
    ("try(uper(1), 2)", 5, "Call to unknown function", 'There is no function "uper".', 'Did you mean "upper"?'),
    ("can()", 1, "Not enough function arguments", 'The function "can" takes 1 argument, but 0 are given.', ""),
    (
        "try([1, 2]...)",
        5,
        "Invalid expanding argument",
        'The function "try" takes its arguments one by one, so "..." cannot be used with it.',
        "",
    ),
    (
        'templatefile("missing.tftpl", {})',
        14,
        "Template file cannot be read",
        "The file missing.tftpl does not exist.",
        "",
    ),
    (
        "templatefile(1, {})",
        14,
        "Invalid function argument",
        "The first argument of templatefile has to be a path.",
        "",
    ),
    (
        'templatefile("a", [])',
        19,
        "Invalid function argument",
        "The second argument of templatefile has to be an object with the variables, not a tuple.",
        "",
    ),
    # Secrets are not shown.
    ("secret + 1", 1, "Invalid operand", "The operator + needs a number, but this is a string.", ""),
    (
        "refuse(secret)",
        8,
        "Invalid function argument",
        'The function "refuse" failed: its arguments are secret, so the reason is not shown.',
        "",
    ),
    (
        "refuse([secret])",
        8,
        "Invalid function argument",
        'The function "refuse" failed: its arguments are secret, so the reason is not shown.',
        "",
    ),
    ("local.map[secret]", 1, "Invalid index", "There is no such key in local.map. The keys there are key.", ""),
    (
        "local.zones[sensitive(7)]",
        1,
        "Invalid index",
        "This index does not exist: local.zones has 2 elements, counted from 0.",
        "",
    ),
    (
        "{for x in [secret, secret] : x => 1}",
        30,
        "Duplicate object key",
        "Two elements have the same key, but the keys of an object are unique.",
        "To collect all values of a key in a list, write ... behind the value.",
    ),
    ("secret.x", 1, "Unsupported attribute", 'secret is a string, which has no attribute "x".', ""),
    ("templatefile(secret, {})", 14, "Template file cannot be read", "The file does not exist.", ""),
]


@pytest.mark.parametrize(("text", "column", "summary", "detail", "hint"), CASES)
def test_errors(value_of, text, column, summary, detail, hint):
    with pytest.raises(ConfigurationError) as caught:
        value_of(text, **VARIABLES)
    (found,) = caught.value.diagnostics
    assert (found.summary, found.detail, found.hint) == (summary, detail, hint)
    assert found.range is not None
    assert (found.range.start.line, found.range.start.column) == (1, column)
    assert "hunter2" not in f"{found} {caught.value}"


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
    with pytest.raises(ConfigurationError) as caught:
        value_of(text)
    assert len(caught.value.diagnostics) == count


def test_an_error_in_a_template_file_has_its_place_there(tmp_path, functions):
    (tmp_path / "a.tftpl").write_text("one\ntwo ${name}\n")
    scope = Scope({"name": "not seen by the template"}, functions, tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        evaluate(parse_expression('templatefile("a.tftpl", {})', tmp_path / "t.hcl"), scope)
    assert str(caught.value) == (
        f'{tmp_path}/a.tftpl:2:7: Reference to undeclared name. There is no "name" here. There are no names here at all.'
    )


def test_a_template_file_cannot_call_templatefile(tmp_path, functions):
    (tmp_path / "a.tftpl").write_text('${templatefile("a.tftpl", {})}')
    with pytest.raises(ConfigurationError, match="cannot be called from inside of a template"):
        evaluate(parse_expression('templatefile("a.tftpl", {})', tmp_path / "t.hcl"), Scope({}, functions, tmp_path))
