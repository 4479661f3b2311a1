"""Functions over lists and tuples."""

from collections.abc import Iterable
from decimal import localcontext

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import StillUnknownError, type_name
from orchestrator.hcl.functions.decimals import CONTEXT, Number, normalise
from orchestrator.hcl.functions.declaration import (
    declare,
    given,
    indexed,
    list_of_bools,
    list_of_strings,
    number,
    sequence,
    uniform,
    whole,
)
from orchestrator.hcl.functions.graphemes import graphemes
from orchestrator.hcl.functions.typesystem import ConversionError, convert, identity, type_of, unify
from orchestrator.hcl.values import SetValue, Unknown, Value, is_wholly_known

_MOST_VALUES = 1024
"""How many values range generates."""


@declare("alltrue", sequence, takes_unknown=True)
def all_true(values: list[Value]) -> Value:
    """Return one false (or null) decides, whatever the others turn out to be."""
    known = list_of_bools([value for value in values if not isinstance(value, Unknown)])
    if not all(known):
        return False
    return _decided(values, result=True)


@declare("anytrue", sequence, takes_unknown=True)
def any_true(values: list[Value]) -> Value:
    """Decide at the first true, whatever the unknown others turn out to be."""
    known = list_of_bools([value for value in values if not isinstance(value, Unknown)])
    if any(known):
        return True
    return _decided(values, result=False)


def _decided(values: list[Value], *, result: bool) -> Value:
    if any(isinstance(value, Unknown) for value in values):
        raise StillUnknownError
    return result


@declare("chunklist", uniform, whole)
def chunk_list(values: list[Value], size: int) -> Value:
    """Return a size of zero makes one chunk of everything."""
    if size < 0:
        raise FunctionError("The size must not be negative.", argument=1)
    step = size or max(len(values), 1)
    return [values[start : start + step] for start in range(0, len(values), step)]


@declare("compact", list_of_strings)
def compact(values: list[str | None]) -> Value:
    return [value for value in values if value]


@declare("concat", rest=indexed, rest_minimum=1, takes_unknown=True)
def concat(*lists: list[Value]) -> Value:
    return [value for values in lists for value in values]


@declare("contains", sequence, given, takes_unknown=True)
def contains(values: list[Value], wanted: Value) -> Value:
    sought = identity(wanted)
    if any(is_wholly_known(value) and identity(value) == sought for value in values):
        return True
    if not all(map(is_wholly_known, values)):
        raise StillUnknownError
    return False


@declare("distinct", uniform)
def distinct(values: list[Value]) -> Value:
    unique: dict[object, Value] = {}
    for value in values:
        unique.setdefault(identity(value), value)
    return list(unique.values())


@declare("element", indexed, whole, takes_unknown=True)
def element(values: list[Value], index: int) -> Value:
    """Return an element; indices beyond the end wrap around."""
    if index < 0:
        raise FunctionError("The index must not be negative.", argument=1)
    if not values:
        raise FunctionError("Cannot use element with an empty list.", argument=0)
    return values[index % len(values)]


@declare("flatten", sequence, takes_unknown=True)
def flatten(values: list[Value]) -> Value:
    """Return an unknown element may be a list of any length, so that the result is not known either."""
    return _flattened(values)


def _flattened(values: Iterable[Value]) -> list[Value]:
    result: list[Value] = []
    for value in values:
        match value:
            case Unknown():
                raise StillUnknownError
            case list() | SetValue():
                result += _flattened(value)
            case _:
                result.append(value)
    return result


@declare("index", indexed, given, takes_unknown=True)
def index_of(values: list[Value], wanted: Value) -> Value:
    if not values:
        raise FunctionError("Cannot search an empty list.", argument=0)
    sought = identity(wanted)
    for position, value in enumerate(values):
        if identity(value) == sought:
            return position
    raise FunctionError("The item was not found in the list.", argument=1)


@declare("length", given, takes_unknown=True)
def length(value: Value) -> Value:
    """Count the elements of a collection, or the characters of a string as a reader counts them."""
    match value:
        case str():
            return len(graphemes(value))
        case SetValue() if not is_wholly_known(value):
            # Two elements may turn out to be the same.
            raise StillUnknownError
        case list() | dict() | SetValue():
            return len(value)
    message = f"The argument must be a string, a collection type, or a structural type, not {type_name(value)}."
    raise FunctionError(message, argument=0)


@declare("matchkeys", uniform, sequence, sequence)
def match_keys(values: list[Value], keys: list[Value], wanted: list[Value]) -> Value:
    """Return the values whose key at the same place is among the wanted ones."""
    if len(values) != len(keys):
        raise FunctionError("The lists of values and keys must have the same length.", argument=1)
    try:
        common = unify(type_of(item) for item in (*keys, *wanted))
    except ConversionError:
        raise FunctionError("The keys and the search set must be of the same type.", argument=2) from None
    sought = {identity(convert(item, common)) for item in wanted}
    pairs = zip(values, keys, strict=True)
    return [value for value, key in pairs if identity(convert(key, common)) in sought]


@declare("one", sequence, takes_unknown=True)
def one(values: list[Value]) -> Value:
    """Return the only element, or null if there is none."""
    if len(values) > 1:
        message = f"The list must have no element or one element, but it has {len(values)}."
        raise FunctionError(message, argument=0)
    return values[0] if values else None


@declare("range", number, number, number, optional=2)
def number_range(first: Number, second: Number | None = None, third: Number | None = None) -> Value:
    start, end = (0, first) if second is None else (first, second)
    step = third if third is not None else (-1 if end < start else 1)
    if third is not None and third < 0 and end > start:
        raise FunctionError("The end must be less than the start when the step is negative.", argument=1)
    if third is not None and third > 0 and end < start:
        raise FunctionError("The end must be greater than the start when the step is positive.", argument=1)
    result: list[Value] = []
    value = start
    with localcontext(CONTEXT):
        while value > end if end < start else value < end:
            if len(result) == _MOST_VALUES or step == 0:
                message = f"More than {_MOST_VALUES} values: bring start and end closer together or use a larger step."
                raise FunctionError(message)
            result.append(value)
            value = normalise(value + step)
    return result


@declare("reverse", sequence, takes_unknown=True)
def reverse(values: list[Value]) -> Value:
    return values[::-1]


@declare("slice", indexed, whole, whole, takes_unknown=True)
def slice_list(values: list[Value], start: int, end: int) -> Value:
    """Return the elements from one index up to, but not including, another."""
    if start < 0:
        raise FunctionError("The start index must not be less than zero.", argument=1)
    if end > len(values):
        message = f"The end index must not be greater than the length of the list, which is {len(values)}."
        raise FunctionError(message, argument=2)
    if start > end:
        raise FunctionError("The start index must not be greater than the end index.", argument=1)
    return values[start:end]


@declare("sort", list_of_strings)
def sort(values: list[str | None]) -> Value:
    """Sort by code point."""
    texts: list[str] = []
    for position, value in enumerate(values):
        if value is None:
            raise FunctionError(f"Element {position} is null; a null string cannot be sorted.", argument=0)
        texts.append(value)
    return [*sorted(texts)]
