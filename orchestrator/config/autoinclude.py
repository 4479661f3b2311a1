"""The text of the file that an ``autoinclude`` block of a stack file makes, to be merged over the component it stands in.

Everything is evaluated where the block stands, but for what is known only where the file is read: the outputs of
dependencies, and the autoinclude blocks of units that a nested stack gets.
"""

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

from orchestrator.config import settings
from orchestrator.config.contents import Setting
from orchestrator.config.grammar import STACK_FILE
from orchestrator.diagnostics import Collector, ConfigurationError, failure
from orchestrator.hcl import Attribute, Block, Body, Expression, print_expression, print_value
from orchestrator.hcl.values import Value, has_sensitive

AUTOINCLUDE = "autoinclude"
_INDENT = "  "

Evaluate = Callable[[Expression], Value]


def unit_text(body: Body, folder: Path, evaluate: Evaluate) -> str:
    """Return what is merged over a unit.

    ``folder``: the unit's; the paths of dependencies are written relative to it, so that the tree can be moved. Raises
    ConfigurationError: every mistake found.
    """
    for nested in body.blocks:
        if nested.type in {"locals", AUTOINCLUDE}:
            raise failure(
                nested.type_range,
                "Block is not supported",
                f"{AUTOINCLUDE} cannot hold a {nested.type} block.",
                f"Put locals into the {STACK_FILE}: expressions of {AUTOINCLUDE} are evaluated there.",
            )

    def text(attribute: Attribute, kind: str) -> str:
        value = _public(attribute, evaluate)
        if kind == "dependency" and attribute.name == "config_path":
            if not isinstance(value, str):
                raise settings.wrong_type(
                    attribute.name, Setting(value=value, range=attribute.expression.range), "a string"
                )
            value = os.path.relpath(value, folder) if os.path.isabs(value) else value  # noqa: PTH117 - a text
        return print_value(value)

    return _printed(body, text)


def stack_text(body: Body, evaluate: Evaluate, check: Callable[[Block, Collector], None]) -> str:
    """Return what is merged over a nested stack: its own unit and stack blocks.

    ``check``: reports what such a block may not hold. Raises ConfigurationError: every mistake found.
    """
    collector = Collector()
    for attribute in body.attributes.values():
        collector.report(
            attribute.name_range,
            "Attribute is not supported",
            f"{AUTOINCLUDE} of a stack holds unit and stack blocks only.",
            "Pass values in the values of the stack block.",
        )
    for block in body.blocks:
        check(block, collector)
    collector.raise_if_any()
    return _printed(body, lambda attribute, _kind: print_value(_public(attribute, evaluate)))


def _printed(body: Body, text: Callable[[Attribute, str], str], kind: str = "") -> str:
    """Return the text of a body. ``text``: makes that of an attribute's value; asked with the type of the block around it."""
    collector = Collector()
    lines: list[str] = []
    for attribute in body.attributes.values():
        try:
            lines.append(f"{attribute.name} = {text(attribute, kind)}")
        except ConfigurationError as error:
            collector.absorb(error)
    for block in body.blocks:
        try:
            labels = "".join(f" {print_value(label)}" for label in block.labels)
            inner = _printed(block.body, _as_written if block.type == AUTOINCLUDE else text, block.type)
            lines.append(f"{block.type}{labels} {{\n{indent(inner, _INDENT)}\n}}")
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    return "\n".join(lines)


def _as_written(attribute: Attribute, _kind: str) -> str:
    return print_expression(attribute.expression)


def _public(attribute: Attribute, evaluate: Evaluate) -> Value:
    value = evaluate(attribute.expression)
    if has_sensitive(value):
        raise failure(
            attribute.expression.range,
            f"Secret in {AUTOINCLUDE}",
            f"{attribute.name} is written to a file, and it holds a sensitive value.",
            "Read the secret in the unit, or in its module.",
        )
    return value
