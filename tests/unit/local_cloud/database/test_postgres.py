"""Server processes: they end with whoever started them, and leave nothing behind (B12)."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from orchestrator.local_cloud.database.binaries import (
    Installation,
    ServerUser,
    choose,
    installed,
    readable_by,
    server_user,
)
from orchestrator.local_cloud.database.postgres import PREFIX, PostgresProcess, end_leftovers
from orchestrator.local_cloud.database.session import AdminSession, DatabaseError, identifier, literal
from orchestrator.local_cloud.errors import LocalCloudError
from tests.eventually import eventually

needs_postgresql = pytest.mark.skipif(not installed(), reason="no PostgreSQL here")
VERSIONS = [Installation(major=major, folder=Path(f"/{major}")) for major in (16, 18)]

OWNER = """
import sys, time
from pathlib import Path
from orchestrator.local_cloud.database.binaries import choose, installed, server_user
from orchestrator.local_cloud.database.postgres import PostgresProcess

process = PostgresProcess(choose(installed(), "17.7"), server_user(), Path(sys.argv[1]), "one")
process.start({})
print(process.socket.parent, process._tether.pid, flush=True)
time.sleep(60)
"""


def _alive(pid):
    try:
        return "postgres" in " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all tests; each starts it."""
    process = PostgresProcess(choose(installed(), "17.7"), server_user(), tmp_path_factory.mktemp("records"), "one")
    yield process
    folder = process.socket.parent
    process.remove()
    assert not folder.exists()


@pytest.mark.parametrize(("wanted", "major"), [("16.3", 16), ("17.7", 16), ("17", 16), ("18.1", 18), ("19.0", 18)])
def test_a_server_is_never_newer_than_its_cluster(wanted, major):
    assert choose(VERSIONS, wanted).major == major


@pytest.mark.parametrize(
    ("versions", "wanted", "text"),
    [([], "17.7", "is not installed"), (VERSIONS, "15.4", "installed are 16, 18"), (VERSIONS, "9" * 5000, "99999;")],
)
def test_a_cluster_without_a_server_is_an_error(versions, wanted, text):
    with pytest.raises(LocalCloudError) as raised:
        choose(versions, wanted)
    assert text in raised.value.detail


def test_an_installation_that_its_user_cannot_read_is_copied(tmp_path):
    folder = tmp_path / "closed" / "package" / "postgresql"
    for part in ("bin/initdb", "bin/postgres", "lib/libpq.so", "lib/libpq.a", "share/errcodes.txt", "include/no.h"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_text(part)
    (tmp_path / "closed" / "package.libs").mkdir()
    given = Installation(major=17, folder=folder)
    assert readable_by(given, ServerUser(), tmp_path) == given
    (tmp_path / "closed").chmod(0o700)
    nobody, scratch = ServerUser((65534, 65534)), tmp_path / "scratch"
    copy = readable_by(given, nobody, scratch)
    assert Path(copy.program("postgres")).read_text() == "bin/postgres"
    assert sorted(path.name for path in copy.folder.iterdir()) == ["bin", "lib", "share"]
    assert [path.name for path in (copy.folder / "lib").iterdir()] == ["libpq.so"]
    assert (copy.folder / ".." / ".." / "package.libs").is_dir()
    assert readable_by(given, nobody, scratch) == copy


@pytest.mark.slow
@needs_postgresql
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_root_runs_a_server_from_a_folder_that_only_root_can_read(tmp_path):
    found = choose(installed(), "17.7")
    site = tmp_path / "closed"
    package = found.folder.parent
    shutil.copytree(found.folder, site / package.name / found.folder.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name)
    site.chmod(0o700)
    closed = Installation(major=found.major, folder=site / package.name / found.folder.name)
    process = PostgresProcess(closed, server_user(), tmp_path, "one")
    try:
        process.start({})
        with AdminSession(process.socket) as session:
            assert session.run("SELECT 1") == [["1"]]
    finally:
        process.remove()


@pytest.mark.slow
@needs_postgresql
def test_a_server_keeps_its_data_when_it_stops(server):
    server.start({"log_statement": "ddl"})
    assert oct(server.socket.stat().st_mode & 0o777) == "0o700"
    with AdminSession(server.socket) as session:
        assert session.run("SHOW server_version_num")[0][0].startswith("16")
        session.run("CREATE TABLE kept AS SELECT 1 AS one; INSERT INTO kept VALUES (NULL)")
    server.stop()
    assert not server.running
    server.start({"log_statement": "all"})
    with AdminSession(server.socket) as session:
        assert session.run("SELECT * FROM kept") == [["1"], [None]]
        assert session.run("SHOW log_statement") == [["all"]]


@pytest.mark.slow
@needs_postgresql
def test_a_server_that_died_is_started_again(server):
    server.start({})
    os.kill(int((server.socket.parent / "pid").read_text()), signal.SIGKILL)
    eventually(lambda: not server.running)
    server.start({})
    with AdminSession(server.socket) as session:
        assert session.run("SELECT 1") == [["1"]]


@pytest.mark.slow
@needs_postgresql
def test_settings_that_the_server_rejects_are_in_the_error(server, monkeypatch):
    monkeypatch.setattr("orchestrator.local_cloud.database.postgres._DEAD_AFTER", 0.5)
    server.stop()
    with pytest.raises(LocalCloudError) as raised:
        server.start({"log_statement": "everything"})
    assert 'invalid value for parameter "log_statement": "everything"' in raised.value.detail
    server.start({"log_statement": "all"})


@pytest.mark.slow
@needs_postgresql
def test_a_session_survives_a_statement_that_fails(server):
    server.start({})
    with AdminSession(server.socket) as session:
        with pytest.raises(DatabaseError, match="division by zero") as raised:
            session.run("CREATE TABLE undone (); SELECT 1/0")
        assert raised.value.code == "22012"
        assert session.run("SELECT to_regclass('undone')") == [[None]]
        odd = "it's \"odd\" \\ 'x'"
        assert session.run(f"SELECT {literal(odd)} AS {identifier(odd)}") == [[odd]]


@pytest.mark.slow
@needs_postgresql
@pytest.mark.parametrize(
    "tether_too", [False, True], ids=["its owner is killed", "its owner and the tether are killed"]
)
def test_b12_a_server_does_not_outlive_its_owner(tmp_path, tether_too):
    child = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        folder, tether = child.stdout.readline().split()
        pid = int((Path(folder) / "pid").read_text())
        assert _alive(pid)
        if tether_too:
            os.kill(int(tether), signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    if not tether_too:
        eventually(lambda: not _alive(pid))
    assert end_leftovers(tmp_path) == 1
    assert not _alive(pid)
    assert not Path(folder).exists()
    assert end_leftovers(tmp_path) == 0


@pytest.mark.parametrize("name", ["somebody-elses", f"{PREFIX}gone"])
def test_a_record_ends_no_process_and_deletes_no_folder_that_is_not_ours(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    records = tmp_path / "records"
    records.mkdir()
    # This process: its command does not name the folder.
    (records / "a.json").write_text(json.dumps({"folder": str(folder), "pid": os.getpid()}))
    (records / "b.json").write_text("{")
    end_leftovers(records)
    assert folder.exists() == (name == "somebody-elses")
    assert list(records.iterdir()) == []
