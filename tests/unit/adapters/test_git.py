"""The revisions of a real repository (C10)."""

import os
import subprocess

import pytest

from orchestrator.adapters.git import GitRepository
from orchestrator.errors import UsageError


@pytest.fixture
def repository(tmp_path):
    """A repository with a project in one of its folders; ``git(...)`` runs a command in it."""
    top = tmp_path / "repository"
    project = top / "infra"
    project.mkdir(parents=True)
    identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=project, env=environment, check=True, capture_output=True)

    git("init", "--initial-branch=main", str(top))
    for name in ("kept.hcl", "changed.hcl", "removed.hcl", "mäßig groß.hcl"):
        (project / name).write_text("1")
    git("add", ".")
    git("commit", "-m", "first")
    git("tag", "v1")
    return GitRepository(project), git


def test_c10_added_changed_and_removed_files_differ_also_outside_of_the_project(repository):
    found, git = repository
    (found.folder / "changed.hcl").write_text("2")
    (found.folder / "mäßig groß.hcl").write_text("2")
    (found.folder / "removed.hcl").rename(found.folder / "renamed.hcl")
    (found.folder.parent / "shared.hcl").write_text("1")
    assert found.difference("v1", "HEAD").paths == frozenset()
    assert not found.difference("v1", "HEAD").is_of_working_tree
    git("add", "..")
    git("commit", "-m", "second")
    difference = found.difference("v1", "HEAD")
    assert {path.relative_to(found.folder.parent).as_posix() for path in difference.paths} == {
        "infra/changed.hcl",
        "infra/mäßig groß.hcl",
        "infra/removed.hcl",
        "infra/renamed.hcl",
        "shared.hcl",
    }
    (found.folder / ".platformctl").mkdir()
    (found.folder / ".platformctl" / "run.log").write_text("x")
    assert found.difference("v1", "HEAD").is_of_working_tree
    (found.folder / "new.hcl").write_text("1")
    assert not found.difference("v1", "HEAD").is_of_working_tree
    (found.folder / "new.hcl").unlink()
    assert difference.is_of_working_tree
    assert found.difference("HEAD", "v1").paths == difference.paths
    assert not found.difference("main", "v1").is_of_working_tree


@pytest.mark.parametrize("revision", ["nope", "--output=x", "HEAD:kept.hcl"])
def test_c10_what_is_no_commit_is_bad_input(repository, revision):
    with pytest.raises(UsageError) as caught:
        repository[0].difference(revision, "HEAD")
    assert caught.value.summary == "Unknown revision"


def test_c10_a_folder_without_a_repository_is_bad_input(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError) as caught:
        GitRepository(tmp_path).difference("main", "HEAD")
    assert caught.value.hint == "A filter such as [main] needs a git repository."
