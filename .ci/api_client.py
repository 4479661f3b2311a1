# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Writes the types and methods of docs/api/client.py, a typed client of the API, from docs/api/openapi.yaml.

Run it after the document changed: ``python .ci/api_client.py``. With ``--check`` it writes nothing, and exits with 1 if the
client differs from the document.

Why not openapi-python-client: its 0.29 needs typer below 0.28, platformctl one from 0.29 on, and it writes 40 files that need httpx and attrs. This client is
one file on the standard library, which a reader can copy.
"""

import argparse
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent.parent / "docs" / "api"
CLIENT = DOCS / "client.py"
METHODS = ("get", "post", "delete")
TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def main(argv: list[str] | None = None) -> int:
    """Write or check the client; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/api/client.py.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the client has drifted")
    options = parser.parse_args(argv)
    before = CLIENT.read_text(encoding="utf-8")
    text = formatted(client(before, yaml.safe_load((DOCS / "openapi.yaml").read_text(encoding="utf-8"))))
    if text == before:
        return 0
    if options.check:
        sys.stderr.write("docs/api/client.py differs from openapi.yaml; run python .ci/api_client.py\n")
        return 1
    CLIENT.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {CLIENT}\n")
    return 0


def formatted(text: str) -> str:
    """Format Python as the repository does."""
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--stdin-filename", str(CLIENT), "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout


def client(module: str, document: Mapping[str, Any]) -> str:
    """Return the module with the types and methods of an OpenAPI document between its markers."""
    writer = Writer(document)
    methods = "\n".join(writer.methods())
    for name, text in {"types": writer.types(), "methods": methods}.items():
        head, begin, rest = module.partition(f"# BEGIN {name}: written by .ci/api_client.py, do not edit\n")
        indent = " " * (len(head) - len(head.rstrip(" ")))
        module = f"{head}{begin}{text}\n{indent}{rest[rest.index(f'# END {name}') :]}"
    return module


class Writer:
    """Writes the types and methods of a document; types are collected while methods refer to them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._types: dict[str, str] = {}

    def types(self) -> str:
        """Return the types that the methods refer to, each below those that it refers to."""
        return "\n\n".join(self._types.values())

    def methods(self) -> Iterator[str]:
        """Yield the methods of all operations; a list in pages has one that iterates over all pages."""
        for path, item in self._document["paths"].items():
            for verb in METHODS:
                if verb in item:
                    yield from self._operation(path, verb, item[verb])

    def _operation(self, path: str, verb: str, operation: Mapping[str, Any]) -> Iterator[str]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation["operationId"]).lower()
        parameters = [self._resolve(parameter) for parameter in operation["parameters"]]
        fixed = [parameter for parameter in parameters if parameter["in"] == "path"]
        query = [parameter for parameter in parameters if parameter["in"] == "query"]
        arguments = [f"{p['name']}: {self._type(p['schema'], '')}" for p in fixed]
        passed = [p["name"] for p in fixed]
        call = [f'"{verb.upper()}"', self._path(path)]
        if "requestBody" in operation:
            arguments.append(f"body: {self._type(self._json(operation['requestBody']), '')}")
            call.append("body=body")
        if query:
            optional = [(p, "" if p["required"] else " | None = None") for p in query]
            arguments += ["*", *(f"{_safe(p['name'])}: {self._type(p['schema'], '')}{more}" for p, more in optional)]
            entries = [f"{p['name']!r}: {_safe(p['name'])}" for p in query]
            call.append(f"{{{', '.join(entries)}}}")
        answer = next(found for status, found in operation["responses"].items() if status.startswith("2"))
        schema = self._json(self._resolve(answer))
        kind = self._type(schema, "") if schema else "None"
        called = f"self._call({', '.join(call)})"
        body = f"answer: {kind} = {called}\n        return answer" if schema else called
        yield _method(name, arguments, kind, operation["summary"], body)
        listed = self._listed(schema) if any(p["name"] == "cursor" for p in query) else None
        if listed:
            passed += [f"{_safe(p['name'])}={_safe(p['name'])}" for p in query]
            body = f"""
        while True:
            page = self.{name}({", ".join(passed)})
            yield from page["{listed[0]}"]
            cursor = page["next_cursor"]
            if cursor is None:
                return"""
            summary = f"Iterate over the {listed[0]} of this page and of all that follow"
            yield _method(name.replace("get_", "iter_", 1), arguments, f"Iterator[{listed[1]}]", summary, body)

    def _listed(self, schema: Mapping[str, Any]) -> tuple[str, str]:
        """Return the name and the items' type of the list that comes in pages."""
        properties = self._resolve(schema)["properties"]
        ((name, found),) = [(name, part) for name, part in properties.items() if part.get("type") == "array"]
        return name, self._type(found["items"], name)

    def _path(self, path: str) -> str:
        text = re.sub(r"\{(\w+)\}", r"{quote(\1, safe='')}", path)
        return f'f"{text}"' if "{" in path else f'"{path}"'

    def _json(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
        return found

    def _resolve(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in part:
            found: Any = self._document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def _type(self, schema: Mapping[str, Any], name: str) -> str:
        """Return the annotation of a schema; an object of its own gets a type of the reference's or property's name."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            schema = self._resolve(schema)
        if "const" in schema or "enum" in schema:
            values = schema.get("enum", [schema.get("const")])
            literal = f"Literal[{', '.join(repr(value) for value in values if value is not None)}]"
            return f"{literal} | None" if None in values else literal
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if kinds == ["array"]:
            return f"list[{self._type(schema['items'], name.removesuffix('s'))}]"
        if kinds == ["object"]:
            name = name[0].upper() + name[1:]
            if name not in self._types:
                self._types[name] = self._typed_dict(name, schema)
            return name
        return " | ".join(TYPES[kind] for kind in kinds)

    def _typed_dict(self, name: str, schema: Mapping[str, Any]) -> str:
        # Of lists, only their items have a name: that of the list without its s, behind that of the object.
        fields = {}
        for field, part in schema["properties"].items():
            kind = self._type(part, f"{name.removesuffix('Page')}{field.title()}")
            fields[field] = kind if field in schema["required"] else f"NotRequired[{kind}]"
        if any(map(keyword.iskeyword, fields)):
            return f"{name} = TypedDict({name!r}, {{{', '.join(f'{f!r}: {k}' for f, k in fields.items())}}})"
        lines = "\n".join(f"    {field}: {kind}" for field, kind in fields.items())
        text = schema.get("description", "")
        return f"class {name}(TypedDict):\n" + (f'    """{text}"""\n\n' if text else "") + lines


def _method(name: str, arguments: list[str], kind: str, summary: str, body: str) -> str:
    signature = f"    def {name}({', '.join(['self', *arguments])}) -> {kind}:"
    return f'{signature}\n        """{summary}."""\n        {body.lstrip()}\n'


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


if __name__ == "__main__":
    sys.exit(main())
