"""A3: ``python3 -m orchestrator`` on a machine with nothing but Python and a package index, with a fake pip and venv.

A7: which tests ``python3 -m orchestrator test`` runs, and how.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import __main__ as entry
from orchestrator.bootstrap import install, testing

ROOT = Path(__file__).parent.parent.parent.parent
PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]


def test_a3_the_first_start_makes_the_environment_and_installs_what_is_locked(machine, capsys):
    assert machine.start("up", "--suffix", "pr42") == 0
    assert machine.made == [machine.folder]
    assert machine.ran == [
        ["-m", "ensurepip", "--upgrade", "--default-pip"],
        [*PIP, "--require-hashes", "-r", str(machine.folder / "requirements.lock")],
        [*PIP, "--no-deps", "--editable", str(machine.root)],
        ["-c", install._PROOF, str(machine.folder / "requirements.lock")],
    ]
    assert machine.became == [["-P", "-m", "orchestrator", "up", "--suffix", "pr42"]]
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "Setting up .venv: requirements.lock lists what it gets\n")


def test_a3_the_next_start_installs_nothing(machine, capsys):
    machine.start("graph")
    capsys.readouterr()
    machine.start("graph")
    assert (len(machine.made), len(machine.ran), len(machine.became)) == (1, 4, 2)
    assert capsys.readouterr().err == ""


def test_a3_test_installs_the_tools_and_runs_pytest_in_the_project(machine, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert machine.start("test", "-k", "graph") == 0
    assert machine.became == [["-m", "pytest", "-k", "graph"]]
    assert machine.ran[1][-1] == str(machine.folder / "requirements-dev.lock")
    assert os.getcwd() == str(machine.root)  # noqa: PTH109 - the entry point changes it


def test_a3_only_the_first_argument_means_the_tests(machine):
    machine.start("graph", "test")
    assert machine.became == [["-P", "-m", "orchestrator", "graph", "test"]]


def test_a3_the_interpreter_of_the_environment_runs_platformctl_itself(machine, monkeypatch):
    started = []
    monkeypatch.setattr(sys, "prefix", str(machine.folder))
    monkeypatch.setattr("orchestrator.cli.main.run", lambda arguments: started.append(arguments) or 7)
    assert machine.start("graph", "--env", "dev") == 7
    assert (started, len(machine.made), machine.became) == ([["graph", "--env", "dev"]], 1, [])


def test_a3_where_the_user_has_installed_it_nothing_is_set_up(machine, monkeypatch):
    started = []
    monkeypatch.setattr(entry, "_is_installed_elsewhere", lambda: True)
    monkeypatch.setattr("orchestrator.cli.main.run", lambda arguments: started.append(arguments) or 7)
    assert machine.start("graph") == 7
    assert (started, machine.made, machine.ran, machine.became) == ([["graph"]], [], [], [])


def test_a3_an_environment_of_the_users_without_a_dependency_says_which(machine, monkeypatch, capsys):
    monkeypatch.setattr(entry, "_is_installed_elsewhere", lambda: True)
    monkeypatch.delitem(sys.modules, "orchestrator.cli.main", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    assert machine.start("graph") == 1
    assert capsys.readouterr().err == (
        f"error: the Python package typer is missing: {sys.prefix} has platformctl without all that it needs\n"
        f"fix: {sys.executable} -m pip install -r {machine.root}/requirements.lock\n"
    )


@pytest.mark.parametrize(("name", "found"), [("platformctl-0.1.0.dist-info", True), ("other-1.dist-info", False)])
def test_a3_an_installed_platformctl_is_found_without_loading_anything(tmp_path, monkeypatch, name, found):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "no such folder"), str(tmp_path / "a.zip")])
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert entry._is_installed_elsewhere() is found


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 9, 0), (2, 7, 18)])
def test_a3_an_old_python_is_refused(machine, monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(platform, "python_version", lambda: ".".join(map(str, version)))
    assert machine.start("graph") == 2
    text = ".".join(map(str, version))
    assert capsys.readouterr().err == f"error: Python 3.11 or newer is needed: this is {text}\n"
    assert (machine.made, machine.became) == ([], [])


def test_a3_ctrl_c_ends_the_set_up_without_a_traceback(machine, monkeypatch, capsys):
    monkeypatch.setattr("orchestrator.bootstrap.install._clear", _interrupt)
    assert machine.start("graph") == 130
    assert capsys.readouterr().err.endswith("error: interrupted: the next run rebuilds .venv\n")


def _interrupt(*_arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a3_every_line_of_the_real_lock_files_is_pinned_and_hashed(name):
    """pip --require-hashes refuses a lock file in which one is not."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert entries
    for entry_line in entries:
        assert "==" in entry_line.split(";")[0], entry_line
    blocks = text.replace("\\\n", " ").splitlines()
    for block in blocks:
        if block and not block.startswith((" ", "#")):
            assert "--hash=sha256:" in block, block


def test_a3_the_bootstrap_needs_the_standard_library_only():
    """It runs before anything is installed."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = ['x'];"
        "import orchestrator.__main__, orchestrator.bootstrap.install, orchestrator.bootstrap.testing;"
        "print(sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'orchestrator'}))"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout == "['__main__']\n"


PARALLEL = ["-n", "6", "--dist", "loadfile", "--no-loadscope-reorder"]
QUICK = ["-m", "not slow"]


@pytest.fixture
def tests(tmp_path, monkeypatch):
    monkeypatch.setattr(testing.os, "cpu_count", lambda: 2)
    for name in ("cloud", "e2e", "unit/hcl", "__pycache__", "fakes", "modules"):
        (tmp_path / "tests" / name).mkdir(parents=True)
        if name not in ("__pycache__", "fakes"):
            (tmp_path / "tests" / name / "test_a.py").touch()
    return tmp_path / "tests"


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], [*PARALLEL, "tests/e2e", "tests/modules", "tests/cloud", "tests/unit"]),
        (["--quick"], [*QUICK, "-n", "2", "--dist", "worksteal"]),
        (["-k", "graph"], ["-k", "graph"]),
        (["tests/unit", "--quick", "-x"], [*QUICK, "tests/unit", "-x"]),
    ],
)
def test_a7_what_the_user_leaves_open_is_added(tests, arguments, chosen):
    assert testing.pytest_arguments(arguments, tests) == chosen


def test_a7_more_cores_get_more_workers(tests, monkeypatch):
    monkeypatch.setattr(testing.os, "cpu_count", lambda: 16)
    assert testing.pytest_arguments(["--quick"], tests)[3] == "16"
    assert testing.pytest_arguments([], tests)[1] == "16"


def test_a7_what_runs_is_reported(tests, capsys):
    testing.pytest_arguments(["--quick"], tests)
    assert capsys.readouterr().err == (
        "Running the tests that start neither Terraform nor the local cloud: pytest -m 'not slow' -n 2 --dist worksteal\n"
    )
