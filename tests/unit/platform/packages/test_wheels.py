"""Libraries: fetched once with their hashes checked, for Lambda's platform, and unpacked without what an installation adds."""

import struct

import pytest

from orchestrator.errors import ExitCode, UsageError
from orchestrator.platform.packages import wheels
from orchestrator.platform.packages.archive import ZipContents, write_zip
from orchestrator.platform.packages.wheels import unpack
from tests.fakes.errors import error_of
from tests.unit.platform.packages.conftest import ARM, names


def machine_code(machine: int) -> bytes:
    """The head of a shared object for a processor."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


def use(project, *lines: str) -> None:
    """The function's libraries."""
    project.write("base.lock", "".join(lines))
    project.define('[functions.ingest]\nrequirements = ["base.lock"]\n')


def test_what_an_installer_adds_or_a_function_never_needs_stays_out(project):
    line = project.wheel(
        "lib",
        {
            "lib/__init__.py": "",
            "lib/data.json": "{}",
            "lib/tests/test_x.py": "",
            "tests/test_y.py": "",
            "lib/__pycache__/x.cpython-312.pyc": "",
            "lib/old.pyc": "",
            "lib-1.0.data/purelib/pure.py": "",
            "lib-1.0.data/platlib/plat.py": "",
            "lib-1.0.data/scripts/run": "",
            "lib-1.0.data/headers/x.h": "",
            "lib-1.0.data/data/share/x": "",
            "lib-1.0.dist-info/licenses/LICENSE": "MIT",
        },
    )
    use(project, line)
    assert names(project.build()["ingest"]) == [
        "handler.py",
        "lib-1.0.dist-info/METADATA",
        "lib-1.0.dist-info/WHEEL",
        "lib-1.0.dist-info/licenses/LICENSE",
        "lib/__init__.py",
        "lib/data.json",
        "plat.py",
        "pure.py",
    ]


@pytest.mark.slow
def test_b13_a_wheel_for_arm64_is_taken_whatever_this_machine_is(project):
    wanted = project.wheel("fast", {"fast.so": machine_code(183)}, tag=ARM)
    project.wheel("fast", {"fast.so": machine_code(62)}, tag="cp312-cp312-manylinux_2_28_x86_64")
    use(project, wanted)
    assert "fast.so" in names(project.build()["ingest"])


@pytest.mark.slow
def test_b13_a_library_that_is_locked_for_another_processor_only_is_refused(project):
    use(project, project.wheel("fast", {"fast.so": machine_code(62)}, tag="cp312-cp312-manylinux_2_28_x86_64"))
    error = error_of(project.build, UsageError)
    assert error.summary == "A library of the functions has no wheel for Lambda"
    assert f"{project.functions / 'base.lock'}:1: the index offers no wheel of fast 1.0" in error.detail


@pytest.mark.parametrize(
    "tag",
    [
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-musllinux_1_2_aarch64",
        "cp312-cp312-macosx_11_0_arm64",
        "cp313-cp313-manylinux_2_28_aarch64",
        "cp313-abi3-manylinux_2_28_aarch64",
        "py2-none-any",
    ],
)
def test_b13_a_wheel_for_something_else_is_refused_by_its_name(project, tag):
    project.wheel("fast", {"fast.py": ""}, tag=tag)
    error = error_of(lambda: unpack(project.index / f"fast-1.0-{tag}.whl"), UsageError)
    assert error.summary == "A wheel is not for Lambda's platform"
    assert error.detail.endswith(f"it is for {tag}.")


@pytest.mark.parametrize("tag", ["py2.py3-none-any", "cp38-abi3-manylinux2014_aarch64", "cp312-none-any", ARM])
def test_b13_a_wheel_for_lambda_is_taken_by_its_name(project, tag):
    project.wheel("fast", {"fast.py": ""}, tag=tag)
    assert "fast.py" in unpack(project.index / f"fast-1.0-{tag}.whl")


def test_b13_machine_code_for_another_processor_is_refused_whatever_the_name_says(project):
    project.wheel("fast", {"fast/_x.so": machine_code(62)}, tag=ARM)
    error = error_of(lambda: unpack(project.index / f"fast-1.0-{ARM}.whl"), UsageError)
    assert "fast/_x.so in it is machine code for another processor" in error.detail


@pytest.mark.parametrize("path", ["../evil.py", "/etc/evil.py", "a\\..\\evil.py"])
def test_a_wheel_that_reaches_outside_of_itself_is_refused(project, path):
    project.wheel("evil", {path: ""})
    with pytest.raises(UsageError, match="A wheel is damaged"):
        unpack(project.index / "evil-1.0-py3-none-any.whl")


