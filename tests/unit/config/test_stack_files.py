"""terragrunt.stack.hcl: what is generated, that it is a tree like any other, and what is refused (C1, C10)."""

from pathlib import Path

import pytest

from orchestrator.config import generate_stacks
from orchestrator.diagnostics import ConfigurationError

UNIT = """
    terraform {
      source = "${get_repo_root()}/modules//thing"
    }

    inputs = {
      name = values.name
    }
"""
DEPENDENT = """
    terraform {
      source = "${get_repo_root()}/modules//thing"
    }

    dependency "vpc" {
      config_path = values.vpc_path
    }

    inputs = {
      name = dependency.vpc.outputs.id
    }
"""


class Stacks:
    """A repository with live/dev, modules, and a catalogue of units and stacks."""

    def __init__(self, tree) -> None:
        self.tree = tree
        self.folder: Path = tree.root / "live/dev"
        self.fetched: list[str] = []
        (tree.root / ".git").mkdir()
        tree.write({"catalog/units/vpc/terragrunt.hcl": UNIT, "catalog/units/app/terragrunt.hcl": DEPENDENT})

    def write(self, files: dict[str, str]) -> "Stacks":
        self.tree.write(files)
        return self

    def stack(self, text: str, *, folder: str = "live/dev") -> "Stacks":
        return self.write({f"{folder}/terragrunt.stack.hcl": text})

    def fetch(self, source) -> Path:
        self.fetched.append(f"{source.repository} {source.ref}")
        return self.tree.root / "downloaded"

    def generate(self, **env: str):
        return generate_stacks(self.folder, env=env, fetch=self.fetch)

    def files(self) -> list[str]:
        """The generated files, without the manifests."""
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and ".platformctl" not in path.name and path != self.folder / "terragrunt.stack.hcl"
        )

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def errors(self, **env: str) -> list[str]:
        with pytest.raises(ConfigurationError) as raised:
            self.generate(**env)
        return [self.tree.text(item) for item in raised.value.diagnostics]

    def inputs(self, name: str):
        return self.tree.inputs(name)


@pytest.fixture
def stacks(tree):
    return Stacks(tree)


ONE = """
    unit "vpc" {
      source = "../../catalog/units/vpc"
      path   = "vpc"

      values = {
        name = "main"
      }
    }
"""
TWO = (
    ONE
    + """
    unit "app" {
      source = "${get_repo_root()}//catalog/units/app"
      path   = "apps/app"

      values = {
        vpc_path = "../../vpc"
      }
    }
"""
)


def test_c10_a_unit_is_copied_and_gets_its_values(stacks):
    generation = stacks.stack(ONE).generate()

    assert stacks.files() == [
        ".terragrunt-stack/vpc/terragrunt.hcl",
        ".terragrunt-stack/vpc/terragrunt.values.hcl",
    ]
    assert generation.written == tuple(stacks.folder / name for name in stacks.files())
    assert stacks.inputs(".terragrunt-stack/vpc") == {"name": "main"}
    assert list(stacks.tree.load().units) == [".terragrunt-stack/vpc"]
    assert stacks.tree.errors() == []


def test_c10_units_of_a_stack_depend_on_each_other_by_paths(stacks):
    stacks.stack(TWO).generate()

    loaded = stacks.tree.load()

    assert loaded.graph.order() == [".terragrunt-stack/vpc", ".terragrunt-stack/apps/app"] or list(
        loaded.graph.order()
    ) == [".terragrunt-stack/vpc", ".terragrunt-stack/apps/app"]
    assert stacks.tree.inputs(".terragrunt-stack/apps/app", {".terragrunt-stack/vpc": {"id": "v-1", "names": []}}) == {
        "name": "v-1"
    }
