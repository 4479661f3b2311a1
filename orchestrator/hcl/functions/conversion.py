"""Conversions between the primitive types, and the names of types for messages."""

import unicodedata
from decimal import Decimal

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.decimals import Number, number_text, parse_number
from orchestrator.hcl.values import SetValue, Unknown, Value

_TRUE = ("true", "1")
_FALSE = ("false", "0")


class StillUnknownError(Exception):
    """A computation came to a part of its arguments that is not known yet; it has to be left for later."""


def type_name(value: Value) -> str:
    """Return what kind of value it is, in a word. Lists and tuples have one Python type, so have maps and objects."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "tuple"
        case SetValue():
            return "set"
        case dict():
            return "object"
    raise StillUnknownError


def composed(text: str) -> str:
    """Return the text in Unicode normal form C, in which Terraform keeps every string."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def to_string(value: Value) -> str:
    """Return a primitive value as a string; raises FunctionError for anything else, null included."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number_text(value)
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A string is required, not {type_name(value)}.")


def to_number(value: Value) -> Number:
    """Return a number, or the number that a string writes; raises FunctionError for anything else, null included."""
    match value:
        case bool():
            pass
        case int() | Decimal():
            return value
        case str():
            parsed = parse_number(value)
            if parsed is None:
                raise FunctionError(
                    f'Cannot convert "{value}" to a number: it must be a decimal representation of one.'
                )
            return parsed
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A number is required, not {type_name(value)}.")


def to_bool(value: Value) -> bool:
    """Return a bool, or one of the strings that write one; raises FunctionError for anything else, null included."""
    match value:
        case bool():
            return value
        case str():
            if value in _TRUE:
                return True
            if value in _FALSE:
                return False
            raise FunctionError(f'Cannot convert "{value}" to a bool: only the strings "true" and "false" are allowed.')
        case Unknown():
            raise StillUnknownError
    raise FunctionError(f"A bool is required, not {type_name(value)}.")
