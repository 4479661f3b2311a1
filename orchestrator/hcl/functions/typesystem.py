"""Types behind untyped values: one type for many elements, equality, and the order of sets.

A list of Terraform has elements of one type, a tuple has not; the values of ``orchestrator.hcl.values`` do not tell
them apart. So every list counts as a tuple, every dict as an object, and where Terraform wants one type for several
values (``tolist``, ``toset``, ``distinct`` ...) it is found here as Terraform's ``convert.UnifyUnsafe`` finds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from orchestrator.hcl.functions.binary import binary_digits
from orchestrator.hcl.functions.conversion import (
    StillUnknownError,
    general,
    to_bool,
    to_number,
    to_string,
)
from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import SetValue, Unknown, Value


class ConversionError(Exception):
    """Values have no type in common, or one cannot be converted to it."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """bool, number or string; or any, the type of null and of the elements of an empty list."""

    name: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A list, set or map of elements of one type."""

    kind: str
    element: "Type"


@dataclass(frozen=True, slots=True)
class Tuple:
    """A list with a type for each of its elements."""

    members: tuple["Type", ...]


@dataclass(frozen=True, slots=True)
class Object:
    """A map with a type for each of its attributes, sorted by name."""

    attributes: tuple[tuple[str, "Type"], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.attributes)


Type: TypeAlias = Primitive | Collection | Tuple | Object

ANY = Primitive("any")
BOOL = Primitive("bool")
NUMBER = Primitive("number")
STRING = Primitive("string")


def type_of(value: Value) -> Type:
    """Return the type of a value; raises StillUnknownError for a value with unknown parts."""
    match value:
        case None:
            return ANY
        case bool():
            return BOOL
        case int() | Decimal():
            return NUMBER
        case str():
            return STRING
        case list():
            return Tuple(tuple(map(type_of, value)))
        case SetValue():
            return Collection("set", unify(map(type_of, value)))
        case dict():
            return Object(tuple((name, type_of(value[name])) for name in sorted(value)))
    raise StillUnknownError


def unify(types: Iterable[Type]) -> Type:
    """Return the type that values of all given types can be converted to; raises ConversionError if there is none."""
    distinct = list(dict.fromkeys(item for item in types if item != ANY))
    if not distinct:
        return ANY
    if len(distinct) == 1:
        return distinct[0]
    if all(isinstance(item, Primitive) for item in distinct):
        if STRING in distinct:
            return STRING
        raise ConversionError
    tuples = [item for item in distinct if isinstance(item, Tuple)]
    objects = [item for item in distinct if isinstance(item, Object)]
    collections = [item for item in distinct if isinstance(item, Collection)]
    if len(tuples) == len(distinct):
        return _unify_tuples(tuples)
    if len(objects) == len(distinct):
        return _unify_objects(objects)
    maps = [item for item in collections if item.kind == "map"]
    if len(objects) + len(maps) == len(distinct):
        inner = [kind for item in objects for _, kind in item.attributes]
        return Collection("map", unify([*inner, *(item.element for item in maps)]))
    if maps or len(tuples) + len(collections) != len(distinct):
        raise ConversionError
    inner = [kind for item in tuples for kind in item.members]
    kind = "list" if any(item.kind == "list" for item in collections) else "set"
    return Collection(kind, unify([*inner, *(item.element for item in collections)]))


def _unify_tuples(types: Sequence[Tuple]) -> Type:
    if len({len(item.members) for item in types}) == 1:
        return Tuple(tuple(unify(column) for column in zip(*(item.members for item in types), strict=True)))
    return Collection("list", unify(member for item in types for member in item.members))


def _unify_objects(types: Sequence[Object]) -> Type:
    names = types[0].names
    if all(item.names == names for item in types):
        columns = zip(*((kind for _, kind in item.attributes) for item in types), strict=True)
        return Object(tuple(zip(names, map(unify, columns), strict=True)))
    return Collection("map", unify(kind for item in types for _, kind in item.attributes))


