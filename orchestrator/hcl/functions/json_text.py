"""JSON as Terraform writes and reads it."""

import json
import re
from decimal import Decimal
from typing import NoReturn

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import StillUnknownError, composed
from orchestrator.hcl.functions.decimals import normalise, number_text
from orchestrator.hcl.functions.declaration import anything, declare, text
from orchestrator.hcl.limits import NESTING
from orchestrator.hcl.values import SetValue, Value

_HTML = re.compile("[<>&\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_text(value: Value) -> str:
    """Return the value as JSON without white space, keys sorted; <, > and & are escaped as Go escapes them for HTML."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return number_text(value)
        case str():
            quoted = json.dumps(value, ensure_ascii=False)
            return _HTML.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)
        case list() | SetValue():
            return "[" + ",".join(map(json_text, value)) + "]"
        case dict():
            return "{" + ",".join(f"{json_text(name)}:{json_text(value[name])}" for name in sorted(value)) + "}"
    raise StillUnknownError


def parse_json(source: str) -> Value:
    """Return the value that a JSON text writes; numbers keep every digit. Raises FunctionError."""
    try:
        parsed = json.loads(
            source,
            parse_float=lambda number: normalise(Decimal(number)),
            parse_int=_integer,
            parse_constant=_refuse,
        )
        return _composed(parsed, 0)
    except json.JSONDecodeError as error:
        raise FunctionError(
            f"Not valid JSON: {error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno}).",
        ) from None
    except RecursionError:
        raise FunctionError("The JSON text is nested too deeply.") from None


def _integer(digits: str) -> Value:
    return normalise(Decimal(digits))


def _refuse(name: str) -> NoReturn:
    raise FunctionError(f"Not valid JSON: {name} is not a number in JSON.")


def _composed(value: Value, depth: int) -> Value:
    if depth > NESTING:
        raise RecursionError
    match value:
        case str():
            # Half of a surrogate pair; Go reads it as the replacement character.
            return composed(_SURROGATE.sub("\ufffd", value))
        case list():
            return [_composed(item, depth + 1) for item in value]
        case dict():
            return {composed(name): _composed(item, depth + 1) for name, item in value.items()}
    return value


@declare("jsonencode", anything)
def json_encode(value: Value) -> Value:
    return json_text(value)


@declare("jsondecode", text)
def json_decode(source: str) -> Value:
    return parse_json(source)
