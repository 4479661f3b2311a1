"""Values to and from JSON, with every digit of their numbers: no float lies on the way."""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from orchestrator.hcl.functions.binary import normalise
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value


def to_json_value(value: Value) -> object:
    """Return the value as plain Python for ``dump_json``: sets become lists, and secrets what they hold.

    Fractions stay decimals. Raises ValueError if a part of the value is not known.
    """
    match value:
        case Unknown():
            raise ValueError("a value that is known only after apply has no JSON")
        case Sensitive():
            return to_json_value(value.value)
        case dict():
            return {key: to_json_value(item) for key, item in value.items()}
        case list() | SetValue():
            return [to_json_value(item) for item in value]
    return value


def from_json_value(obj: object) -> Value:
    """Return the value of what ``load_json`` or ``json.loads`` returned.

    Raises TypeError: an object that JSON does not have.
    """
    match obj:
        case None | bool() | int() | str():
            return obj
        case float():
            return normalise(Decimal(repr(obj)))
        case Decimal():
            return normalise(obj)
        case list() | tuple():
            return [from_json_value(item) for item in obj]
        case dict():
            return {str(key): from_json_value(item) for key, item in obj.items()}
    raise TypeError(f"{type(obj).__name__} is no JSON type")


def load_json(text: str | bytes) -> Any:
    """Parse JSON as RFC 8259 has it; fractions are decimals, and integers of any size exact.

    Raises ValueError: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_decimal, parse_int=_integer)
    except RecursionError:
        raise ValueError("is nested too deep") from None


def dump_json(document: object, *, indent: int | None = None, sort_keys: bool = False, ascii_only: bool = False) -> str:
    """Write plain Python as JSON, decimals with all their digits; ``indent`` and ``sort_keys`` as for ``json.dumps``."""
    text = (_SORTED if sort_keys else _ENCODER).encode(document)
    shown = (msgspec.json.format(text, indent=indent) if indent is not None else text).decode()
    return _NOT_ASCII.sub(_escape, shown) if ascii_only else shown


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_SORTED = msgspec.json.Encoder(decimal_format="number", enc_hook=str, order="sorted")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_LONGEST_NUMBER = 4000
"""Digits, as for the numbers of expressions."""


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return int(Decimal(digits))


def _decimal(digits: str) -> Decimal:
    number = Decimal(digits)
    if abs(number.adjusted()) > _LONGEST_NUMBER:
        raise ValueError("a number is too large")
    return number
