"""The tables in the modules' READMEs match the sources."""

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAM = REPOSITORY / ".ci" / "module_docs.py"


@pytest.fixture(scope="module")
def main():
    return runpy.run_path(str(PROGRAM))["main"]


@pytest.fixture
def run(main, capsys):
    """Runs the program; returns its exit code and what it printed."""

    def call(*arguments):
        code = main([*arguments])
        return SimpleNamespace(returncode=code, stdout=(printed := capsys.readouterr()).out, stderr=printed.err)

    return call


@pytest.fixture
def modules(tmp_path):
    shutil.copytree(REPOSITORY / "modules" / "kms", tmp_path / "kms", ignore=shutil.ignore_patterns(".terraform"))
    return tmp_path


def change(path, before, after):
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))


def test_the_repository_has_not_drifted(run):
    result = run("--check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_changed_default_is_drift_and_is_repaired(modules, run):
    change(modules / "kms" / "variables.tf", "default     = 7\n", "default     = 9\n")
    result = run("--check", "--modules", str(modules))
    assert result.returncode == 1
    changed = [line for line in result.stdout.splitlines() if line[0] in "+-" and "deletion_window_in_days" in line]
    assert [(line[0], line.rsplit("| ", 1)[1]) for line in changed] == [("-", "`7` |"), ("+", "`9` |")]
    assert run("--modules", str(modules)).returncode == 0
    assert run("--check", "--modules", str(modules)).returncode == 0


def test_text_outside_of_the_tables_is_kept(modules, run):
    readme = modules / "kms" / "README.md"
    readme.write_text(readme.read_text() + "\nA last word.\n")
    change(modules / "kms" / "outputs.tf", 'output "key_ids"', 'output "ids"')
    assert run("--modules", str(modules)).returncode == 0
    text = readme.read_text()
    assert text.endswith("\nA last word.\n")
    assert "| `ids` | The keys' ids by purpose. |" in text
    assert "key_ids" not in text


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("outputs.tf", '  description = "The keys\' ids by purpose."\n', "", 'output "key_ids" has no description.'),
        ("README.md", "<!-- END TABLES -->", "", "must hold these two lines once each"),
        ("variables.tf", 'variable "suffix" {', 'variable "suffix" {{', "cannot be parsed"),
    ],
)
def test_an_undocumentable_module_is_an_error(modules, run, file, before, after, message):
    change(modules / "kms" / file, before, after)
    result = run("--modules", str(modules))
    assert result.returncode == 2
    assert message in result.stderr


def test_a_module_without_readme_is_an_error(run, modules):
    (modules / "kms" / "README.md").unlink()
    result = run("--check", "--modules", str(modules))
    assert result.returncode == 2
    assert "README.md is missing" in result.stderr
