"""docs/language.md is written from the registry of the language, and the registry says what the code does (C1)."""

import runpy
import shutil
from pathlib import Path

import pytest

from orchestrator.config import function_rules, grammar
from orchestrator.config.builtins import Place, terragrunt_functions
from orchestrator.config.contents import MergeStrategy
from orchestrator.config.generated import IfExists
from orchestrator.config.surroundings import Load

REPOSITORY = Path(__file__).parents[3]
PAGE = REPOSITORY / "docs" / "language.md"


@pytest.fixture(scope="module")
def program():
    return runpy.run_path(str(REPOSITORY / ".ci" / "language_docs.py"))["main"]


def test_c1_the_page_is_the_registry(program, capsys):
    assert (program(["--check"]), capsys.readouterr()) == (0, ("", ""))


def test_c1_a_drifted_row_is_shown_and_repaired(program, tmp_path, capsys):
    page = Path(shutil.copyfile(PAGE, tmp_path / "language.md"))
    page.write_text(
        page.read_text(encoding="utf-8").replace("| `dependencies` |", "| `dependants` |"), encoding="utf-8"
    )
    assert program(["--check", "--page", str(page)]) == 1
    assert "-| `dependants` | **`paths`** |" in capsys.readouterr().out
    assert program(["--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_c1_every_name_of_the_registry_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    rules = [*grammar.BLOCKS.values()]
    rules += [inner for rule in rules for inner in rule.blocks.values()]
    names = {
        *grammar.BLOCKS,
        *grammar.ATTRIBUTES,
        *function_rules.FUNCTIONS,
        *grammar.HARMLESS_BLOCKS,
        *grammar.HARMLESS_ATTRIBUTES,
        *grammar.REFUSED_FILES,
    }
    names |= {
        name for rule in rules for name in (*(rule.attributes or ()), *rule.blocks, *rule.refused, *rule.harmless)
    }
    names |= grammar.REFUSED_BLOCKS.keys() | grammar.REFUSED_ATTRIBUTES.keys()
    assert [name for name in sorted(names) if name not in page] == []


def test_c1_functions_take_the_arguments_of_the_registry():
    place = Place(home=Path("/x"), original=Path("/x"))
    built = {
        name: (function.minimum, function.maximum)
        for name, function in terragrunt_functions(place, Load({}), lambda path: None).items()
    }
    assert built == {name: counts(rule.arguments) for name, rule in function_rules.FUNCTIONS.items()}


def counts(arguments: str) -> tuple[int, int | None]:
    """The least and the greatest number of arguments; None for any number."""
    names = [name for name in arguments.split(", ") if name]
    if "..." in arguments:
        return 1, None
    return sum(not name.endswith("?") for name in names), len(names)


@pytest.mark.parametrize("name", [*MergeStrategy, *IfExists])
def test_c1_words_of_the_language_are_documented(name):
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
