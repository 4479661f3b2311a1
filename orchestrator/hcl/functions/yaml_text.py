"""yamldecode and yamlencode.

PyYAML parses and resolves aliases; what a scalar means is decided here, as go-cty-yaml does: YAML 1.2's core schema with
the bools and merges of YAML 1.1. go-cty-yaml and PyYAML both descend from libyaml's emitter, so PyYAML's writes the same
structure; overridden is where the two have drifted apart: what counts as printable, when a key is simple, and how long
strings are folded.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter

from orchestrator.hcl.functions.binary import normalise
from orchestrator.hcl.functions.conversion import StillUnknownError, composed, to_string
from orchestrator.hcl.functions.declaration import anything, declare, text
from orchestrator.hcl.scope import NESTING, FunctionError, check_elements
from orchestrator.hcl.values import SetValue, Value

_STANDARD = "tag:yaml.org,2002:"
_UNTAGGED = "?"
_RESOLVED = frozenset({"!!bool", "!!int", "!!float"})
"""Tags whose scalars mean what they would mean without a tag, and may not be text."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_MACHINE_WORD = 2**64
"""Octal and hexadecimal numbers have to be smaller."""

_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?P<t>[Tt ])(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?)?\Z"
)


class _Loader(yaml.SafeLoader):
    """Leaves plain scalars without a tag unresolved, so that they can be told from quoted ones."""

    def fetch_flow_collection_start(self, token: Any) -> None:
        # PyYAML needs a time that grows with the square of the depth.
        if self.flow_level > NESTING:
            raise RecursionError
        super().fetch_flow_collection_start(token)

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        written = self.peek_event().tag  # type: ignore[no-untyped-call]
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        if written == "!":
            node.tag = written
        return node

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            return _UNTAGGED
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


@declare("yamldecode", text, cost=100)
def yaml_decode(source: str) -> Value:
    try:
        loader = _Loader(source)
    except yaml.reader.ReaderError:
        raise FunctionError(
            "Not valid YAML: the text contains characters that YAML does not allow.", argument=0
        ) from None
    try:
        node = loader.get_single_node()
        if node is None:
            raise FunctionError("Not a YAML document: the text is empty.", argument=0)
        return _Reader().value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise FunctionError(f"Not valid YAML: {error.problem or error.context}{place}.", argument=0) from None
    except RecursionError:
        raise FunctionError("The YAML text is nested too deeply.", argument=0) from None
    finally:
        loader.dispose()