def convert(value: Value, wanted: Type) -> Value:
    """Return the value as one of the type, which ``unify`` found for it; raises ConversionError."""
    if value is None or wanted == ANY:
        return value
    try:
        match wanted:
            case Primitive():
                return {"string": to_string, "number": to_number, "bool": to_bool}[wanted.name](value)
            case Collection(kind="map") if isinstance(value, dict):
                return {name: convert(item, wanted.element) for name, item in value.items()}
            case Collection(kind="set") if isinstance(value, list | SetValue):
                return ordered_set([convert(item, wanted.element) for item in value], wanted.element)
            case Collection(kind="list") if isinstance(value, list | SetValue):
                return [convert(item, wanted.element) for item in value]
            case Tuple() if isinstance(value, list):
                return [convert(item, kind) for item, kind in zip(value, wanted.members, strict=True)]
            case Object() if isinstance(value, dict):
                kinds = dict(wanted.attributes)
                return {name: convert(item, kinds[name]) for name, item in value.items()}
    except FunctionError as error:
        raise ConversionError from error
    raise ConversionError


def as_one_type(values: Sequence[Value]) -> list[Value]:
    """Return the values, converted to the one type that fits all; raises ConversionError if there is none."""
    wanted = unify(map(type_of, values))
    return [convert(item, wanted) for item in values]


def make_set(values: Sequence[Value]) -> SetValue:
    """Return a set of the values: of one type, without repeats, in Terraform's order; raises ConversionError."""
    wanted = unify(map(type_of, values))
    return ordered_set([convert(item, wanted) for item in values], wanted)


def ordered_set(values: Iterable[Value], element: Type) -> SetValue:
    """Return a set of values that are of one type already."""
    unique = {identity(item): item for item in values}.values()
    return SetValue(tuple(sorted(unique, key=lambda item: _sort_key(item, element))))


def identity(value: Value) -> object:
    """Return what two values share exactly when Terraform calls them equal: 1 and 1.0 do, 1 and true or "1" do not."""
    match value:
        case None | str():
            return value
        case bool():
            return ("bool", value)
        case int() | Decimal():
            return ("number", value)
        case list():
            return ("list", tuple(map(identity, value)))
        case SetValue():
            return ("set", frozenset(map(identity, value)))
        case dict():
            return ("map", frozenset((name, identity(item)) for name, item in value.items()))
    raise StillUnknownError


def _sort_key(value: Value, kind: Type) -> tuple[bool, object]:
    """Order strings by code point, numbers by size, false before true, null last; the rest by Terraform's hash text."""
    if value is None or isinstance(value, bool | int | str | Decimal):
        return (value is None, value if value is not None else 0)
    return (False, _hash_text(value, kind).encode())


def _hash_text(value: Value, kind: Type) -> str:
    """Return the text by which Terraform orders a set of collections (go-cty ``makeSetHashBytes``)."""
    match value:
        case None:
            return "~"
        case bool():
            return "T" if value else "F"
        case int() | Decimal():
            return ("-" if value < 0 else "") + general(binary_digits(value), precision=10)
        case str():
            return _quoted(value)
        case list() | SetValue():
            inner = "".join(_hash_text(item, _member(kind, index)) + ";" for index, item in enumerate(value))
            return f"<{inner}>" if isinstance(kind, Tuple) else f"[{inner}]"
        case dict():
            names = sorted(value)
            if isinstance(kind, Collection):
                pairs = (f"{_quoted(name)}:{_hash_text(value[name], kind.element)};" for name in names)
                return "{" + "".join(pairs) + "}"
            kinds = dict(kind.attributes) if isinstance(kind, Object) else {}
            return "<" + "".join(_hash_text(value[name], kinds.get(name, ANY)) + ";" for name in names) + ">"
        case Unknown():
            raise StillUnknownError
    raise StillUnknownError


def _member(kind: Type, index: int) -> Type:
    match kind:
        case Collection():
            return kind.element
        case Tuple():
            return kind.members[index]
    return ANY


_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def _quoted(text: str) -> str:
    """Return the text as Go's ``%q`` quotes it, which decides where a control character sorts."""

    def escaped(character: str) -> str:
        if character in '"\\':
            return "\\" + character
        if character.isprintable():
            return character
        code = ord(character)
        short = f"\\x{code:02x}" if code in range(0x80) else f"\\u{code:04x}"
        return _ESCAPES.get(character, short if code <= 0xFFFF else f"\\U{code:08x}")  # noqa: PLR2004 - Go's limit

    return '"' + "".join(map(escaped, text)) + '"'
