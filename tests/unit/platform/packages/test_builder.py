"""Packages: what is in them, that they are the same everywhere, that they are made only when needed (A1, B5)."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.platform.packages import builder, ensure_packages
from tests.fakes.errors import error_of
from tests.unit.platform.packages.conftest import HANDLER, Project, base64_sha256, names

REPOSITORY = Path(__file__).resolve().parents[4]


def test_a1_a_package_holds_the_function_its_shared_packages_and_its_libraries(project):
    project.write("market/trades.py", "")
    project.write("market/sql/one.sql", "select 1")
    lock = project.wheel("somelib", {"somelib/__init__.py": "x = 1\n"})
    project.write("base.lock", lock)
    project.define('[functions.ingest]\npackages = ["market"]\nrequirements = ["base.lock"]\n')
    package = project.build()["ingest"]
    assert names(package) == [
        "handler.py",
        "market/sql/one.sql",
        "market/trades.py",
        "somelib-1.0.dist-info/METADATA",
        "somelib-1.0.dist-info/WHEEL",
        "somelib/__init__.py",
    ]


def test_tests_byte_code_and_hidden_files_stay_out(project):
    for path in ("tests/test_x.py", "__pycache__/handler.pyc", ".DS_Store", "old.pyc", ".idea/x.xml"):
        project.write(f"ingest/{path}", "")
    assert names(project.build()["ingest"]) == ["handler.py"]


def test_b5_the_list_has_the_contracts_form(project):
    package = project.build()["ingest"]
    listed = json.loads((project.home / "build" / "packages.json").read_text())
    assert listed == {"ingest": {"path": str(package.path), "hash": base64_sha256(package.path)}}
    assert package.path.is_absolute()
    assert package.path.parent == project.home / "build"
    assert package.path.name == f"ingest-{package.sha256[:12]}.zip"


def test_entries_are_stored_with_one_date_and_one_mode(project):
    with zipfile.ZipFile(project.build()["ingest"].path) as archive:
        entries = archive.infolist()
    assert {(e.date_time, e.compress_type, e.create_system, e.external_attr >> 16) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 3, 0o100644)
    }


def test_a1_the_same_sources_give_the_same_bytes_in_any_folder_at_any_time_with_any_umask(project, tmp_path):
    lock = project.wheel("somelib", {"somelib/b.py": "", "somelib/a.py": "x = 1\n"})
    project.write("base.lock", lock)
    project.write("ingest/z.py", "")
    project.define('[functions.ingest]\nrequirements = ["base.lock"]\n')
    first = project.build()["ingest"].path.read_bytes()
    elsewhere = Project(tmp_path / "else" / "where", project.index)
    shutil.copytree(project.functions, elsewhere.functions)
    for file in elsewhere.functions.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
        file.chmod(0o700)
    before = os.umask(0o077)
    try:
        second = elsewhere.build()["ingest"].path.read_bytes()
    finally:
        os.umask(before)
    assert first == second


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(project):
    first = project.build()["ingest"]
    script = (
        "import sys; from pathlib import Path; from orchestrator.platform.packages import build_packages\n"
        "print(build_packages(Path(sys.argv[1]), Path(sys.argv[2]))[0].sha256)"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
    }
    arguments = [sys.executable, "-c", script, str(project.root), str(project.root / "other-home")]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == first.sha256


def test_nothing_is_built_twice(project):
    assert project.build()["ingest"].built
    project.said.clear()
    again = project.build()["ingest"]
    assert not again.built
    assert project.said == []


def test_only_what_changed_is_built_and_its_old_zip_goes(project):
    project.write("api/handler.py", HANDLER)
    project.define("[functions.ingest]\n[functions.api]\n")
    before = project.build()
    project.write("ingest/handler.py", HANDLER + "# changed\n")
    after = project.build()
    assert (after["ingest"].built, after["api"].built) == (True, False)
    zips = {file.name for file in (project.home / "build").glob("*.zip")}
    assert zips == {after["ingest"].path.name, after["api"].path.name}
    assert before["ingest"].path.name not in zips


@pytest.mark.parametrize("change", ["source", "shared", "lock", "new file"])
def test_any_change_of_what_is_in_a_package_builds_it_anew(project, change):
    project.write("market/trades.py", "")
    project.write("base.lock", project.wheel("somelib", {"somelib.py": ""}))
    project.define('[functions.ingest]\npackages = ["market"]\nrequirements = ["base.lock"]\n')
    first = project.build()["ingest"]
    match change:
        case "source":
            project.write("ingest/handler.py", HANDLER + "\n")
        case "shared":
            project.write("market/trades.py", "x = 1\n")
        case "lock":
            project.write("base.lock", project.wheel("somelib", {"somelib.py": "y = 1\n"}, version="1.1"))
        case "new file":
            project.write("ingest/more.py", "")
    second = project.build()["ingest"]
    assert second.built
    assert second.sha256 != first.sha256


def test_one_function_alone_leaves_the_others_in_the_list(project):
    project.write("api/handler.py", HANDLER)
    project.define("[functions.ingest]\n[functions.api]\n")
    project.build()
    project.write("api/handler.py", HANDLER + "# changed\n")
    project.write("ingest/handler.py", HANDLER + "# changed\n")
    assert list(project.build("api")) == ["api"]
    listed = json.loads((project.home / "build" / "packages.json").read_text())
    assert set(listed) == {"api", "ingest"}
    assert all(Path(entry["path"]).is_file() for entry in listed.values())


def test_a_function_that_is_defined_no_more_leaves_the_list_and_the_disk(project):
    project.write("api/handler.py", HANDLER)
    project.define("[functions.ingest]\n[functions.api]\n")
    project.build()
    project.define("[functions.ingest]\n")
    project.build()
    assert set(json.loads((project.home / "build" / "packages.json").read_text())) == {"ingest"}
    assert len(list((project.home / "build").glob("*.zip"))) == 1


@pytest.mark.parametrize("damage", ["deleted", "cut", "changed"])
def test_a_damaged_package_is_made_anew(project, damage):
    first = project.build()["ingest"]
    contents = first.path.read_bytes()
    match damage:
        case "deleted":
            first.path.unlink()
        case "cut":
            first.path.write_bytes(contents[:-10])
        case "changed":
            time.sleep(0.01)
            first.path.write_bytes(contents[:-1] + b"!")
    project.build()
    assert first.path.read_bytes() == contents


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ingest": {}}', '{"ingest": 1}'])
@pytest.mark.parametrize("file", ["records.json", "packages.json"])
def test_a_damaged_list_is_written_anew(project, file, text):
    project.build()
    (project.home / "build" / file).write_text(text)
    package = project.build()["ingest"]
    listed = json.loads((project.home / "build" / "packages.json").read_text())
    assert listed["ingest"]["hash"] == package.hash


def test_a_project_that_was_moved_gets_a_list_with_its_new_paths(project, tmp_path):
    project.build()
    project.root.rename(tmp_path / "moved")
    moved = Project(tmp_path / "moved", project.index)
    package = moved.build()["ingest"]
    assert not package.built
    listed = json.loads((moved.home / "build" / "packages.json").read_text())
    assert Path(listed["ingest"]["path"]).is_relative_to(tmp_path / "moved")


def test_a_touched_zip_is_not_built_again(project):
    first = project.build()["ingest"]
    os.utime(first.path, (1, 1))
    assert not project.build()["ingest"].built


def test_files_of_a_build_that_was_killed_are_no_obstacle(project):
    build = project.home / "build"
    build.mkdir(parents=True)
    (build / ".ingest.zip.tmp").write_bytes(b"half")
    (build / ".fetch-x").mkdir()
    project.build()
    assert not (build / ".ingest.zip.tmp").exists()
    assert not (build / ".fetch-x").exists()


def test_ensure_says_what_it_does_once(project):
    said = []
    listed = ensure_packages(project.root, project.home, say=said.append)
    assert listed == project.home / "build" / "packages.json"
    assert said == ["packaged ingest: 0.0 MB"]
    ensure_packages(project.root, project.home, say=said.append)
    assert len(said) == 1


def test_ensure_gives_a_project_without_functions_an_empty_list(tmp_path):
    listed = ensure_packages(tmp_path, tmp_path / ".platformctl")
    assert json.loads(listed.read_text()) == {}
    written = listed.stat().st_mtime_ns
    ensure_packages(tmp_path, tmp_path / ".platformctl")
    assert listed.stat().st_mtime_ns == written


def test_when_nothing_changed_no_lock_is_taken_and_no_wheel_is_read(project, monkeypatch):
    project.build()

    def refuse(*_):
        pytest.fail("the fast path must not come here")

    monkeypatch.setattr(builder, "_alone", refuse)
    monkeypatch.setattr(builder, "unpack", refuse)
    assert not project.build()["ingest"].built


def _build_at_once(root, home, index, start, results):
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=index, PIP_CONFIG_FILE="/dev/null")
    start.wait()
    try:
        packages = builder.build_packages(Path(root), Path(home))
        results.put([package.sha256 for package in packages])
    except BaseException as error:
        results.put(repr(error))
        raise


@pytest.mark.slow
def test_processes_that_build_at_once_do_not_disturb_each_other(project):
    project.write("base.lock", project.wheel("somelib", {"somelib.py": "x = 1\n" * 50_000}))
    project.write("api/handler.py", HANDLER)
    project.define('[functions.ingest]\nrequirements = ["base.lock"]\n[functions.api]\nrequirements = ["base.lock"]\n')
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    arguments = (str(project.root), str(project.home), str(project.index), start, results)
    children = [context.Process(target=_build_at_once, args=arguments) for _ in range(3)]
    for child in children:
        child.start()
    start.set()
    found = [results.get(timeout=60) for _ in children]
    for child in children:
        child.join(timeout=60)
    results.close()
    expected = [package.sha256 for package in project.build().values()]
    assert found == [expected] * 3


def test_unknown_function(project):
    error = error_of(lambda: project.build("ingset"), UsageError)
    assert error.summary == "No such function"
    assert error.detail == 'There is no function "ingset".'
    assert error.hint == "The functions are ingest."
    assert not project.home.exists()