class _Reader:
    """Turns nodes into values; ``open`` are the collections being read, to find one that contains itself."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.read = 0

    def value(self, node: yaml.Node) -> Value:
        # Aliases may repeat what other aliases repeat.
        self.read += 1
        check_elements(self.read)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self.open:
            raise _refused(node, "an anchor cannot be referred to from inside its own definition")
        if len(self.open) > NESTING:
            raise RecursionError
        self.open.add(id(node))
        try:
            return self._collection(node)
        finally:
            self.open.remove(id(node))

    def _collection(self, node: yaml.Node) -> Value:
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_STANDARD}seq":
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_STANDARD}map":
            result: dict[str, Value] = {}
            for key, item in node.value:
                self._add(result, key, item)
            return result
        raise _refused(node, f'unsupported tag "{_short(node.tag)}"')

    def _add(self, result: dict[str, Value], key: yaml.Node, item: yaml.Node) -> None:
        """Add an entry; the last one of a key wins, merged or not."""
        name = self.value(key)
        value = self.value(item)
        if name is None:
            raise _refused(key, "a mapping key cannot be null")
        if isinstance(name, list | dict):
            raise _refused(key, "only strings are allowed as mapping keys")
        if name != "<<":
            result[to_string(name)] = value
        elif isinstance(value, dict):
            result.update(value)
        else:
            raise _refused(item, "only a mapping can be merged into a mapping")


def _scalar(node: yaml.ScalarNode) -> Value:
    written = composed(str(node.value))
    tag = node.tag
    if tag == _UNTAGGED:
        return _plain(written, node)
    if node.style is None and _short(tag) in _RESOLVED:
        resolved = _plain(written, node)
        if isinstance(resolved, str):
            raise _refused(node, f"the text is not of the type {_short(tag)}")
        return resolved
    match _short(tag):
        case "!!str" | "!!bool" | "!!int" | "!!float":
            return written
        case "!!null":
            return None
        case "!!binary":
            try:
                base64.b64decode(written, validate=True)
            except (binascii.Error, ValueError):
                raise _refused(node, "!!binary value is not base64") from None
            return written
        case "!!timestamp":
            moment = _timestamp(written)
            if moment is None:
                raise _refused(node, "!!timestamp value is not a timestamp")
            return moment
    raise _refused(node, f'unsupported tag "{_short(tag)}"')


def _plain(written: str, node: yaml.Node) -> Value:
    if written in _NULLS:
        return None
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    if _NUMBER.match(written):
        return normalise(Decimal(written))
    if _OCTAL.match(written) or _HEXADECIMAL.match(written):
        return _machine_word(int(written, 0), node)
    if _INFINITE.match(written):
        raise _refused(node, "numbers that are infinite or not a number are not supported")
    return _timestamp(written) or written


def _machine_word(value: int, node: yaml.Node) -> int:
    if value >= _MACHINE_WORD:
        raise _refused(node, "the number does not fit into 64 bits")
    return value


def _timestamp(written: str) -> str | None:
    """Return a date or a date and time in RFC 3339, without fractions of a second; None for any other text."""
    found = _DATE.match(written)
    if found is None or (found["t"] == " ") != (found["zone"] is None and found["t"] is not None):
        return None
    parts = [int(found[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the zone is kept as it is written
    except ValueError:
        return None
    return moment.isoformat() + (found["zone"] or "Z")


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(_STANDARD) if tag.startswith(_STANDARD) else tag


def _refused(node: yaml.Node, reason: str) -> FunctionError:
    mark = node.start_mark
    return FunctionError(f"Cannot decode YAML: {reason} (line {mark.line + 1}, column {mark.column + 1}).", argument=0)


_SIMPLE_KEY_BYTES = 128
_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\u0085": "N",
    "\u2028": "L",
    "\u2029": "P",
}
_LAST_BASIC = "\uffff"


class _Emitter(Emitter):
    """PyYAML's emitter with the habits of go-cty-yaml's."""

    event: Any
    analysis: Any

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        if any(character > _LAST_BASIC for character in scalar):
            analysis.allow_block = False
        return analysis

    def check_simple_key(self) -> bool:
        if not isinstance(self.event, yaml.ScalarEvent):
            return bool(super().check_simple_key())
        value = self.event.value
        return "\n" not in value and len(value.encode()) <= _SIMPLE_KEY_BYTES

    def choose_scalar_style(self) -> str:
        if self.analysis is None:
            self.analysis = self.analyze_scalar(self.event.value)
        style = str(self.event.style or "")
        block = self.analysis.allow_block and not self.simple_key_context
        return '"' if style == "|" and not block else style

    def check_empty_document(self) -> bool:
        """Leave out the marker with which PyYAML starts an empty string."""
        return False

    def write_literal(self, text: str) -> None:
        super().write_literal(text)
        # PyYAML would end the document with a marker because of the empty lines at the end.
        self.open_ended = False

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        """Fold at the first space beyond the width, like libyaml; PyYAML folds before it."""
        self.write_indicator('"', need_whitespace=True)
        after_space = False
        for index, character in enumerate(text):
            if character == " ":
                inside = 0 < index < len(text) - 1
                if split and inside and not after_space and self.column > self.best_width:
                    self.write_indent()
                    if text[index + 1] == " ":
                        self._put("\\")
                else:
                    self._put(" ")
            else:
                self._put(_double_quoted(character))
            after_space = character == " "
        self.write_indicator('"', need_whitespace=False)

    def _put(self, text: str) -> None:
        self.column += len(text)
        self.stream.write(text)


def _double_quoted(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    if " " <= character <= "~" or "\xa0" <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd":
        return character if character != "\ufeff" else r"\uFEFF"
    code = ord(character)
    return (
        f"\\x{code:02X}" if character <= "\xff" else f"\\u{code:04X}" if character <= _LAST_BASIC else f"\\U{code:08X}"
    )


@declare("yamlencode", anything, cost=10)
def yaml_encode(value: Value) -> Value:
    """Encode with sorted keys, keys and strings in double quotes, and strings of several lines as literal blocks."""
    stream = StringIO()
    emitter = _Emitter(stream, allow_unicode=True)
    emitter.emit(yaml.StreamStartEvent())
    emitter.emit(yaml.DocumentStartEvent(explicit=False))
    for event in _events(value):
        emitter.emit(event)
    emitter.emit(yaml.DocumentEndEvent(explicit=False))
    emitter.emit(yaml.StreamEndEvent())
    emitter.dispose()
    return stream.getvalue()


def _events(value: Value) -> Iterator[yaml.Event]:
    match value:
        case None:
            yield _event_of("null", "")
        case bool() | int() | Decimal():
            yield _event_of(to_string(value), "")
        case str():
            yield _event_of(value, "|" if "\n" in value else '"')
        case list() | SetValue():
            yield yaml.SequenceStartEvent(anchor=None, tag=None, implicit=True, flow_style=len(value) == 0)
            for item in value:
                yield from _events(item)
            yield yaml.SequenceEndEvent()
        case dict():
            yield yaml.MappingStartEvent(anchor=None, tag=None, implicit=True, flow_style=not value)
            for name in sorted(value):
                yield from _events(name)
                yield from _events(value[name])
            yield yaml.MappingEndEvent()
        case _:
            raise StillUnknownError


def _event_of(text: str, style: str) -> yaml.ScalarEvent:
    return yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, True), value=text, style=style)
