"""The interface of a module: the variables and outputs that its files declare, found without running Terraform."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Position, Range, Source, failure
from orchestrator.hcl import Attribute, Block, Literal, parse_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input variable of a module.

    ``required``: it has no default. ``type``: its type constraint as written; "any" when there is none.
    """

    name: str
    required: bool
    sensitive: bool
    type: str
    nullable: bool
    range: Range | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleInterface:
    """What a module takes and gives. ``outputs``: whether each output is declared sensitive, by name."""

    folder: Path
    variables: Mapping[str, Variable]
    outputs: Mapping[str, bool]


def module_interface(folder: Path) -> ModuleInterface:
    """Read the ``*.tf`` and ``*.tf.json`` files of a folder, override files last, as Terraform merges them.

    Raises ConfigurationError if a file does not parse; the folder is missing or holds no such file.
    """
    files = module_files(folder)
    if not files:
        raise ConfigurationError([module_not_found(folder)])
    collector = Collector()
    variables: dict[str, Variable] = {}
    outputs: dict[str, bool] = {}
    for path in files:
        try:
            for declared in _json_declarations(path) if path.suffix == ".json" else _hcl_declarations(path):
                if declared.kind == "output":
                    outputs[declared.name] = bool(declared.values.get("sensitive", outputs.get(declared.name, False)))
                else:
                    variables[declared.name] = _variable(declared, variables.get(declared.name))
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    return ModuleInterface(folder=folder, variables=variables, outputs=outputs)


def module_files(folder: Path) -> list[Path]:
    """List the configuration files of a module in the order in which Terraform merges them."""
    found = (path for path in folder.glob("*.tf*") if path.name.endswith((".tf", ".tf.json")))
    return sorted(found, key=lambda path: (_is_override(path), path.name))


def module_not_found(folder: Path, place: Range | None = None) -> Diagnostic:
    return Diagnostic(
        summary="Module not found",
        detail=f"{folder} {'holds no *.tf files' if folder.is_dir() else 'does not exist'}.",
        hint="Correct the source of the terraform block.",
        range=place,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declaration:
    kind: str
    name: str
    values: Mapping[str, Any]
    range: Range


def _variable(declared: _Declaration, overridden: Variable | None) -> Variable:
    values = declared.values
    return Variable(
        name=declared.name,
        required="default" not in values and (overridden is None or overridden.required),
        sensitive=bool(values.get("sensitive", overridden is not None and overridden.sensitive)),
        type=str(values.get("type", overridden.type if overridden else "any")),
        nullable=bool(values.get("nullable", overridden is None or overridden.nullable)),
        range=overridden.range if overridden else declared.range,
    )


def _is_override(path: Path) -> bool:
    stem = path.name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _hcl_declarations(path: Path) -> Iterator[_Declaration]:
    for block in parse_file(path).body.blocks:
        if block.type in {"variable", "output"} and len(block.labels) == 1:
            yield _Declaration(kind=block.type, name=block.labels[0], values=_settings(block), range=block.type_range)


def _settings(block: Block) -> dict[str, Any]:
    """Return the attributes that matter here; Terraform itself demands literals for sensitive and nullable."""
    settings: dict[str, Any] = {}
    for name in ("sensitive", "nullable"):
        attribute = block.body.attributes.get(name)
        if attribute is not None and isinstance(attribute.expression, Literal):
            settings[name] = attribute.expression.value
    if "default" in block.body.attributes:
        settings["default"] = True
    if "type" in block.body.attributes:
        settings["type"] = _text(block.body.attributes["type"])
    return settings


def _text(attribute: Attribute) -> str:
    """Return the expression as written, on one line."""
    place = attribute.expression.range
    lines = place.source.text.split("\n")[place.start.line - 1 : place.end.line]
    lines[-1] = lines[-1][: place.end.column - 1]
    lines[0] = lines[0][place.start.column - 1 :]
    return " ".join(line.strip() for line in lines)


def _json_declarations(path: Path) -> Iterator[_Declaration]:
    """Read a JSON module file; Terraform reports what else is wrong with it."""
    source = Source(path, "")
    try:
        source = Source(path, path.read_text(encoding="utf-8"))
        content = json.loads(source.text)
    except (OSError, ValueError) as error:
        raise failure(
            Range(source, Position(1, 1), Position(1, 1)),
            "Module file cannot be read",
            f"{path.name} is not valid JSON: {error}.",
        ) from error
    place = Range(source, Position(1, 1), Position(1, 1))
    for kind in ("variable", "output"):
        for name, bodies in _each(content.get(kind, {}) if isinstance(content, dict) else {}):
            for body in bodies if isinstance(bodies, list) else [bodies]:
                if isinstance(body, dict):
                    yield _Declaration(kind=kind, name=name, values=body, range=place)


def _each(section: object) -> Iterator[tuple[str, Any]]:
    for part in section if isinstance(section, list) else [section]:
        if isinstance(part, dict):
            yield from part.items()