@pytest.mark.parametrize("name", ["lib-1.0-py3-none-any.whl", "lib.whl", "lib-one-py3-none-any.whl"])
def test_a_wheel_that_is_no_zip_or_has_no_name_is_refused(tmp_path, name):
    wheel = tmp_path / name
    wheel.write_text("not a zip")
    with pytest.raises(UsageError, match="A wheel is damaged"):
        unpack(wheel)


@pytest.mark.slow
def test_a_wheel_is_fetched_once_and_another_one_of_the_same_name_is_not_taken_for_it(project):
    use(project, project.wheel("lib", {"lib.py": "x = 1\n"}))
    first = project.build()["ingest"]
    assert project.said[0] == "fetching lib 1.0"
    (project.index / "lib-1.0-py3-none-any.whl").unlink()
    first.path.unlink()
    project.said.clear()
    assert project.build()["ingest"].sha256 == first.sha256
    assert project.said == ["packaged ingest: 0.0 MB"]
    kept = project.home / "build" / "wheels" / "lib-1.0-py3-none-any.whl"
    use(project, project.wheel("lib", {"lib.py": "x = 2\n"}))
    kept.write_bytes(b"not what is locked")
    assert project.build()["ingest"].sha256 != first.sha256


@pytest.mark.slow
def test_the_dependencies_of_a_library_are_not_looked_for(project):
    metadata = "Metadata-Version: 2.1\nName: lib\nVersion: 1.0\nRequires-Dist: missing\n"
    project.wheel("lib", {"lib.py": ""})
    line = project.wheel("other", {"other.py": "", "other-1.0.dist-info/extra": metadata})
    use(project, line)
    assert "other.py" in names(project.build()["ingest"])


@pytest.mark.slow
def test_c7_a_wheel_that_does_not_match_its_hash_is_refused(project):
    project.wheel("lib", {"lib.py": ""})
    use(project, "# libraries\n", f"lib==1.0 --hash=sha256:{'0' * 64}\n")
    error = error_of(project.build, UsageError)
    assert error.summary == "A library of the functions is not the one that is locked"
    assert f"{project.functions / 'base.lock'}:2: the file of lib 1.0" in error.detail
    assert not list(project.home.glob("build/*.zip"))


@pytest.mark.slow
def test_no_network(project, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:geheim@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    use(project, f"lib==1.0 --hash=sha256:{'0' * 64}\n")
    error = error_of(project.build)
    assert error.exit_code == ExitCode.FAILED
    assert error.summary == "The libraries of the functions cannot be fetched"
    assert "base.lock:1: the package index could not be reached for lib 1.0" in error.detail
    assert "geheim" not in f"{error.detail} {error.hint}"


def test_no_pip(project, monkeypatch):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda _: None)
    use(project, f"lib==1.0 --hash=sha256:{'0' * 64}\n")
    assert error_of(project.build).detail.endswith("has no pip.")


@pytest.mark.parametrize(
    ("mine", "theirs"), [("handler.py", "handler.py"), ("market", "market/trades.py"), ("market/x.py", "market")]
)
def test_c7_two_files_for_one_place_are_refused(project, mine, theirs):
    project.write(f"ingest/{mine}", "def handler(event, context): ...\n")
    use(project, project.wheel("lib", {theirs: "other"}))
    error = error_of(project.build, UsageError)
    assert error.summary == "Two files want the same place in a package"
    assert "lib-1.0-py3-none-any.whl" in error.detail


def test_the_same_file_of_two_libraries_is_no_clash(project):
    shared = {"space/__init__.py": "# namespace\n"}
    use(project, project.wheel("one", shared), project.wheel("two", shared))
    assert names(project.build()["ingest"]).count("space/__init__.py") == 1


def test_more_than_lambda_unpacks_is_refused():
    contents = ZipContents.of("ingest")
    contents.add({"a": bytes(200 * 1024 * 1024)}, origin="a")
    assert (
        error_of(lambda: contents.add({"b": bytes(51 * 1024 * 1024)}, origin="b"), UsageError).detail
        == "ingest has 251.0 MB unpacked; the limit is 250 MB."
    )


def test_more_than_lambda_takes_is_refused(tmp_path):
    contents = ZipContents.of("ingest")
    contents.add({"a": bytes(50 * 1024 * 1024)}, origin="a")
    assert (
        error_of(lambda: write_zip(tmp_path / "x.zip", contents), UsageError).detail
        == "ingest has 50.0 MB to be uploaded; the limit is 50 MB."
    )
