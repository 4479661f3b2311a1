"""Command lines run in this process on a small project: with a terraform on PATH that tells when it is started, or over fakes."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli import console, wiring
from orchestrator.cli.main import run
from orchestrator.model.project import find_project
from tests.fakes.live_tree import LiveTree
from tests.fakes.program import Program
from tests.fakes.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command line did: exit code, standard output and standard error, project paths shortened."""

    code: int
    out: str
    err: str


class CommandLine:
    """Runs platformctl on the project."""

    def __init__(self, tree: LiveTree, terraform: Program, capsys) -> None:
        self.tree = tree
        self.terraform = terraform
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        code = run(list(arguments))
        printed = self._capsys.readouterr()
        return Result(code=code, out=self._short(printed.out), err=self._short(printed.err))

    @property
    def started(self) -> list[str]:
        """Everything that was started: terraform commands, and the local cloud."""
        cloud = self.tree.root / ".platformctl" / "local"
        commands = [" ".join(call["arguments"]) for call in self.terraform.calls()]
        return commands + ([str(path) for path in cloud.iterdir()] if cloud.exists() else [])

    def _short(self, text: str) -> str:
        return text.replace(f"{self.tree.root}/", "").replace(str(self.tree.root), "<project>")


@pytest.fixture
def tree(tmp_path):
    return LiveTree(tmp_path).standard()


@pytest.fixture
def platformctl(tree, tmp_path, monkeypatch, capsys):
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "PLATFORM_", "PLATFORMCTL_", "TF_", "TG_")):
            monkeypatch.delenv(name)
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    terraform = Program(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(terraform.folder), prepend=os.pathsep)
    monkeypatch.setenv("PLATFORMCTL_PROJECT", str(tree.root))
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    return CommandLine(tree, terraform, capsys)


@pytest.fixture
def world(platformctl, monkeypatch):
    """What the commands find outside, in memory: everything of the standard tree is applied as pr42."""

    def wire(*, account_settings, say):
        made.project = find_project(os.environ, current=Path.cwd())
        made.platform.wanted = {} if account_settings is None else {"account_settings": account_settings}
        return made.ports

    made = World(platformctl.tree)
    made.put("kms", "vpc", "api", "docs")
    monkeypatch.setattr(wiring, "wire", wire)
    return made


class Person:
    """Somebody at a terminal, who gives the answers that a test has put in, and remembers the questions."""

    def __init__(self) -> None:
        self.answers: list[str | type[BaseException]] = []
        self.questions: list[str] = []

    def __call__(self, question: object, **_: object) -> str:
        self.questions.append(str(question))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer


@pytest.fixture
def person(monkeypatch):
    made = Person()
    monkeypatch.setattr(type(console.err), "is_terminal", property(lambda _self: True))
    monkeypatch.setattr(console.err, "input", made)
    return made


@pytest.fixture
def nowhere(tmp_path_factory) -> Path:
    """A folder that is no project, and below none."""
    return tmp_path_factory.mktemp("nowhere")
