"""Values to and from what the json module works with."""

from decimal import Decimal

from orchestrator.hcl.functions.conversion import normalise
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value


def to_json_value(value: Value) -> object:
    """Return the value as plain Python for ``json.dumps``: sets become lists, and secrets what they hold.

    A fraction becomes a float, which may lose digits beyond the seventeenth; integers are exact. Raises ValueError: a
    part of the value is not known.
    """
    match value:
        case Unknown():
            raise ValueError("a value that is known only after apply has no JSON")
        case Sensitive():
            return to_json_value(value.value)
        case Decimal():
            return float(value)
        case dict():
            return {key: to_json_value(item) for key, item in value.items()}
        case list() | SetValue():
            return [to_json_value(item) for item in value]
    return value


def from_json_value(obj: object) -> Value:
    """Return the value of what ``json.loads`` returned; give it ``parse_float=Decimal`` to keep every digit.

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
