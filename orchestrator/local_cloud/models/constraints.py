"""A parsed request against the constraints of its operation's model, in the words in which AWS's services report them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from operator import ge, le
from typing import Any

from orchestrator.local_cloud.models.patterns import matcher

_LENGTHS = frozenset({"string", "blob", "list", "map"})
_NUMBERS = frozenset({"integer", "long", "float", "double", "byte", "short"})


class FlawKind(Enum):
    """What a request gets wrong."""

    FORM = "form"
    UNKNOWN = "unknown"
    MISSING = "missing"
    ENUM = "enum"
    PATTERN = "pattern"
    LENGTH = "length"
    RANGE = "range"
    UNION = "union"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing in a request that its model forbids.

    Attributes:
        path: "tags.1.member.key", as services write it.
        value: as services print it, with a space behind it; empty where it is secret.
        constraint: "Member must not be null".
        shape: the name of the shape whose constraint it is, "roleNameType".
        location: where the member travels: "header", "uri", "querystring"; empty for the body.

    """

    kind: FlawKind
    path: str
    constraint: str
    shape: str
    value: str = ""
    location: str = ""

    @property
    def sentence(self) -> str:
        """What a service says of it."""
        return f"Value {self.value}at '{self.path}' failed to satisfy constraint: {self.constraint}"


def flaws(shape: Any, value: Any) -> Iterator[Flaw]:
    """Yield what is wrong with the input of an operation.

    Args:
        shape: the input's, of botocore.
        value: members by the names of the model.

    """
    yield from _structure(shape, value, "", "")


def _structure(shape: Any, value: Mapping[str, Any], path: str, location: str) -> Iterator[Flaw]:
    members = shape.members
    present = {name: one for name, one in value.items() if one is not None}
    for name in shape.required_members:
        if name not in present:
            yield Flaw(
                kind=FlawKind.MISSING,
                path=_below(path, name),
                value="null ",
                constraint="Member must not be null",
                shape=shape.name,
                location=location or members[name].serialization.get("location", ""),
            )
    if shape.metadata.get("union") and len(present) != 1:
        message = f"Exactly one of [{', '.join(members)}] must be set"
        yield Flaw(kind=FlawKind.UNION, path=path, constraint=message, shape=shape.name, location=location)
    for name, one in present.items():
        member = members.get(name)
        if member is not None:
            where = location or member.serialization.get("location", "")
            yield from _member(member, one, _below(path, name), where)


def _member(shape: Any, value: Any, path: str, location: str) -> Iterator[Flaw]:
    for broken in _broken(shape, value):
        yield Flaw(
            kind=broken.kind,
            path=path,
            value=_printed(shape, value),
            constraint=broken.words,
            shape=shape.name,
            location=location,
        )
    yield from _inside(shape, value, path, location)


def _inside(shape: Any, value: Any, path: str, location: str) -> Iterator[Flaw]:
    """Yield the flaws of what a value holds."""
    kind = shape.type_name
    if kind == "structure":
        if not shape.is_document_type and not shape.metadata.get("eventstream"):
            yield from _structure(shape, value, path, location)
    elif kind == "list":
        found = [(f"{path}.{n}.member", one) for n, one in enumerate(value, 1)]
        yield from _items("Member", shape, shape.member, value, found, path, location)
    elif kind == "map":
        yield from _items("Map keys", shape, shape.key, value, [(path, one) for one in value], path, location)
        found = [(f"{path}.{key}.member", one) for key, one in value.items()]
        yield from _items("Map value", shape, shape.value, value, found, path, location)


def _items(
    what: str, shape: Any, member: Any, value: Any, found: Sequence[tuple[str, Any]], path: str, location: str
) -> Iterator[Flaw]:
    """Yield the flaws of a collection's items: one for all of them, with every constraint of an item, then what is in them."""
    broken = next((fault for _, one in found for fault in _broken(member, one)), None)
    if broken is not None:
        stated = ", ".join(one.words for one in _constraints(member))
        yield Flaw(
            kind=broken.kind,
            path=path,
            value=_printed(shape, value),
            constraint=f"{what} must satisfy constraint: [{stated}]",
            shape=member.name,
            location=location,
        )
    for where, one in found:
        if one is not None:
            yield from _inside(member, one, where, location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One demand of a shape on a value: its kind, its words, and whether a value satisfies it."""

    kind: FlawKind
    words: str
    satisfied: Callable[[Any], bool]


@cache
def _constraints(shape: Any) -> tuple[Constraint, ...]:
    """Return what a shape demands of a value, in the order in which services list it."""
    found = []
    metadata, sized, numeric = shape.metadata, shape.type_name in _LENGTHS, shape.type_name in _NUMBERS
    if "pattern" in metadata:
        words = f"Member must satisfy regular expression pattern: {metadata['pattern']}"
        found.append(Constraint(kind=FlawKind.PATTERN, words=words, satisfied=matcher(metadata["pattern"])))
    bounds = (("max", "less", le), ("min", "greater", ge)) if sized or numeric else ()
    for name, extent, compare in bounds:
        if name in metadata:
            kind, what = (FlawKind.LENGTH, "length") if sized else (FlawKind.RANGE, "value")
            satisfied = partial(_within, compare, metadata[name], sized)
            words = f"Member must have {what} {extent} than or equal to {metadata[name]}"
            found.append(Constraint(kind=kind, words=words, satisfied=satisfied))
    if metadata.get("enum"):
        words = f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]"
        found.append(Constraint(kind=FlawKind.ENUM, words=words, satisfied=frozenset(metadata["enum"]).__contains__))
    return tuple(found)


def _within(compare: Callable[[Any, Any], bool], bound: float, sized: bool, value: Any) -> bool:
    return compare(len(value) if sized else value, bound)


def _broken(shape: Any, value: Any) -> Iterator[Constraint]:
    """Yield the constraints of a shape itself that a value does not satisfy."""
    if value is not None:
        yield from (one for one in _constraints(shape) if not one.satisfied(value))


def _printed(shape: Any, value: Any) -> str:
    """Print a value as services do; a secret one not at all."""
    if _secret(shape):
        return ""
    if isinstance(value, bytes):
        return f"'java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]' "
    if isinstance(value, list):
        return f"'[{', '.join(map(str, value))}]' "
    if isinstance(value, dict):
        return f"'{{{', '.join(f'{key}={one}' for key, one in value.items())}}}' "
    return f"'{value}' "


def _secret(shape: Any) -> bool:
    """Whether a value of this shape is secret, or holds anything that may be: structures are not printed at all."""
    if shape.metadata.get("sensitive") or shape.type_name == "structure":
        return True
    inner = [shape.member] if shape.type_name == "list" else []
    if shape.type_name == "map":
        inner = [shape.key, shape.value]
    return any(map(_secret, inner))


def _below(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
