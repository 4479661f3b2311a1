"""Functions over lists, maps and sets."""

from collections.abc import Iterable
from itertools import chain, product
from math import prod

from orchestrator.hcl.functions.binary import Number, add
from orchestrator.hcl.functions.conversion import StillUnknownError, to_string, type_name
from orchestrator.hcl.functions.declaration import (
    declare,
    given,
    indexed,
    list_of_bools,
    list_of_strings,
    mapping,
    number,
    sequence,
    text,
    uniform,
    unique,
    whole,
)
from orchestrator.hcl.functions.strings import graphemes
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
from orchestrator.hcl.scope import ELEMENTS, FunctionError, check_elements
from orchestrator.hcl.values import SetValue, Unknown, Value, count_parts, is_wholly_known

_MOST_VALUES = 1024
"""How many values range generates."""


@declare("alltrue", sequence, takes_unknown=True, compares=True)
def all_true(values: list[Value]) -> Value:
    """Decide at the first false or null, whatever the others turn out to be."""
    known = list_of_bools([value for value in values if not isinstance(value, Unknown)])
    if not all(known):
        return False
    return _decided(values, result=True)


@declare("anytrue", sequence, takes_unknown=True, compares=True)
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
    """Cut into chunks; a size of zero makes one of everything."""
    if size < 0:
        raise FunctionError("The size must not be negative.", argument=1)
    step = size or max(len(values), 1)
    return [values[start : start + step] for start in range(0, len(values), step)]


compact = declare("compact", list_of_strings)(lambda values: [value for value in values if value])
concat = declare("concat", rest=indexed, rest_minimum=1, takes_unknown=True)(lambda *lists: [*chain(*lists)])
keys = declare("keys", mapping, takes_unknown=True)(sorted)
reverse = declare("reverse", sequence, takes_unknown=True)(lambda values: values[::-1])
# In the order of the keys.
values_of = declare("values", mapping, takes_unknown=True)(lambda items: [items[key] for key in sorted(items)])


@declare("contains", sequence, given, takes_unknown=True, compares=True)
def contains(values: list[Value], wanted: Value) -> Value:
    sought = identity(wanted)
    if any(is_wholly_known(value) and identity(value) == sought for value in values):
        return True
    if not all(map(is_wholly_known, values)):
        raise StillUnknownError
    return False


@declare("distinct", uniform, cost=5)
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
    """Flatten to one list; an unknown element may be a list of any length, so that the result is not known either."""
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


@declare("index", indexed, given, takes_unknown=True, compares=True)
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
    whole = isinstance(start, int) and isinstance(end, int) and isinstance(step, int)
    if whole and step and -(-(end - start) // step) <= _MOST_VALUES:
        return list(range(int(start), int(end), int(step)))
    result: list[Value] = []
    value = start
    while value > end if end < start else value < end:
        if len(result) == _MOST_VALUES or step == 0:
            message = f"More than {_MOST_VALUES} values: bring start and end closer together or use a larger step."
            raise FunctionError(message)
        result.append(value)
        value = add(value, step)
    return result


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


def _untouched(value: Value) -> Value:
    """Return an argument as it is, also when it is unknown."""
    return value


def _mapping_or_null(value: Value) -> dict[str, Value] | None:
    return None if value is None else mapping(value)


@declare("coalesce", rest=_untouched, rest_minimum=1, takes_unknown=True, compares=True)
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
    if any(isinstance(value, list | dict | SetValue) for value in values):
        raise FunctionError("All arguments must have the same type.")
    return chosen


@declare("coalescelist", rest=_untouched, rest_minimum=1, takes_unknown=True, compares=True)
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


def _common(sets: tuple[SetValue, ...]) -> tuple[Type, list[list[Value]]]:
    """Return the element type that fits all sets, and their elements converted to it."""
    try:
        element = unify(type_of(value) for values in sets for value in values)
        return element, [[convert(value, element) for value in values] for values in sets]
    except ConversionError:
        raise FunctionError("The given sets must all have compatible element types.") from None


@declare("setintersection", unique, rest=unique, cost=5)
def set_intersection(*sets: SetValue) -> Value:
    element, (first, *others) = _common(sets)
    present = [{identity(value) for value in values} for values in others]
    return ordered_set([value for value in first if all(identity(value) in values for values in present)], element)


@declare("setunion", unique, rest=unique, cost=5)
def set_union(*sets: SetValue) -> Value:
    element, converted = _common(sets)
    return ordered_set([value for values in converted for value in values], element)


@declare("setsubtract", unique, unique, cost=5)
def set_subtract(left: SetValue, right: SetValue) -> Value:
    element, (first, second) = _common((left, right))
    taken = {identity(value) for value in second}
    return ordered_set([value for value in first if identity(value) not in taken], element)


_SORTING = 5


@declare("setproduct", rest=given, rest_minimum=2, cost=5)
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
    count = prod(map(len, columns))
    nested = sum(count_parts(column, ELEMENTS) // len(column) for column in columns) if count else 0
    is_list = all(isinstance(values, list) for values in collections)
    # To order a set takes as long as to make several lists.
    check_elements(count * (nested + 1) * (1 if is_list else _SORTING))
    combinations: list[Value] = [list(combination) for combination in product(*columns)]
    if is_list:
        return combinations
    return ordered_set(combinations, Tuple(tuple(unify(map(type_of, column)) for column in columns)))
