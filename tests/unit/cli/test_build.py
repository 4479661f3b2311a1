"""``platformctl build``: a table, JSON, and mistakes that name their fix (B5, C7)."""

import json

import pytest


@pytest.fixture
def functions(tree):
    """A project with one function that needs no library."""
    folder = tree.root / "functions"
    (folder / "ingest").mkdir(parents=True)
    (folder / "ingest" / "handler.py").write_text("def handler(event, context):\n    return {}\n")
    (folder / "functions.toml").write_text("[functions.ingest]\n")
    return folder


def test_b5_a_table_on_standard_output_and_the_work_on_standard_error(platformctl, functions):
    first = platformctl("build")
    assert first.code == 0
    assert first.err == "packaged ingest: 0.0 MB\n"
    header, row = first.out.splitlines()
    assert header.split() == ["function", "size", "sha256"]
    name, size, unit, digest, state = row.split()
    assert (name, size, unit, state) == ("ingest", "0.0", "MB", "built")
    assert (functions.parent / ".platformctl" / "build" / f"ingest-{digest}.zip").is_file()
    second = platformctl("build", "ingest")
    assert (second.code, second.err) == (0, "")
    assert second.out.splitlines()[1].split() == ["ingest", "0.0", "MB", digest, "unchanged"]
    assert platformctl.started == []


def test_json(platformctl, functions):
    result = platformctl("build", "--json")
    found = json.loads(result.out)
    assert set(found) == {"ingest"}
    assert set(found["ingest"]) == {"path", "hash", "sha256", "size", "unpacked_size", "built"}
    listed = json.loads((functions.parent / ".platformctl" / "build" / "packages.json").read_text())
    # What the test's fixture shortens on the screen is whole in the file.
    assert listed["ingest"]["hash"] == found["ingest"]["hash"]
    assert listed["ingest"]["path"].endswith(found["ingest"]["path"])


def test_c7_an_unknown_function_is_bad_input(platformctl, functions):
    result = platformctl("build", "ingset")
    assert result.code == 2
    assert "No such function" in result.err
    assert "The functions are ingest." in result.err


def test_c7_a_project_without_functions_is_bad_input(platformctl):
    result = platformctl("build")
    assert result.code == 2
    assert "No functions are defined" in result.err
