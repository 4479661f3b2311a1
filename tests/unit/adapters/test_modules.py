"""Finding modules: beside the live tree, or in another repository by branch, tag and commit (C1, C8)."""

import os
import subprocess
import traceback

import pytest

from orchestrator.adapters.modules import Location, Modules
from orchestrator.config import GitSource, LocalSource
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.errors import error_of


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))


def git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A bare repository: first commit, tag v1 on the second, branch next with a third, main with a fourth."""
    work, bare = tmp_path / "work", tmp_path / "modules.git"
    work.mkdir()
    git(work, "init", "--quiet")
    commits = []

    def commit(text):
        (work / "network").mkdir(exist_ok=True)
        (work / "network/main.tf").write_text(f'variable "v" {{}}\noutput "{text}" {{\n  value = 1\n}}\n')
        git(work, "add", ".")
        git(work, "commit", "--quiet", "-m", text)
        commits.append(git(work, "rev-parse", "HEAD"))

    commit("first")
    commit("second")
    git(work, "tag", "-a", "v1", "-m", "v1")
    git(work, "checkout", "--quiet", "-b", "next")
    commit("third")
    git(work, "checkout", "--quiet", "main")
    commit("fourth")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    return bare, commits


@pytest.fixture
def modules(tmp_path):
    return Modules(tmp_path / "sources")


def source(bare, ref, subdirectory="network"):
    return GitSource(url=str(bare), ref=ref, subdirectory=subdirectory)


@pytest.fixture
def git_that(tmp_path, monkeypatch):
    """Puts a program of that name on PATH, before the real one."""

    def make(script):
        program = tmp_path / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)

    return make


@pytest.mark.parametrize(
    ("ref", "output"),
    [(None, "fourth"), ("main", "fourth"), ("next", "third"), ("v1", "second"), ("commit 0", "first")],
)
def test_c1_a_git_source_at_a_ref(modules, repository, unit_of, ref, output):
    bare, commits = repository
    if ref == "commit 0":
        ref = commits[0]
    unit = unit_of(module=source(bare, ref))
    location = modules.locate(unit)
    assert location.folder == location.root / "network"
    assert list(modules.compose(unit).interface.outputs) == [output]
    assert list(modules.compose(unit).interface.variables) == ["v"]


def test_a_repository_and_ref_are_fetched_once(modules, repository, unit_of):
    bare, _ = repository
    first = modules.locate(unit_of("a", module=source(bare, "v1")))
    bare.rename(bare.with_name("gone.git"))
    second = modules.locate(unit_of("b", module=source(bare, "v1", "")))
    assert (second.root, second.subdirectory) == (first.root, "")
    with pytest.raises(PlatformctlError):
        modules.locate(unit_of("c", module=source(bare, "main")))


def test_c10_a_repository_is_kept_by_commit_and_shared_between_refs_and_runs(tmp_path, repository):
    bare, commits = repository
    runs = [Modules(tmp_path / "sources") for _ in range(3)]
    first = runs[0].fetch(source(bare, "v1"))
    assert runs[1].fetch(source(bare, commits[1], "")) == first
    git(bare, "update-ref", "refs/tags/v1", commits[2])
    moved = runs[2].fetch(source(bare, "v1"))
    assert moved != first
    assert 'output "third"' in (moved / "network/main.tf").read_text()
    assert len(list((tmp_path / "sources").iterdir())) == 2


def test_a_local_module_stays_where_it_is(modules, tmp_path, unit_of):
    unit = unit_of(module=LocalSource(root=tmp_path, subdirectory="vpc"))
    assert modules.locate(unit) == Location(root=tmp_path, subdirectory="vpc")
    with pytest.raises(UsageError):
        modules.compose(unit)
    assert not modules.cache.exists()


def test_a_fetch_that_fails_says_why_and_leaves_nothing_that_is_taken_for_a_module(modules, repository, unit_of):
    bare, _ = repository
    unit = unit_of(module=source(bare, "v2"))
    for _ in range(2):
        error = error_of(lambda: modules.locate(unit))
        assert error.summary == "A module could not be fetched"
        assert error.detail.startswith(f'git fetch of {bare}//network?ref=v2: "fatal: ')
        assert "v2" in error.detail.split(": ", 1)[1]
        assert error.hint == "Check the source's address and ref, and that git may read it without asking."
    git(bare, "tag", "v2", "next")
    assert list(modules.compose(unit).interface.outputs) == ["third"]


def test_what_an_interrupted_fetch_left_is_not_taken_for_a_module(modules, repository, unit_of):
    bare, _ = repository
    unit = unit_of(module=source(bare, "v1"))
    whole = modules.locate(unit).root
    partial = whole.with_suffix(".partial")
    whole.rename(partial)
    (partial / "network/main.tf").write_text("half a f")
    assert list(modules.compose(unit).interface.outputs) == ["second"]


@pytest.mark.parametrize(
    ("prints", "quoted"),
    [
        ("exit 1", "nothing"),
        (r"printf '\377\377' >&2; exit 1", '"\ufffd\ufffd"'),
        ("printf 'remote: https://u:hunter2@host/x' >&2; exit 1", '"remote: https://****@host/x"'),
        ("echo 'only standard output'; exit 128", '"only standard output"'),
        ("head -c 3000000 /dev/zero | tr '\\0' ' ' >&2; echo end >&2; exit 1", '"end"'),
    ],
)
def test_c5_whatever_git_prints_is_quoted(modules, unit_of, git_that, prints, quoted):
    git_that(prints)
    unit = unit_of(module=GitSource(url="https://host/modules.git", ref="v1"))
    error = error_of(lambda: modules.locate(unit))
    assert error.detail == f"git init of https://host/modules.git?ref=v1: {quoted}"


def test_c8_credentials_in_an_address_are_not_in_the_error(modules, unit_of):
    address = "https://user:hunter2@127.0.0.1:1/modules.git"
    error = error_of(lambda: modules.locate(unit_of(module=GitSource(url=address, ref="v1"))))
    assert "hunter2" not in f"{error} {error.detail} {error.hint}"
    assert "hunter2" not in "".join(traceback.format_exception(error))
    assert "127.0.0.1:1/modules.git" in error.detail


def test_c8_credentials_in_an_address_are_not_in_the_arguments_of_git(modules, unit_of, git_that, tmp_path):
    """Every user of the machine can read the arguments of a process."""
    git_that(f'printf "%s\\n" "$@" >> {tmp_path}/arguments')
    modules.locate(unit_of(module=GitSource(url="https://user:hunter2@127.0.0.1:1/modules.git", ref="v1")))
    assert "hunter2" not in (tmp_path / "arguments").read_text()


@pytest.mark.parametrize("option", ["--upload-pack=touch {}; git-upload-pack", "-utouch {}; git-upload-pack"])
def test_a_ref_is_never_read_as_an_option_of_git(modules, repository, unit_of, tmp_path, option):
    """An address in a pull request must not run commands on the machine that plans it."""
    bare, _ = repository
    mark = tmp_path / "ran"
    with pytest.raises(PlatformctlError):
        modules.locate(unit_of(module=source(bare, option.format(mark))))
    assert not mark.exists()


def test_an_address_is_never_read_as_an_option_of_git(modules, repository, unit_of, tmp_path):
    bare, _ = repository
    mark = tmp_path / "ran"
    with pytest.raises(PlatformctlError):
        modules.locate(unit_of(module=GitSource(url=f"--upload-pack=touch {mark}; git-upload-pack", ref=str(bare))))
    assert not mark.exists()


def test_git_never_asks_on_the_terminal(modules, unit_of, git_that, tmp_path):
    """A question for a password, asked under the progress lines, looks like a hang."""
    git_that(f'echo "$GIT_TERMINAL_PROMPT" >> {tmp_path}/prompt')
    modules.locate(unit_of(module=GitSource(url="https://127.0.0.1:1/modules.git", ref="v1")))
    assert set((tmp_path / "prompt").read_text().split()) == {"0"}


def test_a_machine_without_git_is_told_so(modules, repository, unit_of, monkeypatch, tmp_path):
    bare, _ = repository
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    error = error_of(lambda: modules.locate(unit_of(module=source(bare, "v1"))))
    assert "git" in error.detail


def test_settings_that_a_ci_hands_to_git_in_the_environment_stay(modules, repository, unit_of, monkeypatch):
    """CI systems send addresses through a proxy, or add a token, with GIT_CONFIG_COUNT."""
    bare, _ = repository
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{bare.parent}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://example.invalid/")
    unit = unit_of(module=GitSource(url="https://example.invalid/modules.git", ref="v1", subdirectory="network"))
    assert list(modules.compose(unit).interface.outputs) == ["second"]
