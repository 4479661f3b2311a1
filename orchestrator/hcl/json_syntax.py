"""The configuration language written as JSON: the same syntax tree, with the places in the JSON text.

JSON does not tell blocks from attributes, so the caller says which properties are blocks, and how many labels they have.
Strings are templates; a property named ``//`` in a body is a comment.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, TypeVar

from orchestrator.diagnostics import ConfigurationError, Position, Range, Source, failure
from orchestrator.hcl import expression_parser, nodes, template_parser
from orchestrator.hcl.functions.binary import normalise
from orchestrator.hcl.parse import read_text
from orchestrator.hcl.reader import Reader, SyntaxProblem

_Item = TypeVar("_Item")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_MOST_DIGITS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockShape:
    """A property that is a block: how its labels are nested, and what blocks its body holds.

    ``labels``: whether a body is found below a label; asked with the names of the properties, for blocks whose label may be
    left out.
    """

    labels: Callable[[frozenset[str]], bool]
    blocks: Mapping[str, "BlockShape"]


@dataclass(frozen=True, slots=True)
class _String:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Scalar:
    value: bool | int | Decimal | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Array:
    items: tuple["_Json", ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    items: tuple[tuple[_String, "_Json"], ...]
    start: int
    end: int


_Json: TypeAlias = _String | _Scalar | _Array | _Object


def parse_json_file(path: Path, blocks: Mapping[str, BlockShape]) -> nodes.File:
    """Read and parse a file of JSON.

    ``blocks``: the properties at the top that are blocks. Raises ConfigurationError: the file cannot be read, is not JSON, or
    a template in it has a syntax error.
    """
    reader = Reader(read_text(path).removeprefix("\ufeff"), path, expression_parser.expression)
    try:
        top = _Scanner(reader).document()
        if not isinstance(top, _Object):
            raise failure(reader.range(top.start, top.end), "Invalid JSON", "The file must hold an object.")
        return nodes.File(source=reader.source, body=_Builder(reader).body([top], blocks))
    except RecursionError:
        raise failure(reader.range(0, 0), "Expression nested too deeply", "The file cannot be read.") from None


class _Scanner:
    """Reads JSON with the offsets of everything."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._text = reader.text
        self._offset = 0

    def document(self) -> _Json:
        value = self._value()
        if self._peek():
            raise self._unexpected("the end of the file")
        return value

    def _value(self) -> _Json:
        character = self._peek()
        start = self._offset
        if character == "{":
            return self._object()
        if character == "[":
            items = tuple(self._listed("]", self._value))
            return _Array(items, start, self._offset)
        if character == '"':
            return self._string()
        for word, value in _WORDS.items():
            if self._text.startswith(word, start):
                self._offset += len(word)
                return _Scalar(value, start, self._offset)
        number = _NUMBER.match(self._text, start)
        if number is None:
            raise self._unexpected("a value")
        self._offset = number.end()
        return _Scalar(self._number(number.group(), start), start, self._offset)

    def _object(self) -> _Object:
        start = self._offset
        items = tuple(self._listed("}", self._property))
        return _Object(items, start, self._offset)

    def _property(self) -> tuple[_String, _Json]:
        if self._peek() != '"':
            raise self._unexpected("the name of a property in double quotes")
        name = self._string()
        self._take(":")
        return name, self._value()

    def _listed(self, closer: str, read: Callable[[], _Item]) -> Iterator[_Item]:
        self._offset += 1
        if self._peek() == closer:
            self._offset += 1
            return
        while True:
            yield read()
            if self._peek() == closer:
                self._offset += 1
                return
            self._take(",", f'"," or "{closer}"')

    def _string(self) -> _String:
        start = self._offset
        found = _STRING.match(self._text, start)
        if found is None:
            raise failure(
                self._reader.range(start, start + 1),
                "Invalid JSON",
                "This string has no end, or an escape sequence in it that JSON does not have.",
                "A line break is written \\n.",
            )
        self._offset = found.end()
        # Half of a character outside of the basic plane is none, and could not be written anywhere.
        text = str(json.loads(found.group())).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return _String(text, start, self._offset)

    def _number(self, digits: str, start: int) -> int | Decimal:
        number = Decimal(digits)
        if len(digits) > _MOST_DIGITS or abs(number.adjusted()) > _MOST_DIGITS:
            raise failure(self._reader.range(start, self._offset), "Number is too large", "It has too many digits.")
        value = normalise(number)
        assert isinstance(value, int | Decimal)
        return value

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._offset)
        assert space is not None
        self._offset = space.end()
        return self._text[self._offset : self._offset + 1]

    def _take(self, character: str, expected: str = "") -> None:
        if self._peek() != character:
            raise self._unexpected(expected or f'"{character}"')
        self._offset += 1

    def _unexpected(self, expected: str) -> ConfigurationError:
        found = self._text[self._offset : self._offset + 1]
        shown = f'"{found}"' if found else "the end of the file"
        place = self._reader.range(self._offset, self._offset + len(found))
        return failure(place, "Invalid JSON", f"Expected {expected}, but found {shown}.")


