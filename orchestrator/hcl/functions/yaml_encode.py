"""yamlencode: the exact text that Terraform writes.

go-cty-yaml and PyYAML both descend from libyaml's emitter, so PyYAML's writes the same structure; overridden here is
where the two have drifted apart: what counts as printable, when a key is simple, and how long strings are folded.
"""

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter

from orchestrator.hcl.functions.conversion import StillUnknownError, to_string
from orchestrator.hcl.functions.declaration import anything, declare
from orchestrator.hcl.values import SetValue, Value

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


@declare("yamlencode", anything)
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
            yield _scalar("null", "")
        case bool() | int() | Decimal():
            yield _scalar(to_string(value), "")
        case str():
            yield _scalar(value, "|" if "\n" in value else '"')
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


def _scalar(text: str, style: str) -> yaml.ScalarEvent:
    return yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, True), value=text, style=style)
