"""Reads ``functions/functions.toml``: the functions, and what goes into the package of each.

The whole file is checked before anything is fetched or written.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

import msgspec

from orchestrator.errors import UsageError
from orchestrator.platform.packages.requirements import Pin, read_pins

FILE_NAME = "functions.toml"
DEFAULT_HANDLER = "handler.handler"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_FOLDER = re.compile(r"[A-Za-z_][\w-]*")
_HANDLER = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_SKIPPED_FOLDERS = frozenset({"__pycache__", "tests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDefinition:
    """The contents of one function's package.

    Attributes:
        sources: the function's own files and those of the packages it shares, by their path in the zip.
        pins: the libraries, in the order of their names.

    """

    name: str
    sources: Mapping[str, Path]
    pins: tuple[Pin, ...]


def read_definitions(folder: Path) -> tuple[FunctionDefinition, ...]:
    """Read the functions that a folder defines, sorted by name.

    Raises:
        UsageError: the file is missing, malformed, or names what is not there.

    """
    file = folder / FILE_NAME
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            "No functions are defined",
            detail=f"There is no {file}.",
            hint=f"Write it; docs/packaging.md describes {FILE_NAME}.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _mistake(file, str(error)) from None
    try:
        functions = msgspec.convert(document, _Document).functions
    except msgspec.ValidationError as error:
        raise _mistake(file, str(error)) from None
    if not functions:
        raise _mistake(file, "there is no [functions.NAME]")
    return tuple(_read_function(file, name, functions[name]) for name in sorted(functions))


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    """The table of one function."""

    folder: str | None = None
    handler: str = DEFAULT_HANDLER
    packages: list[str] = []
    folders: dict[str, str] = {}
    requirements: list[str] = []


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    functions: dict[str, object] = {}


def _read_function(file: Path, name: str, table: object) -> FunctionDefinition:
    place = f"[functions.{name}]"
    try:
        settings = msgspec.convert(table, _Settings)
    except msgspec.ValidationError as error:
        raise _mistake(file, f"{place}: {error}") from None
    if not _NAME.fullmatch(name):
        raise _mistake(file, f"{place}: a function's name has lower-case letters, digits and hyphens")
    sources = dict(_files(file, place, name if settings.folder is None else settings.folder, prefix=""))
    for package in settings.packages:
        for path, source in _files(file, place, package, prefix=f"{package}/"):
            if path in sources:
                raise _mistake(file, f"{place}: {sources[path]} and {source} would both be {path} in the zip")
            sources[path] = source
    for prefix, folder in settings.folders.items():
        if not _FOLDER.fullmatch(prefix) or any(path.startswith(f"{prefix}/") for path in sources):
            raise _mistake(file, f"{place}: {prefix} must be the name of a folder that the zip does not have otherwise")
        # It belongs to the owner of the project, who need not have one.
        sources.update(_files_below(file, place, Path(normpath(file.parent / folder)), prefix=f"{prefix}/"))
    _check_handler(file, place, settings.handler, sources)
    pins: dict[str, Pin] = {}
    for lock in settings.requirements:
        for pin in read_pins(file.parent / lock):
            known = pins.setdefault(pin.name, pin)
            if known.version != pin.version:
                raise _mistake(
                    file, f"{place}: {known.place} locks {pin.name} {known.version}, {pin.place} {pin.version}"
                )
    return FunctionDefinition(name=name, sources=sources, pins=tuple(pins[key] for key in sorted(pins)))


def _files(file: Path, place: str, name: str, *, prefix: str) -> list[tuple[str, Path]]:
    """Return the files of a folder of ``functions/``, by their path in the zip."""
    folder = file.parent / name
    if not _FOLDER.fullmatch(name) or not folder.is_dir():
        raise _mistake(file, f"{place}: there is no folder {name} beside {FILE_NAME}")
    found = _files_below(file, place, folder, prefix=prefix)
    if not found:
        raise _mistake(file, f"{place}: the folder {name} holds no files")
    return found


def _files_below(file: Path, place: str, folder: Path, *, prefix: str) -> list[tuple[str, Path]]:
    """Return the files of a folder, by their path in the zip; none if there is no such folder."""
    found = []
    for source in sorted(folder.rglob("*")):
        inner = source.relative_to(folder)
        if _SKIPPED_FOLDERS.intersection(inner.parts) or any(part.startswith(".") for part in inner.parts):
            continue
        if source.is_symlink():
            raise _mistake(file, f"{place}: {source} is a symbolic link, which a package cannot hold")
        if source.is_file() and source.suffix != ".pyc":
            found.append((prefix + inner.as_posix(), source))
    return found


def _check_handler(file: Path, place: str, handler: str, sources: Mapping[str, Path]) -> None:
    parts = _HANDLER.fullmatch(handler)
    if parts is None:
        raise _mistake(file, f'{place}: the handler "{handler}" must be MODULE.FUNCTION')
    module, function = parts.groups()
    source = sources.get(f"{module}.py")
    if source is None:
        raise UsageError(
            "A function has no handler",
            detail=f"{place} of {file} is to be called as {handler}, and its folder holds no {module}.py.",
            hint=f"Add {module}.py with a function {function}(event, context), or set handler.",
        )
    text = source.read_text(encoding="utf-8")
    if not re.search(rf"(?m)^(?:async\s+def|def|class)\s+{function}\b|^{function}\s*[:=]", text):
        raise UsageError(
            "A function has no handler",
            detail=f"{place} of {file} is to be called as {handler}, and {source} defines no {function}.",
            hint=f"Define {function}(event, context) there, or set handler.",
        )


def _mistake(file: Path, what: str) -> UsageError:
    return UsageError(
        f"A mistake in {FILE_NAME}", detail=f"{file}: {what}.", hint="docs/packaging.md describes the file."
    )
