"""Terraform's built-in functions, version 1.11, over the values of ``orchestrator.hcl.values``.

docs/functions.md lists them, and says where they differ from Terraform. What needs unevaluated arguments (``try``,
``can``, ``templatefile``) or deals with secrets (``sensitive`` ...) belongs to the evaluator.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.hcl.functions import (
    containers,
    datetimes,
    encoding,
    filesystem,
    formatting,
    network,
    numeric,
    strings,
    yaml_text,
)
from orchestrator.hcl.scope import Function

__all__ = ["terraform_functions"]

_TOPICS = (containers, datetimes, encoding, filesystem, formatting, network, numeric, strings, yaml_text)

_PURE = {
    found.name: found
    for found in (
        *(value for topic in _TOPICS for value in vars(topic).values()),
        *numeric.CONVERSIONS,
        *encoding.HASHES,
    )
    if isinstance(found, Function)
}


def _now() -> datetime:
    return datetime.now(UTC)


def terraform_functions(base_folder: Path, *, now: Callable[[], datetime] = _now) -> Mapping[str, Function]:
    """Return the functions by name.

    ``base_folder``: where relative paths of the functions that read files start. ``now``: the clock; read once, so that
    every timestamp of these functions is the same instant.
    """
    own = (*filesystem.file_functions(base_folder), *datetimes.clock_functions(now()))
    return _PURE | {function.name: function for function in own}
