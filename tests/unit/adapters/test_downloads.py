"""Modules in archives and registries, over a local server, and what of a repository is kept (C1, C8, C10)."""

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.config import ArchiveSource, GitSource, RegistrySource
from orchestrator.errors import PlatformctlError
from tests.fakes.errors import error_of

MODULE = 'variable "v" {}\noutput "out" {\n  value = 1\n}\n'


def zipped(name="vpc/main.tf"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, MODULE)
    return stream.getvalue()


def tarred(name="vpc/main.tf", mode="w:gz"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(MODULE)
        archive.addfile(entry, io.BytesIO(MODULE.encode()))
    return stream.getvalue()


class Server:
    """Answers with what is put under a path, and notes what was asked for."""

    def __init__(self) -> None:
        self.answers, self.asked, server = {}, [], self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append((self.path, self.headers.get("Authorization")))
                code, headers, body = server.answers.get(self.path, (404, {}, b""))
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.http.server_port}"

    def put(self, path, body=b"", code=200, **headers):
        self.answers[path] = (code, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.fixture(scope="module")
def running():
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture
def server(running):
    running.answers.clear()
    running.asked.clear()
    return running


@pytest.fixture
def modules(tmp_path):
    return Modules(tmp_path / "sources")


def outputs(modules, unit_of, source):
    return list(modules.compose(unit_of(module=source)).interface.outputs)


@pytest.mark.parametrize(
    ("format_", "body"),
    [("zip", zipped()), ("gztar", tarred()), ("bztar", tarred(mode="w:bz2")), ("xztar", tarred(mode="w:xz"))],
)
def test_c10_a_module_in_an_archive_is_downloaded_once(modules, server, unit_of, format_, body):
    server.put("/vpc", body)
    source = ArchiveSource(address=f"http://{server.host}/vpc", format=format_, subdirectory="vpc")

    assert outputs(modules, unit_of, source) == ["out"]
    assert outputs(modules, unit_of, source) == ["out"]
    assert len(server.asked) == 1


def test_c10_an_archive_is_kept_by_what_it_holds(tmp_path, server, unit_of):
    server.put("/vpc", zipped())
    source = ArchiveSource(address=f"http://{server.host}/vpc", format="zip", subdirectory="vpc")
    first = Modules(tmp_path / "sources").fetch(source)
    assert Modules(tmp_path / "sources").fetch(source) == first
    server.put("/vpc", zipped("vpc/other.tf"))

    assert Modules(tmp_path / "sources").fetch(source) != first


def test_c10_an_archive_on_this_machine(modules, unit_of, tmp_path):
    (tmp_path / "vpc.tar.gz").write_bytes(tarred())
    source = ArchiveSource(address=str(tmp_path / "vpc.tar.gz"), format="gztar", subdirectory="vpc")

    assert outputs(modules, unit_of, source) == ["out"]


@pytest.mark.parametrize("kind", ["sha256:", ""])
def test_c8_an_archive_with_another_checksum_is_refused(modules, server, unit_of, kind):
    server.put("/vpc", zipped())
    digest = hashlib.sha256(zipped()).hexdigest()
    address = f"http://{server.host}/vpc"

    def source(checksum):
        return ArchiveSource(address=address, format="zip", checksum=checksum, subdirectory="vpc")

    assert outputs(modules, unit_of, source(kind + digest)) == ["out"]
    error = error_of(lambda: modules.fetch(source(kind + digest.replace(digest[0], "0" if digest[0] != "0" else "1"))))
    assert "is wanted" in error.detail


@pytest.mark.parametrize(
    ("format_", "body", "reason"),
    [
        ("zip", b"no archive", "it is no archive that can be unpacked"),
        ("gztar", b"no archive", "it is no archive that can be unpacked"),
        ("gztar", tarred("../evil.tf"), "it is no archive that can be unpacked"),
        ("zip", None, "404"),
    ],
)
def test_c8_an_archive_that_cannot_be_used_leaves_nothing(modules, server, tmp_path, format_, body, reason):
    if body is not None:
        server.put("/vpc", body)

    error = error_of(lambda: modules.fetch(ArchiveSource(address=f"http://{server.host}/vpc", format=format_)))

    assert error.summary == "A module could not be fetched"
    assert reason in error.detail
    assert not list(modules.cache.glob("*")) if modules.cache.exists() else True
    assert not (tmp_path / "evil.tf").exists()


@pytest.fixture
def registry(server):
    """A registry with one module, whose archive it keeps itself."""
    server.put("/.well-known/terraform.json", b'{"modules.v1": "/api/modules/"}')
    server.put("/archive/vpc.tar.gz", tarred("top-1.0/modules/sub/main.tf"))
    server.put(
        "/api/modules/org/vpc/aws/1.0.0/download", code=204, X_Terraform_Get="/archive/vpc.tar.gz//*?archive=tar.gz"
    )
    return server


def test_c10_a_module_of_a_registry(modules, registry, unit_of, monkeypatch):
    monkeypatch.setenv("TG_TF_REGISTRY_TOKEN", "secret")
    source = RegistrySource(host=registry.host, module="org/vpc/aws", version="1.0.0", subdirectory="modules/sub")

    assert outputs(modules, unit_of, source) == ["out"]
    assert registry.asked == [
        ("/.well-known/terraform.json", "Bearer secret"),
        ("/api/modules/org/vpc/aws/1.0.0/download", "Bearer secret"),
        ("/archive/vpc.tar.gz", None),
    ]


def test_c10_the_default_registry_can_be_another_one_and_may_answer_in_the_body(
    modules, registry, unit_of, monkeypatch
):
    monkeypatch.setenv("TG_TF_DEFAULT_REGISTRY_HOST", registry.host)
    location = f'{{"location": "http://{registry.host}/archive/vpc.tar.gz//top-1.0/modules"}}'
    registry.put("/api/modules/org/vpc/aws/1.0.0/download", location.encode())
    source = RegistrySource(host="", module="org/vpc/aws", version="1.0.0", subdirectory="sub")

    assert outputs(modules, unit_of, source) == ["out"]


def test_c10_an_unknown_version_of_a_registry_is_named(modules, registry):
    source = RegistrySource(host=registry.host, module="org/vpc/aws", version="2.0.0")

    error = error_of(lambda: modules.fetch(source), PlatformctlError)

    assert error.detail.startswith(f"tfr://{registry.host}/org/vpc/aws?version=2.0.0: {registry.host}: HTTP Error 404")


def test_c8_an_address_that_is_a_program_is_not_run(modules, tmp_path):
    mark = tmp_path / "ran"

    error = error_of(lambda: modules.fetch(GitSource(url=f"ext::sh -c touch% {mark}", ref="v1")))

    assert "not allowed" in error.detail
    assert not mark.exists()
