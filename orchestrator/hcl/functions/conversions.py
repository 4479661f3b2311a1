"""The functions that convert to a type: tobool, tolist, tomap, tonumber, toset, tostring."""

from collections.abc import Callable

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.conversion import to_bool, to_number, to_string, type_name
from orchestrator.hcl.functions.declaration import Parameter, anything, declare
from orchestrator.hcl.functions.typesystem import ConversionError, as_one_type, make_set
from orchestrator.hcl.values import SetValue, Value


def _conversion(name: str, convert: Callable[[Value], Value]) -> Function:
    """Return a conversion that leaves null as it is."""

    def converted(value: Value) -> Value:
        return None if value is None else convert(value)

    parameter: Parameter = anything

    @declare(name, parameter)
    def function(value: Value) -> Value:
        try:
            return converted(value)
        except FunctionError as error:
            raise FunctionError(error.message, argument=0) from None
        except ConversionError:
            kind = name.removeprefix("to")
            raise FunctionError(
                f"Cannot convert {type_name(value)} to a {kind} of any single type.", argument=0
            ) from None

    return function


def _list(value: Value) -> Value:
    if not isinstance(value, list | SetValue):
        raise ConversionError
    return as_one_type(list(value))


def _set(value: Value) -> Value:
    if not isinstance(value, list | SetValue):
        raise ConversionError
    return make_set(list(value))


def _map(value: Value) -> Value:
    if not isinstance(value, dict):
        raise ConversionError
    return dict(zip(value, as_one_type(list(value.values())), strict=True))


CONVERSIONS: tuple[Function, ...] = (
    _conversion("tobool", to_bool),
    _conversion("tolist", _list),
    _conversion("tomap", _map),
    _conversion("tonumber", to_number),
    _conversion("toset", _set),
    _conversion("tostring", to_string),
)
