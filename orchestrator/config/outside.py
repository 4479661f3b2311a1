"""Terragrunt's functions that look beyond the live tree's text: programs, the caller in AWS, the command that runs."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from orchestrator.config.arguments import NEED_INPUT, NEED_LOCKING, NEED_PARALLELISM, NEED_VARS
from orchestrator.config.behaviour import DEFAULT_RETRYABLE_ERRORS
from orchestrator.config.contents import deep_merged
from orchestrator.config.surroundings import Load
from orchestrator.config.variable_files import read_variable_file
from orchestrator.diagnostics import ConfigurationError
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import dump_json, to_json_value
from orchestrator.hcl.functions.conversion import type_name
from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import Value, mark
from orchestrator.model.versions import constraints_of, satisfies

_QUIET, _GLOBAL, _FRESH = "--terragrunt-quiet", "--terragrunt-global-cache", "--terragrunt-no-cache"

_CALLER = {
    "get_aws_account_alias": "account_alias",
    "get_aws_account_id": "account_id",
    "get_aws_caller_identity_arn": "arn",
    "get_aws_caller_identity_user_id": "user_id",
}

Arity: TypeAlias = "tuple[Callable[..., Value], int, int | None]"
"""A function, the least and the greatest number of its arguments."""


def outside_functions(
    home: Path, load: Load, working: Callable[[], Path], note: Callable[[Path], None]
) -> Mapping[str, Arity]:
    """Return the functions for a file, by name.

    ``home``: the folder that relative paths and programs start in. ``working``: returns the folder that Terraform runs in. ``note``:
    is told each file that is read.
    """
    constants: dict[str, Value] = {
        "get_default_retryable_errors": list(DEFAULT_RETRYABLE_ERRORS),
        "get_platform": sys.platform,
        "get_terraform_cli_args": [load.surroundings.command],
        "get_terraform_command": load.surroundings.command,
        "get_terraform_commands_that_need_input": list(NEED_INPUT),
        "get_terraform_commands_that_need_locking": list(NEED_LOCKING),
        "get_terraform_commands_that_need_parallelism": list(NEED_PARALLELISM),
        "get_terraform_commands_that_need_vars": list(NEED_VARS),
        "get_terragrunt_source_cli_flag": "",
    }
    return {
        **{name: (lambda value=value: value, 0, 0) for name, value in constants.items()},
        **{name: (lambda what=what, name=name: _caller(load, name, what), 0, 0) for name, what in _CALLER.items()},
        "get_working_dir": (lambda: working().as_posix(), 0, 0),
        "constraint_check": (_constraint_check, 2, 2),
        "deep_merge": (_deep_merge, 1, None),
        "mark_as_read": (lambda path: _marked(home, note, path), 1, 1),
        "mark_glob_as_read": (lambda pattern: _glob(home, note, pattern), 1, 1),
        "read_tfvars_file": (lambda path: _read_variables(home, note, path), 1, 1),
        "run_cmd": (lambda *given: _run(home, load, *given), 1, None),
        "sops_decrypt_file": (lambda path: _decrypt(home, load, note, path), 1, 1),
    }


def _run(home: Path, load: Load, *given: Value) -> Value:
    arguments = [_text(value, index) for index, value in enumerate(given)]
    options = set()
    while arguments and arguments[0] in {_QUIET, _GLOBAL, _FRESH}:
        options.add(arguments.pop(0))
    if not arguments or not arguments[0]:
        raise FunctionError("It names no program.")
    if {_GLOBAL, _FRESH} <= options:
        raise FunctionError(f"{_GLOBAL} and {_FRESH} exclude each other.")
    return _program(load, arguments, home, everywhere=_GLOBAL in options, fresh=_FRESH in options)


def _program(load: Load, arguments: list[str], home: Path, *, everywhere: bool = False, fresh: bool = False) -> str:
    try:
        return load.output_of(tuple(arguments), home, everywhere=everywhere, fresh=fresh)
    except PermissionError as error:
        if load.surroundings.programs is None:
            raise FunctionError(f"It runs a program of the repository ({arguments[0]}). {error}") from None
        raise FunctionError(f"{arguments[0]} may not be run: {error}.") from None
    except FileNotFoundError:
        raise FunctionError(f"There is no program {arguments[0]} in {home} or on PATH.") from None
    except OSError as error:
        raise FunctionError(f"{error}.") from None


def _decrypt(home: Path, load: Load, note: Callable[[Path], None], path: Value) -> Value:
    file = home / _text(path)
    note(file)
    if not file.is_file():
        raise FunctionError(f"There is no file {file}.", argument=0)
    if load.surroundings.programs is not None and shutil.which("sops", path=load.env.get("PATH")) is None:
        raise FunctionError("It needs the program sops, which is not on PATH. Install it: https://getsops.io.")
    return mark(_program(load, ["sops", "--decrypt", str(file)], home))


def _caller(load: Load, name: str, what: str) -> Value:
    try:
        return load.caller(what)
    except PermissionError as error:
        raise FunctionError(f"{name} calls AWS while configuration is read. {error}") from None
    except LookupError as error:
        raise FunctionError(f"The caller in AWS is not known: {error}.") from None
    except PlatformctlError as error:
        raise FunctionError(f"{error.summary}. {error.detail}") from None


def _constraint_check(version: Value, constraint: Value) -> Value:
    known = _text(constraint, 1)
    if not constraints_of(known):
        raise FunctionError(f'"{known}" is no version constraint.', argument=1)
    return satisfies(_text(version), known)


def _deep_merge(*given: Value) -> Value:
    merged: Value = {}
    for index, value in enumerate(given):
        if value is None:
            continue
        if not isinstance(value, dict):
            raise FunctionError(f"An object is needed, not {type_name(value)}.", argument=index)
        merged = deep_merged(merged, value)
    return merged


def _marked(home: Path, note: Callable[[Path], None], path: Value) -> Value:
    note(home / _text(path))
    return path


def _glob(home: Path, note: Callable[[Path], None], pattern: Value) -> Value:
    text = _text(pattern)
    anchor = Path("/") if text.startswith("/") else home
    found = [path for path in sorted(anchor.glob(text.lstrip("/"))) if path.is_file()]
    for path in found:
        note(path)
    return [path.as_posix() for path in found]


def _read_variables(home: Path, note: Callable[[Path], None], path: Value) -> Value:
    file = home / _text(path)
    note(file)
    if not file.is_file():
        raise FunctionError(f"There is no file {file}.", argument=0)
    try:
        values = read_variable_file(file)
    except ConfigurationError as error:
        raise FunctionError(f"{file} cannot be read: {error.diagnostics[0].detail}", argument=0) from None
    return dump_json({name: to_json_value(setting.value) for name, setting in values.items()})


def _text(value: Value, index: int = 0) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        raise FunctionError("A string is needed.", argument=index)
    return value
