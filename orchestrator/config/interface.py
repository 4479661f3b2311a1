"""The interface of a module: the variables and outputs that its files declare, found without running Terraform."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Position, Range, Source, failure
from orchestrator.hcl import Attribute, Block, Body, Literal, parse_file, parse_text
from orchestrator.hcl.scope import is_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input variable of a module.

    ``required``: it has no default. ``type``: its type constraint as written; "any" when there is none. ``ephemeral``:
    whether its value is in no plan, so that it has to be given again to apply one.
    """

    name: str
    required: bool
    sensitive: bool
    type: str
    nullable: bool
    ephemeral: bool = False
    range: Range | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleInterface:
    """What a module takes and gives. ``outputs``: whether each output is declared sensitive, by name."""

    variables: Mapping[str, Variable]
    outputs: Mapping[str, bool]


def module_interface(folder: Path, overlay: Mapping[str, Path | str] | None = None) -> ModuleInterface:
    """Read the ``*.tf`` and ``*.tf.json`` files of a folder, override files last, as Terraform merges them.

    ``overlay``: files that lie over the module's own, or beside them, by name: paths or texts. Raises ConfigurationError
    if a file does not parse, or the folder is missing or holds no such file.
    """
    files: dict[str, Path | str] = {path.name: path for path in folder.glob("*.tf*")}
    files |= overlay or {}
    if not configuration_files(files):
        raise ConfigurationError([module_not_found(folder)])
    return interface_of(files)


def interface_of(files: Mapping[str, Path | str]) -> ModuleInterface:
    """Read the declarations in the files of a module, given as paths or texts; raises as ``module_interface`` does."""
    collector = Collector()
    variables: dict[str, Variable] = {}
    outputs: dict[str, bool] = {}
    for name in configuration_files(files):
        try:
            for declared in _declarations(name, files[name]):
                if declared.kind == "output":
                    outputs[declared.name] = bool(declared.values.get("sensitive", outputs.get(declared.name, False)))
                else:
                    variables[declared.name] = _variable(declared, variables.get(declared.name))
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    return ModuleInterface(variables=variables, outputs=outputs)


def configuration_files(names: Iterable[str]) -> list[str]:
    """Return the names of Terraform's configuration files in the order in which it merges them: overrides last.

    Terraform passes over hidden files and what editors leave.
    """
    found = (name for name in names if name.endswith((".tf", ".tf.json")) and not name.startswith((".", "#")))
    return sorted(found, key=lambda name: (_is_override(name), name))


def _configuration(folder: Path) -> list[Path]:
    return list(folder.glob("*.tf*")) if is_folder(folder) else []


def module_files(folder: Path) -> list[Path]:
    """List the configuration files of a module in the order in which Terraform merges them."""
    return [folder / name for name in configuration_files(path.name for path in _configuration(folder))]


def module_not_found(folder: Path, place: Range | None = None) -> Diagnostic:
    return Diagnostic(
        summary="Module not found",
        detail=f"{folder} {'holds no *.tf files' if is_folder(folder) else 'does not exist'}.",
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
        ephemeral=bool(values.get("ephemeral", overridden is not None and overridden.ephemeral)),
        range=overridden.range if overridden else declared.range,
    )


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def parsed(name: str, entry: Path | str) -> Body:
    """Parse a ``.tf`` file, given as its path or its text; a file is parsed again when it has changed.

    Raises ConfigurationError: it cannot be read or parsed.
    """
    if isinstance(entry, str):
        return parse_text(entry, Path(name)).body
    return _parsed(entry, entry.stat().st_mtime_ns if entry.exists() else 0)


@lru_cache(maxsize=4096)
def _parsed(file: Path, _modified: int) -> Body:
    return parse_file(file).body


def _declarations(name: str, entry: Path | str) -> Iterator[_Declaration]:
    if name.endswith(".json"):
        yield from _json_declarations(Path(name), entry)
        return
    for block in parsed(name, entry).blocks:
        if block.type in {"variable", "output"} and len(block.labels) == 1:
            yield _Declaration(kind=block.type, name=block.labels[0], values=_settings(block), range=block.type_range)


def _settings(block: Block) -> dict[str, Any]:
    """Return the attributes that matter here; Terraform itself demands literals for all but the default."""
    settings: dict[str, Any] = {}
    for name in ("sensitive", "nullable", "ephemeral"):
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


def _json_declarations(path: Path, entry: Path | str) -> Iterator[_Declaration]:
    """Read a JSON module file; Terraform reports what else is wrong with it."""
    path = entry if isinstance(entry, Path) else path
    source = Source(path, "")
    try:
        source = Source(path, entry if isinstance(entry, str) else entry.read_text(encoding="utf-8"))
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
