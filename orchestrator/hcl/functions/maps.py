"""Functions over maps and objects, and the two coalesce functions."""

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import StillUnknownError, to_string, type_name
from orchestrator.hcl.functions.declaration import (
    declare,
    indexed,
    list_of_strings,
    mapping,
    sequence,
    text,
)
from orchestrator.hcl.functions.typesystem import ConversionError, as_one_type
from orchestrator.hcl.values import Unknown, Value


def _untouched(value: Value) -> Value:
    """Return an argument as it is, also when it is unknown."""
    return value


def _mapping_or_null(value: Value) -> dict[str, Value] | None:
    return None if value is None else mapping(value)


@declare("coalesce", rest=_untouched, rest_minimum=1, takes_unknown=True)
def coalesce(*values: Value) -> Value:
    """Return the first value that is neither null nor an empty string, converted to the type that fits all."""
    for value in values:
        # A string stays what it is, whatever the types of the unknown values behind it.
        if isinstance(value, str) and value:
            return _checked(values, value)
        if value is not None and value != "":
            break
    try:
        converted = as_one_type(values)
    except ConversionError:
        raise FunctionError("All arguments must have the same type.") from None
    for value in converted:
        if value is not None and value != "":
            return value
    raise FunctionError("No argument is neither null nor an empty string.")


def _checked(values: tuple[Value, ...], chosen: str) -> Value:
    if any(isinstance(value, list | dict) for value in values):
        raise FunctionError("All arguments must have the same type.")
    return chosen


@declare("coalescelist", rest=_untouched, rest_minimum=1, takes_unknown=True)
def coalesce_list(*values: Value) -> Value:
    """Return the first list that is not empty."""
    for index, value in enumerate(values):
        if not isinstance(value, Unknown | list):
            message = f"All arguments must be lists or tuples, not {type_name(value)}."
            raise FunctionError(message, argument=index)
    for value in values:
        if isinstance(value, Unknown):
            raise StillUnknownError
        if value:
            return value
    raise FunctionError("All the lists are empty.")


@declare("keys", mapping, takes_unknown=True)
def keys(items: dict[str, Value]) -> Value:
    return [*sorted(items)]


@declare("lookup", mapping, text, _untouched, optional=1, takes_unknown=True)
def lookup(items: dict[str, Value], key: str, *default: Value) -> Value:
    if key in items:
        return items[key]
    if not default:
        raise FunctionError(f'There is no element with the key "{key}", and no default is given.', argument=1)
    return default[0]


@declare("merge", rest=_mapping_or_null, takes_unknown=True)
def merge(*maps: dict[str, Value] | None) -> Value:
    """Merge maps: later ones win, null counts as an empty one."""
    result: dict[str, Value] = {}
    for items in maps:
        result.update(items or {})
    return result


@declare("transpose", mapping)
def transpose(items: dict[str, Value]) -> Value:
    """Turn lists of strings by key into lists of keys by string."""
    result: dict[str, list[Value]] = {}
    for key in sorted(items):
        if items[key] is None:
            raise FunctionError(f'The list of the key "{key}" is null.', argument=0)
        for value in list_of_strings(items[key]):
            if value is None:
                raise FunctionError(f'The list of the key "{key}" contains null.', argument=0)
            result.setdefault(value, []).append(key)
    return {value: result[value] for value in sorted(result)}


@declare("values", mapping, takes_unknown=True)
def values_of(items: dict[str, Value]) -> Value:
    """Return the values in the order of the keys."""
    return [items[key] for key in sorted(items)]


@declare("zipmap", sequence, indexed, takes_unknown=True)
def zip_map(names: list[Value], elements: list[Value]) -> Value:
    """Return a map from keys and values at the same places; the last of equal keys wins."""
    if len(names) != len(elements):
        message = f"The number of keys ({len(names)}) does not match the number of values ({len(elements)})."
        raise FunctionError(message)
    result: dict[str, Value] = {}
    for index, (name, element) in enumerate(zip(names, elements, strict=True)):
        if name is None:
            raise FunctionError(f"The list of keys has null at index {index}.", argument=0)
        result[to_string(name)] = element
    return result
