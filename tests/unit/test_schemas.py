"""The JSON Schemas in docs are written from the classes that the documents are made of (C3, C4)."""

import runpy
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def program():
    return runpy.run_path(str(PROJECT / ".ci/schemas.py"))


def test_c4_the_committed_schemas_are_those_of_the_classes(program):
    assert program["main"](["--check"]) == 0


def test_c4_a_schema_that_has_drifted_is_named_and_written_anew(program, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(program["main"].__globals__, "DOCS", tmp_path)
    assert program["main"](["--check"]) == 1
    assert "events.schema.json, plan.schema.json, report.schema.json differ" in capsys.readouterr().err
    assert (program["main"]([]), program["main"](["--check"])) == (0, 0)
    for name in ("events", "plan", "report"):
        written = (tmp_path / f"{name}.schema.json").read_text(encoding="utf-8")
        assert written == (PROJECT / f"docs/{name}.schema.json").read_text(encoding="utf-8")
