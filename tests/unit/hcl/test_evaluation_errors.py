"""What is said when an expression cannot be evaluated (C7), and that a message shows no secret (C8)."""

from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.values import Sensitive, SetValue

VARIABLES = {
    "local": {"name": "vpc", "zones": ["a", "b"], "one": [1], "none": None, "map": {"key": 1}, "empty": {}},
    "names": SetValue(("x",)),
    "secret": Sensitive("hunter2"),
}

CASES = [
    case.split("\n  ")
    for case in Path(__file__).with_name("evaluation_errors.txt").read_text().strip().split("\n\n")[1:]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_errors(value_of, case):
    text, *error = case
    with pytest.raises(ConfigurationError) as caught:
        value_of(text, **VARIABLES)
    (found,) = caught.value.diagnostics
    assert found.range is not None
    assert found.range.start.line == 1
    message = f"{found.range.start.column}: {found.summary}. {found.detail}"
    assert error == [message, *([found.hint] if found.hint else [])]
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