class _Builder:
    """Makes the syntax tree of scanned JSON."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def body(self, objects: Sequence[_Object], shapes: Mapping[str, BlockShape]) -> nodes.Body:
        attributes: dict[str, nodes.Attribute] = {}
        blocks: list[nodes.Block] = []
        for key, value in (item for found in objects for item in found.items):
            name_range = self._place(key)
            if key.text == "//":
                continue
            shape = shapes.get(key.text)
            if shape is not None:
                blocks += self._blocks(key, value, shape)
            elif key.text in attributes:
                first = attributes[key.text].name_range.start.line
                raise failure(
                    name_range,
                    "Attribute redefined",
                    f"The argument {key.text} was already set in line {first}.",
                    "Each argument may be set only once: take one of them out.",
                )
            else:
                attributes[key.text] = nodes.Attribute(
                    name=key.text,
                    expression=self.expression(value),
                    name_range=name_range,
                    range=self._reader.range(key.start, value.end),
                )
        place = self._reader.range(objects[0].start, objects[-1].end) if objects else self._reader.range(0, 0)
        return nodes.Body(attributes=attributes, blocks=tuple(blocks), range=place)

    def _blocks(self, key: _String, value: _Json, shape: BlockShape) -> Iterator[nodes.Block]:
        """Yield the blocks of a property: an object, or an array of them; null stands for none."""
        for found in self._objects(key, value):
            if not shape.labels(frozenset(name.text for name, _ in found.items)):
                yield self._block(key, (), found, shape)
                continue
            for label, inner in found.items:
                for body in self._objects(label, inner):
                    yield self._block(key, (label,), body, shape)

    def _block(self, key: _String, labels: tuple[_String, ...], body: _Object, shape: BlockShape) -> nodes.Block:
        return nodes.Block(
            type=key.text,
            labels=tuple(label.text for label in labels),
            body=self.body([body], shape.blocks),
            type_range=self._place(key),
            label_ranges=tuple(self._place(label) for label in labels),
            range=self._reader.range(key.start, body.end),
        )

    def _objects(self, key: _String, value: _Json) -> Iterator[_Object]:
        for item in value.items if isinstance(value, _Array) else (value,):
            if isinstance(item, _Object):
                yield item
            elif not (isinstance(item, _Scalar) and item.value is None):
                raise failure(
                    self._place(item),
                    "Block is not an object",
                    f"{key.text} is a block, so its value must be an object, or an array of objects.",
                )

    def expression(self, value: _Json) -> nodes.Expression:
        place = self._place(value)
        match value:
            case _Scalar():
                return nodes.Literal(value=value.value, range=place)
            case _Array():
                return nodes.ListExpression(items=tuple(self.expression(item) for item in value.items), range=place)
            case _Object():
                items = tuple(
                    nodes.ObjectItem(key=self._template(key), value=self.expression(item)) for key, item in value.items
                )
                return nodes.ObjectExpression(items=items, range=place)
        return self._template(value)

    def _template(self, found: _String) -> nodes.Expression:
        if "${" not in found.text and "%{" not in found.text:
            return nodes.Literal(value=found.text, range=self._place(found))
        reader = _StringReader(found, self._reader)
        try:
            return template_parser.bare(reader)
        except SyntaxProblem as problem:
            raise ConfigurationError([problem.diagnostic]) from None

    def _place(self, value: _Json) -> Range:
        return self._reader.range(value.start, value.end)


class _StringReader(Reader):
    """Reads the template in a JSON string; places are those in the JSON text."""

    __slots__ = ("_offsets", "_outer")

    def __init__(self, found: _String, outer: Reader) -> None:
        super().__init__(found.text, outer.source.path, expression_parser.expression)
        raw = outer.text[found.start + 1 : found.end - 1]
        self.source: Source = outer.source
        self._outer = outer
        self._offsets = [found.start + 1 + match.start() for match in _CHARACTER.finditer(raw)]
        self._offsets.append(found.end - 1)

    def position(self, offset: int) -> Position:
        return self._outer.position(self._offsets[offset])
