"""functions.toml and the lock files: every mistake is named with its place, before anything is written (C7)."""

import pytest

from orchestrator.errors import ExitCode, UsageError
from orchestrator.platform.packages.definition import read_definitions
from orchestrator.platform.packages.requirements import read_pins
from tests.fakes.errors import error_of
from tests.unit.platform.packages.conftest import HANDLER

HASH = "0" * 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[functions.ingest", "Expected ']' at the end of a table declaration (at end of document)"),
        ('[functions.ingest]\nfolder = "a" x', "Expected newline or end of document after a statement"),
        ("", "there is no [functions.NAME]"),
        ("[settings]\n[functions.ingest]", "Object contains unknown field `settings`"),
        ("functions = 1", "Expected `object`, got `int` - at `$.functions`"),
        ("[functions]\ningest = 1", "[functions.ingest]: Expected `object`, got `int`"),
        ("[functions.Ingest]", "[functions.Ingest]: a function's name has lower-case letters"),
        ('[functions.ingest]\nrequirement = "x"', "[functions.ingest]: Object contains unknown field `requirement`"),
        ('[functions.ingest]\npackages = "market"', "Expected `array`, got `str` - at `$.packages`"),
        ("[functions.ingest]\npackages = [1]", "Expected `str`, got `int` - at `$.packages[0]`"),
        ("[functions.ingest]\nfolder = 1", "Expected `str | null`, got `int` - at `$.folder`"),
        ("[functions.missing]", "[functions.missing]: there is no folder missing beside functions.toml"),
        ('[functions.ingest]\npackages = ["../live"]', "there is no folder ../live beside functions.toml"),
        ('[functions.ingest]\npackages = ["empty"]', "the folder empty holds no files"),
        (
            '[functions.ingest]\nfolders = { "a/b" = "../live" }',
            "a/b must be the name of a folder that the zip does not have",
        ),
        ('[functions.ingest]\nhandler = "handler"', 'the handler "handler" must be MODULE.FUNCTION'),
    ],
)
def test_c7_a_mistake_is_named_with_its_file_and_place(project, text, message):
    (project.functions / "empty").mkdir()
    project.define(text)
    error = error_of(project.build, UsageError)
    assert error.exit_code == ExitCode.BAD_INPUT
    assert error.detail.startswith(str(project.functions / "functions.toml"))
    assert message in error.detail
    assert not project.home.exists()


def test_c7_a_syntax_error_says_its_line(project):
    project.define("[functions.ingest]\n\npackages = [market]\n")
    with pytest.raises(UsageError, match=r"A mistake in functions\.toml") as caught:
        project.build()
    assert "line 3" in caught.value.detail


def test_no_file(tmp_path):
    assert error_of(lambda: read_definitions(tmp_path), UsageError).summary == "No functions are defined"


@pytest.mark.parametrize("text", ["def other(event, context): ...\n", "    handler = 1\n", "def handlers(): ...\n", ""])
def test_c7_a_module_without_the_handler(project, text):
    project.write("ingest/handler.py", text)
    error = error_of(project.build, UsageError)
    assert error.summary == "A function has no handler"
    assert error.detail.endswith("ingest/handler.py defines no handler.")


def test_c7_no_module_for_the_handler(project):
    (project.functions / "ingest" / "handler.py").rename(project.functions / "ingest" / "main.py")
    with pytest.raises(UsageError, match="A function has no handler") as caught:
        project.build()
    assert "its folder holds no handler.py" in caught.value.detail


@pytest.mark.parametrize("text", [HANDLER, "async def handler(event, context): ...\n", "handler = make()\n"])
def test_forms_of_a_handler(project, text):
    project.write("ingest/handler.py", text)
    assert [definition.name for definition in read_definitions(project.functions)] == ["ingest"]


def test_another_folder_and_another_handler(project):
    project.write("feeds/main.py", "class run: ...\n")
    project.define('[functions.ingest]\nfolder = "feeds"\nhandler = "main.run"\n')
    assert list(read_definitions(project.functions)[0].sources) == ["main.py"]


def test_c7_a_shared_package_must_not_hide_a_file_of_the_function(project):
    project.write("ingest/market/trades.py", "")
    project.write("market/trades.py", "")
    project.define('[functions.ingest]\npackages = ["market"]\n')
    error = error_of(project.build, UsageError)
    assert "would both be market/trades.py in the zip" in error.detail


def test_symbolic_links_are_refused(project, tmp_path):
    (project.functions / "ingest" / "secrets").symlink_to(tmp_path)
    error = error_of(project.build, UsageError)
    assert "symbolic link" in error.detail


def test_two_locks_must_agree(project):
    project.write("a.lock", f"six==1.0 --hash=sha256:{HASH}\n")
    project.write("b.lock", f"\nSix==1.1 --hash=sha256:{HASH}\n")
    project.define('[functions.ingest]\nrequirements = ["a.lock", "b.lock"]\n')
    error = error_of(project.build, UsageError)
    assert "a.lock:1 locks six 1.0, " in error.detail
    assert "b.lock:2 1.1" in error.detail


def test_a_lock_as_uv_and_pip_compile_write_it(tmp_path):
    lock = tmp_path / "x.lock"
    lock.write_text(
        "# made by\n"
        f"Typing_Extensions==4.1 \\\n    --hash=sha256:{'b' * 64} \\\n    --hash=sha256:{'a' * 64}\n    # via x\n\n"
        f"six[extra]==1.0 --hash=sha256:{HASH}  # why\n"
    )
    first, second = read_pins(lock)
    assert (first.name, first.version, first.hashes) == ("typing-extensions", "4.1", ("a" * 64, "b" * 64))
    assert (second.name, second.place) == ("six", f"{lock}:7")
    assert second.requirement == f"six==1.0 --hash=sha256:{HASH}"


@pytest.mark.parametrize(
    "entry",
    ["six", "six>=1.0", "six==1.0", "six==1.0 --hash=md5:00", f"six==1.0 ; python_version < '3' --hash=sha256:{HASH}",
     f"six @ https://example.com/six.whl --hash=sha256:{HASH}", "-r other.txt", "--index-url https://example.com"],
)  # fmt: skip
def test_c7_an_entry_that_is_not_locked_is_refused_with_its_line(tmp_path, entry):
    lock = tmp_path / "x.lock"
    lock.write_text(f"# libraries\n{entry}\n")
    error = error_of(lambda: read_pins(lock), UsageError)
    assert error.summary == "A library of the functions is not locked"
    assert error.detail.startswith(f"{lock}:2: ")


def test_c7_a_lock_that_is_not_there(project):
    project.define('[functions.ingest]\nrequirements = ["none.lock"]\n')
    with pytest.raises(UsageError, match="A lock file is missing"):
        project.build()


def test_d5_a_folder_of_the_projects_owner_is_packaged_if_there_is_one(project):
    project.define('[functions.ingest]\nfolders = { own = "../live/_sources" }\n')
    assert list(read_definitions(project.functions)[0].sources) == ["handler.py"]
    own = project.root / "live" / "_sources"
    own.mkdir(parents=True)
    (own / "desk.toml").write_text("")
    assert read_definitions(project.functions)[0].sources["own/desk.toml"] == own / "desk.toml"


def test_c7_a_folder_must_not_hide_a_package(project):
    project.write("market/trades.py", "")
    project.define('[functions.ingest]\npackages = ["market"]\nfolders = { market = "../live" }\n')
    error = error_of(lambda: read_definitions(project.functions), UsageError)
    assert "market must be the name of a folder that the zip does not have otherwise" in error.detail
