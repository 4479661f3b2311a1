"""The JSON Schemas in docs are written from the classes that the documents are made of (C3, C4)."""

import json
import runpy
from pathlib import Path

import jsonschema
import pytest

PROJECT = Path(__file__).parents[2]


def objects(schema):
    """Every description of an object in a schema, by its name."""
    yield from ((name, found) for name, found in schema["$defs"].items() if "properties" in found)
    if "properties" in schema:
        yield "", schema


@pytest.mark.parametrize("name", ["plan", "report"])
def test_c4_every_field_is_required_and_described(name):
    schema = json.loads((PROJECT / f"docs/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for place, found in objects(schema):
        assert found["required"] == list(found["properties"]), place
        plain = [field for field, described in found["properties"].items() if "description" not in described]
        assert plain == [] or place == "UnitCounts", place


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
