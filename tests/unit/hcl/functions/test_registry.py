"""The functions there are, and the page that lists them."""

import re
from pathlib import Path

import pytest

from orchestrator.hcl.functions import strings

PAGE = Path(__file__).parents[4] / "docs" / "functions.md"

OF_THE_EVALUATOR = {"can", "issensitive", "nonsensitive", "sensitive", "templatefile", "try"}


def documented(section: str) -> dict[str, list[str]]:
    """The names in the second column (or, where there is but one column of names, the first) of each row."""
    body = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in body.splitlines() if line.startswith("|")][2:]
    return {topic.strip(): re.findall(r"`([a-z0-9]+)`\*?", names) for topic, names in rows}


def test_c1_docs_list_the_functions_that_there_are(functions):
    listed = [name for names in documented("Supported").values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(functions) | OF_THE_EVALUATOR


def test_c1_docs_list_names_in_order():
    assert [topic for topic, names in documented("Supported").items() if names != sorted(names)] == []


def test_c1_docs_mark_the_functions_that_take_unknown_values(functions):
    body = PAGE.read_text(encoding="utf-8").split("\n## Supported\n")[1].split("\n## ")[0]
    marked = set(re.findall(r"`([a-z0-9]+)`\*", body))
    assert marked == {name for name, function in functions.items() if function.takes_unknown}


def test_the_example_of_the_contributing_page_is_the_code():
    page = (PAGE.parent / "contributing/hcl-function.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    assert example in Path(strings.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "minimum", "maximum"),
    [
        ("abs", 1, 1),
        ("coalesce", 1, None),
        ("format", 1, None),
        ("join", 2, None),
        ("lookup", 2, 3),
        ("merge", 0, None),
        ("range", 1, 3),
        ("setproduct", 2, None),
        ("timestamp", 0, 0),
    ],
)
def test_numbers_of_arguments(functions, name, minimum, maximum):
    function = functions[name]
    assert (function.minimum, function.maximum, function.name) == (minimum, maximum, name)
