# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Writes docs/*.schema.json from the classes that the documents are made of; a class's docstring describes its fields.

Run it after one of the classes changed: ``python .ci/schemas.py``. With ``--check`` it writes nothing, and exits with 1 if
a schema differs from its classes.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import msgspec

from orchestrator.engine.events import Event
from orchestrator.engine.plan.document import PlanDocument
from orchestrator.engine.report import Report

DOCS = Path(__file__).resolve().parent.parent / "docs"
EVENTS = reduce(or_, Event.__subclasses__())
DOCUMENTS: Mapping[str, tuple[str, Any]] = {
    "events.schema.json": ("A line of events.jsonl", EVENTS),
    "plan.schema.json": ("The plan of a whole stack", PlanDocument),
    "report.schema.json": ("The report of a platformctl run", Report),
}


def main(argv: list[str] | None = None) -> int:
    """Write or check every schema; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the JSON Schemas of docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a schema has drifted")
    options = parser.parse_args(argv)
    drifted = []
    for name, (title, document) in DOCUMENTS.items():
        file, text = DOCS / name, json.dumps(schema(title, document), indent=2) + "\n"
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        drifted.append(name)
        if not options.check:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {file}\n")
    if drifted and options.check:
        sys.stderr.write(f"schemas: {', '.join(drifted)} differ from the classes; run python .ci/schemas.py\n")
        return 1
    return 0


def schema(title: str, document: Any) -> dict[str, Any]:
    """Return the JSON Schema of a document: its class, or a union of classes."""
    (root,), definitions = msgspec.json.schema_components([document], ref_template="#/$defs/{name}")
    root.pop("discriminator", None)
    if "$ref" in root:
        root = definitions.pop(root["$ref"].rsplit("/", 1)[-1])
    described = {name: _described(definition) for name, definition in sorted(definitions.items())}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return head | {key: value for key, value in _described(root).items() if key != "title"} | {"$defs": described}


def _described(definition: dict[str, Any]) -> dict[str, Any]:
    """Move the description of each field from the docstring to the field. Every field is written, so every one is required."""
    text, _, attributes = inspect.cleandoc(definition.get("description", "")).partition("\nAttributes:\n")
    found = definition | ({"description": _joined(text)} if text else {})
    if "properties" not in found:
        return found
    fields = dict(re.findall(r"(?ms)^    (\w+): (.*?)(?=^    \w+: |\Z)", attributes))
    properties = {}
    for name, field in found["properties"].items():
        shown = {key: value for key, value in field.items() if key != "default"}
        properties[name] = shown | ({"description": _joined(fields[name])} if name in fields else {})
    return found | {"properties": properties, "required": list(properties)}


def _joined(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    raise SystemExit(main())
