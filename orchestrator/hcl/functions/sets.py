"""Functions over sets."""

from itertools import product
from math import prod

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.declaration import declare, given, unique
from orchestrator.hcl.functions.typesystem import (
    ConversionError,
    Tuple,
    Type,
    as_one_type,
    convert,
    identity,
    ordered_set,
    type_of,
    unify,
)
from orchestrator.hcl.limits import check_elements
from orchestrator.hcl.values import SetValue, Value


def _common(sets: tuple[SetValue, ...]) -> tuple[Type, list[list[Value]]]:
    """Return the element type that fits all sets, and their elements converted to it."""
    try:
        element = unify(type_of(value) for values in sets for value in values)
        return element, [[convert(value, element) for value in values] for values in sets]
    except ConversionError:
        raise FunctionError("The given sets must all have compatible element types.") from None


@declare("setintersection", unique, rest=unique)
def set_intersection(*sets: SetValue) -> Value:
    element, (first, *others) = _common(sets)
    present = [{identity(value) for value in values} for values in others]
    return ordered_set([value for value in first if all(identity(value) in values for values in present)], element)


@declare("setunion", unique, rest=unique)
def set_union(*sets: SetValue) -> Value:
    element, converted = _common(sets)
    return ordered_set([value for values in converted for value in values], element)


@declare("setsubtract", unique, unique)
def set_subtract(left: SetValue, right: SetValue) -> Value:
    element, (first, second) = _common((left, right))
    taken = {identity(value) for value in second}
    return ordered_set([value for value in first if identity(value) not in taken], element)


@declare("setproduct", rest=given, rest_minimum=2)
def set_product(*collections: Value) -> Value:
    """Return every combination: a list if only lists are given, else a set."""
    columns: list[list[Value]] = []
    for index, values in enumerate(collections):
        if not isinstance(values, list | SetValue):
            raise FunctionError("A set or a list is required.", argument=index)
        try:
            columns.append(as_one_type(list(values)))
        except ConversionError:
            raise FunctionError("All elements must have the same type.", argument=index) from None
    check_elements(prod(map(len, columns)))
    combinations: list[Value] = [list(combination) for combination in product(*columns)]
    if all(isinstance(values, list) for values in collections):
        return combinations
    return ordered_set(combinations, Tuple(tuple(unify(map(type_of, column)) for column in columns)))
