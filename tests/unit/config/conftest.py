"""Live trees written into a temporary folder, and their findings as text."""

import textwrap
from pathlib import Path

import pytest

from orchestrator.config import Surroundings, load_stack
from orchestrator.diagnostics import ConfigurationError, Severity
from orchestrator.errors import UsageError
from tests.fakes.live_tree import LiveTree

MODULE = """
variable "name" {
  type    = string
  default = null
}

variable "settings" {
  type    = any
  default = null
}

output "id" { value = "x" }
output "names" { value = ["x"] }
"""


class Tree(LiveTree):
    """A repository with live/, modules/ and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.surroundings = Surroundings()
        self.write({"modules/thing/main.tf": MODULE})

    def put(self, files: dict[str, str]) -> "Tree":
        """Write files by path and units by name."""
        for name, text in files.items():
            if name.endswith(".hcl"):
                self.write({name: text})
            else:
                self.unit(name, text)
        return self

    def unit(self, name: str, text: str = "", *, module: str = "thing") -> "Tree":
        source = f'terraform {{\n  source = "{self.root}/modules//{module}"\n}}\n'
        return self.write({f"live/dev/{name}/terragrunt.hcl": source + textwrap.dedent(text).lstrip("\n")})

    def load(self, *, names=None, **env: str):
        live = self.root / "live"
        return load_stack(live=live, environment="dev", env=env, names=names, surroundings=self.surroundings)

    def evaluate(self, name: str, outputs=None, **env: str):
        return self.load(**env).units[name].evaluate(outputs or {})

    def inputs(self, name: str, outputs=None, **env: str):
        return dict(self.evaluate(name, outputs, **env).inputs)

    def errors(self, **env: str) -> list[str]:
        """Everything that is wrong with the tree: place, summary, detail, hint."""
        try:
            found = [item for item in self.load(**env).check() if item.severity is Severity.ERROR]
        except ConfigurationError as error:
            found = list(error.diagnostics)
        except UsageError as error:
            return [self.plain(f"{error.summary}. {error.detail} {error.hint}".strip())]
        return [self.text(item) for item in found]

    def warnings(self, **env: str) -> list[str]:
        return [self.text(item) for item in self.load(**env).check() if item.severity is Severity.WARNING]

    def text(self, item) -> str:
        place = f"{item.range}: " if item.range else ""
        return self.plain(f"{place}{item.summary}. {item.detail} {item.hint}".strip())

    def text_place(self, place) -> str:
        return self.plain(str(place))

    def plain(self, text: str) -> str:
        return text.replace(f"{self.root}/", "").replace(str(self.root), "<root>")


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
