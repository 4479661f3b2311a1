"""docs/from-terragrunt.md: its commands exist, and its tables are those of the code (C10)."""

import re
from pathlib import Path

import pytest

from orchestrator.cli.terraform_arguments import ARGUMENTS, COMMANDS, REFUSED_ARGUMENTS, REFUSED_COMMANDS
from orchestrator.cli.terragrunt import COLOR_FLAG, FLAGS, VARIABLES
from orchestrator.config.surroundings import FEATURE_VARIABLE

PAGE = (Path(__file__).parents[3] / "docs" / "from-terragrunt.md").read_text(encoding="utf-8")
FILTERS = (Path(__file__).parents[3] / "docs" / "filters.md").read_text(encoding="utf-8")


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text):
    return " ".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("|"))


def names(cells):
    """The words in code quotes, without the values that follow them."""
    return {re.sub(r" [A-Z]$", "", name) for name in re.findall(r"`([^`]+)`", cells)}


GROUPS = {"stack": ("generate", "run", "output", "clean"), "hcl": ("fmt", "validate"), "dag": ("graph",)}
WORDS = sorted(
    {tuple(match.split()[1:3]) for match in re.findall(r"`(platformctl [a-z-]+[^`]*)`", PAGE)}, key=lambda words: words
)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_c10_every_command_of_the_page_exists(platformctl, words):
    command = words if words[0] in GROUPS else words[:1]
    result = platformctl(*command, "--help")
    assert result.code == 0, result.err
    assert f"Usage: platformctl {' '.join(command)}" in result.out
    if words[0] in GROUPS:
        assert words[1] in GROUPS[words[0]]
    for option in re.findall(rf"`platformctl {words[0]} [^`]*?(--[a-z-]+)", PAGE):
        if option not in FLAGS:
            assert option in result.out or option == "--working-dir", option


def test_c10_the_tables_of_flags_and_variables_are_those_of_the_code():
    assert names(first_cells(section("Flags"))) == {*FLAGS, COLOR_FLAG}
    assert names(first_cells(section("Variables"))) == {*VARIABLES, FEATURE_VARIABLE, "TG_NO_COLOR"}


def test_c10_the_tables_of_terraform_are_those_of_the_code():
    cells = names(first_cells(section("run")))
    assert {cell for cell in cells if not cell.startswith("-")} == {*COMMANDS, *REFUSED_COMMANDS}
    assert {cell for cell in cells if cell.startswith("-")} == {*ARGUMENTS, *REFUSED_ARGUMENTS}


def test_c10_flags_become_the_filters_that_the_page_shows():
    rows = [line.split(" | ") for line in section("Flags").splitlines() if line.startswith("| `--")]
    for flags, shown, *_ in rows:
        found = re.fullmatch(r"`--filter '(.*)'`(?: \|)?", shown.rstrip("|").strip())
        if found is None:
            continue
        for name in names(flags):
            expression = FLAGS[name].to[1]
            assert (expression.format("D") if FLAGS[name].takes_value else expression) in {
                found.group(1),
                found.group(1).replace("=F", "=D"),
            }, name


def test_c10_the_commands_that_take_filters_are_named(platformctl):
    named = re.search(r"option of that name\. (.*?) take it\.", FILTERS).group(1)
    for command in re.findall(r"`([a-z ]+)`", named):
        assert "--filter" in platformctl(*command.split(), "--help").out, command
