"""docs/language.md says what the code does (C1)."""

import re
from pathlib import Path

import pytest

from orchestrator.config import discovery, grammar, stack_file
from orchestrator.config.builtins import Place, terragrunt_functions
from orchestrator.config.contents import MergeStrategy
from orchestrator.config.generated import IfExists

DOCUMENT = (Path(__file__).parents[3] / "docs" / "language.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table whose header begins with the heading."""
    lines = DOCUMENT.split("\n")
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    rows = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize(
    ("heading", "blocks"), [("Block", grammar.BLOCKS), ("Block of a stack file", stack_file.STACK_BLOCKS)]
)
def test_blocks_and_their_attributes(heading, blocks):
    documented = {
        names(row[0])[0].split(" ")[0]: ("label" in names(row[0])[0], None if row[1] == "any" else set(names(row[1])))
        for row in table(heading)
    }

    assert documented == {
        name: (rule.labels is not grammar.Labels.NONE, None if rule.attributes is None else set(rule.attributes))
        for name, rule in blocks.items()
    }


def test_top_level_attributes():
    assert sorted(grammar.ATTRIBUTES) == ["inputs"]
    assert "there is one attribute, `inputs`" in DOCUMENT


def test_functions_are_those_of_the_registry_and_of_the_code():
    documented = {names(row[0])[0] for row in table("Function")}
    place = Place(home=Path("/x"), original=Path("/x"))
    built = {
        name: (function.minimum, function.maximum)
        for name, function in terragrunt_functions(place, {}, lambda path: None).items()
    }

    assert documented == set(grammar.FUNCTIONS.values())
    assert built == {name: arguments(signature) for name, signature in grammar.FUNCTIONS.items()}


def arguments(signature: str) -> tuple[int, int]:
    """The least and the greatest number of arguments that a documented signature takes."""
    inside = signature.partition("(")[2].rstrip(")")
    given = [name for name in inside.split(", ") if name]
    return sum(not name.endswith("?") for name in given), len(given)


def refused(begin: str) -> dict[str, str]:
    """Names and advice of a table of refused things."""
    section = DOCUMENT.partition("## Refused")[2]
    lines = section.partition(f"| {begin} | Instead |\n|---|---|\n")[2].split("\n")
    found: dict[str, str] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        left, _, advice = line.strip("| ").partition(" | ")
        found.update(dict.fromkeys(names(left), advice))
    return found


def test_refused_blocks_and_attributes():
    nested = {f"{block}.{name}": hint for block, rule in grammar.BLOCKS.items() for name, hint in rule.refused.items()}
    blocks = {
        name: hint for name, hint in grammar.REFUSED_BLOCKS.items() if name not in grammar.BLOCKS["terraform"].refused
    }
    attributes = {name: hint for name, hint in grammar.REFUSED_ATTRIBUTES.items() if name not in grammar.BLOCKS}

    assert refused("Block or attribute") == {**blocks, **nested, **attributes}


def test_refused_attributes_of_stack_files():
    unit, stack = (stack_file.STACK_BLOCKS[name].refused for name in ("unit", "stack"))
    of_stacks = {f"stack.{name}": hint for name, hint in stack.items() if name not in unit}

    assert refused("Of a unit or stack block") == {**unit, **of_stacks}


def test_refused_functions():
    assert refused("Function") == dict(grammar.REFUSED_FUNCTIONS)


@pytest.mark.parametrize("name", [*MergeStrategy, *IfExists, *discovery._REFUSED_FILES])
def test_words_of_the_language_are_documented(name):
    assert f"`{name}`" in DOCUMENT
