"""Terragrunt's own functions, bound to the place of the file that calls them.

Paths have Terragrunt's form: folders are absolute, paths between folders relative, with forward slashes.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config.outside import outside_functions
from orchestrator.config.surroundings import Load
from orchestrator.diagnostics import did_you_mean
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The point of view of one file.

    Attributes:
        home: the folder of the unit, or of the file read by ``read_terragrunt_config``; in an included file it is
            that of the file that includes it.
        original: the folder of the unit that everything was read for.
        included: the folder of this file if it is an included one.
        includes: the folders of the files that this file includes, by label.
        working: returns the folder that Terraform runs in; None for ``home``.

    """

    home: Path
    original: Path
    included: Path | None = None
    includes: Mapping[str, Path] = field(default_factory=dict)
    working: Callable[[], Path] | None = None


DEFAULT_PARENT = "terragrunt.hcl"

# Variables that platformctl sets itself, and the option that does it.
_OPTIONS = {
    "PLATFORM_SUFFIX": "Pass --suffix.",
    "PLATFORM_TARGET": "Pass --target.",
    "PLATFORM_ACCOUNT_ID": "platformctl sets it from the account of the credentials in use.",
}

Reader = Callable[[Path], Value]


def terragrunt_functions(
    place: Place, load: Load, read: Reader, note: Callable[[Path], None] = lambda _path: None
) -> dict[str, Function]:
    """Return the functions of ``function_rules.FUNCTIONS`` for a file at a place.

    ``read``: evaluates another file and returns its sections as an object. ``note``: is told each file that is read.
    """
    env = load.env
    outside = outside_functions(place.home, load, place.working or (lambda: place.home), note)
    return {
        name: _function(name, call, minimum=minimum, maximum=maximum)
        for name, (call, minimum, maximum) in outside.items()
    } | {
        function.name: function
        for function in (
            _function("find_in_parent_folders", lambda *given: _find_in_parents(place, *given), maximum=2),
            _function("get_env", lambda *given: _get_env(env, *given), minimum=1, maximum=2),
            _function("get_original_terragrunt_dir", place.original.as_posix),
            _function("get_parent_terragrunt_dir", lambda *given: _parent(place, *given).as_posix(), maximum=1),
            _function("get_path_from_repo_root", lambda: _relative(place.home, _repository(place))),
            _function("get_path_to_repo_root", lambda: _relative(_repository(place), place.home)),
            _function("get_repo_root", lambda: _repository(place).as_posix()),
            _function("get_terragrunt_dir", place.home.as_posix),
            _function(
                "path_relative_from_include", lambda *given: _relative(_parent(place, *given), place.home), maximum=1
            ),
            _function(
                "path_relative_to_include", lambda *given: _relative(place.home, _parent(place, *given)), maximum=1
            ),
            _function("read_terragrunt_config", lambda *given: _read(place, read, *given), minimum=1, maximum=2),
        )
    }


def _function(name: str, call: Callable[..., Value], *, minimum: int = 0, maximum: int | None = 0) -> Function:
    return Function(name=name, call=call, minimum=minimum, maximum=maximum, portable=False)


def _find_in_parents(place: Place, *given: Value) -> Value:
    names = (_text(given, 0),) if given else (DEFAULT_PARENT, f"{DEFAULT_PARENT}.json")
    for folder in place.home.parents:
        for name in names:
            if (folder / name).exists():
                return Path(os.path.normpath(folder / name)).as_posix()
    if len(given) > 1:
        return _text(given, 1)
    raise FunctionError(f'No folder above {place.home} holds "{names[0]}".', argument=0 if given else None)


def _get_env(env: Mapping[str, str], *given: Value) -> Value:
    name = _text(given, 0)
    if not name:
        raise FunctionError("The name of the environment variable is empty.", argument=0)
    if name in env:
        return composed(env[name])
    if len(given) > 1:
        return _text(given, 1)
    fix = _OPTIONS.get(name, f'Set it, or give a default: get_env("{name}", "...").')
    raise FunctionError(f"The environment variable {name} is not set. {fix}", argument=0)


def _parent(place: Place, *given: Value) -> Path:
    """Return the folder of the included file that is meant; the file's own where there is none."""
    if place.included is not None:
        return place.included
    if not place.includes:
        return place.home
    if not given:
        if len(place.includes) > 1:
            raise FunctionError(f"The file has several includes; name one of {_names(place)}.")
        return next(iter(place.includes.values()))
    label = _text(given, 0)
    if label not in place.includes:
        near = did_you_mean(label, place.includes) or f"The includes are {_names(place)}."
        raise FunctionError(f'There is no include "{label}". {near}', argument=0)
    return place.includes[label]


def _names(place: Place) -> str:
    return ", ".join(f'"{label}"' for label in sorted(place.includes))


def _repository(place: Place) -> Path:
    for folder in (place.home, *place.home.parents):
        # A file in worktrees and submodules, a folder elsewhere.
        if (folder / ".git").exists():
            return folder
    raise FunctionError(f"{place.home} is not inside a Git repository.")


def _relative(target: Path, start: Path) -> str:
    return Path(os.path.relpath(target, start)).as_posix()


def _read(place: Place, read: Reader, *given: Value) -> Value:
    path = Path(os.path.normpath(place.home / _text(given, 0)))
    if path.is_dir():
        json = path / f"{DEFAULT_PARENT}.json"
        path /= DEFAULT_PARENT
        path = json if json.is_file() and not path.is_file() else path
    if not path.is_file():
        if len(given) > 1:
            return given[1]
        raise FunctionError(f"There is no file {path}.", argument=0)
    return read(path)


def _text(given: tuple[Value, ...], index: int) -> str:
    value = given[index]
    if not isinstance(value, str):
        raise FunctionError("A string is needed.", argument=index)
    return value
