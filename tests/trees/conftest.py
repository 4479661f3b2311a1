"""Terragrunt trees of our own, written into a repository of their own and worked on by the command line and the real Terraform."""

import json
import os
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli.main import run

MODULE = """
variable "name" { type = string }
variable "reads" {
  type    = any
  default = null
}
resource "terraform_data" "this" { input = { name = var.name, reads = var.reads } }
output "id" { value = "id of ${var.name}" }
output "reads" { value = terraform_data.this.output.reads }
"""
"""A module that needs no provider but Terraform's own."""


def pytest_collection_modifyitems(items):
    missing = shutil.which("terraform") is None
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
            if missing:
                item.add_marker(pytest.mark.skip(reason="there is no terraform on the PATH"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Repository:
    """A folder of files, and platformctl in it; ``at``: the folder that a command is typed in, below the top."""

    def __init__(self, top: Path, capsys) -> None:
        self.top = top
        self._capsys = capsys

    def write(self, files: dict[str, str]) -> "Repository":
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def run(self, *arguments: str, at: str = "") -> Result:
        self._capsys.readouterr()
        before = Path.cwd()
        os.chdir(self.top / at)
        try:
            code = run(list(arguments))
        finally:
            os.chdir(before)
        printed = self._capsys.readouterr()
        return Result(code=code, out=self._short(printed.out), err=self._short(printed.err))

    def succeed(self, *arguments: str, at: str = "") -> Result:
        result = self.run(*arguments, at=at)
        assert result.code == 0, f"{arguments}\n{result.out}\n{result.err}"
        return result

    def life(self, *, at: str = "") -> dict[str, dict[str, object]]:
        """Check, plan, apply, plan, and destroy the units below a folder; return the outputs that there were in between."""
        self.succeed("validate", at=at)
        self.succeed("graph", at=at)
        assert self.run("plan", "--detailed-exitcode", at=at).code == 2
        self.succeed("run", "--all", "apply", "--yes", at=at)
        again = self.run("plan", "--detailed-exitcode", at=at)
        assert again.code == 0, again.out
        found = self.succeed("outputs", "--json", at=at).json
        self.succeed("run", "--all", "destroy", "--yes", at=at)
        assert self.run("outputs", at=at).code == 2, "nothing is left"
        return found

    def _short(self, text: str) -> str:
        return text.replace(f"{self.top}/", "").replace(str(self.top), "<top>")


@pytest.fixture
def repository(tmp_path, monkeypatch, capsys):
    """An empty repository: what stands in the environment belongs to nobody."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "PLATFORM_", "PLATFORMCTL_", "TF_", "TG_")):
            monkeypatch.delenv(name)
    for name in ("COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    return Repository(top, capsys)
