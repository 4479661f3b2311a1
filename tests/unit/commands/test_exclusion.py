"""What exclude blocks leave out of runs (C10)."""

import pytest

from orchestrator.commands.exclusion import units_of_run
from orchestrator.engine.operations import select
from tests.fakes.live_tree import LiveTree
from tests.fakes.project import FakeOperator

ALL = ("docs", "kms", "vpc", "api")


@pytest.fixture
def chosen(tmp_path):
    """Choose the units of a run of the standard tree, whose unit "vpc" has an exclude block."""

    def choose(settings, *only, action="apply"):
        tree = LiveTree(tmp_path).standard()
        file = tree.root / "live/dev/vpc/terragrunt.hcl"
        file.write_text(f"{file.read_text()}\nexclude {{\n  if = true\n{settings}\n}}\n")
        operator, stack = FakeOperator(), tree.load()
        return set(units_of_run(stack, select(stack, only), only, action, operator)), operator.lines

    return choose


@pytest.mark.parametrize(
    ("settings", "only", "left_out"),
    [
        pytest.param('actions = ["apply"]', (), {"vpc"}, id="the action"),
        pytest.param('actions = ["plan"]', (), set(), id="another action"),
        pytest.param('actions = ["all"]\nexclude_dependencies = true', (), {"vpc", "kms"}, id="with its dependencies"),
        pytest.param('actions = ["all"]', ("vpc", "api"), set(), id="a unit that is named runs"),
        pytest.param('actions = ["all"]\nno_run = true', ("vpc", "api"), {"vpc"}, id="unless it never may"),
    ],
)
def test_c10_excluded_units_are_left_out_and_named(chosen, settings, only, left_out):
    units, lines = chosen(settings, *only)

    assert units == set(only or ALL) - left_out
    assert lines == ([f"Left out by exclude blocks: {', '.join(sorted(left_out))}"] if left_out else [])
