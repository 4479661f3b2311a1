"""JSON of any size, a value at a time: lines, arrays, pretty-printed documents, several documents in a row.

The text is read in pieces; only the rows are built, and none may be longer than ``MAX_VALUE``.
"""

import codecs
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from market.sources.maps import DOCUMENT, KEY
from market.sources.results import Unreadable

MAX_VALUE = 1024 * 1024
"""Characters of one row, and of any value beside the rows."""
_PIECE = 64 * 1024
_SCALARS = (str, int, float, Decimal)


class DamagedJsonError(ValueError):
    """The text is no JSON from here on; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateKey:
    """Stands for an object that has a key twice, so that nobody knows which value counts."""

    name: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | DuplicateKey:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    return DuplicateKey(name=next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]  # adds as it goes


_DECODER = json.JSONDecoder(parse_float=Decimal, object_pairs_hook=_object)


def parse_value(text: str) -> Any:
    """Parse a whole JSON text without losing a digit of its numbers.

    Raises:
        DamagedJsonError: it is none.

    """
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise DamagedJsonError("not JSON") from None


def arrives(value: Any, path: tuple[str, ...]) -> bool:
    """Tell whether a document has the array of rows, even an empty one, at a path."""
    if not path:
        return True
    if path[0] == "[]":
        return isinstance(value, list) and (not value or arrives(value[0], path[1:]))
    if not isinstance(value, dict):
        return False
    return any(path[0] in {"*", name} and arrives(item, path[1:]) for name, item in value.items())


def rows_of(value: Any, path: tuple[str, ...], context: dict[str, Any]) -> Iterator[Any]:
    """Yield the rows at a path of a parsed document; ``context`` gets the values beside the path."""
    if not path:
        yield value
    elif path[0] == "[]":
        for item in value if isinstance(value, list) else ():
            yield from rows_of(item, path[1:], context)
    elif isinstance(value, dict):
        for name, item in value.items():
            if path[0] not in {"*", name} and isinstance(item, _SCALARS):
                context[DOCUMENT + name] = item
        for name, item in value.items():
            if path[0] in {"*", name}:
                if path[0] == "*":
                    context[KEY] = name
                yield from rows_of(item, path[1:], context)


class Scanner:
    """Reads JSON from a stream.

    Args:
        read: returns the next bytes; none at the end.

    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._ended = False
        self._lines = 1

    @property
    def line(self) -> int:
        """The line that has been reached."""
        return self._lines + self._text.count("\n", 0, self._at)

    def at_end(self) -> bool:
        """Whether only white space is left."""
        return not self._next()

    def rows(self, path: tuple[str, ...], context: dict[str, Any]) -> Iterator[Any]:
        """Yield the rows at a path of the next document; ``context`` gets the values that stand beside the path before them.

        Raises:
            DamagedJsonError: the text is no JSON from here on.

        """
        opening = self._next()
        if not path or (opening != "[" if path[0] == "[]" else opening != "{"):
            value = self.value()
            if not path:
                yield value
        elif path[0] == "[]":
            for _ in self._items("]"):
                yield from self.rows(path[1:], context)
        else:
            for _ in self._items("}"):
                name = self.value()
                if not isinstance(name, str) or self._next() != ":":
                    raise DamagedJsonError("a key and a colon must be here")
                self._at += 1
                if path[0] in {"*", name}:
                    if path[0] == "*":
                        context[KEY] = name
                    yield from self.rows(path[1:], context)
                elif isinstance(value := self.value(), _SCALARS):
                    context[DOCUMENT + name] = value

    def value(self) -> Any:
        """Return the next value.

        Raises:
            DamagedJsonError: there is none, or it is too long.

        """
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if len(self._text) - self._at > MAX_VALUE:
                    raise DamagedJsonError(f"no row ends within {MAX_VALUE} characters") from None
                if not self._more():
                    raise DamagedJsonError(Unreadable.CUT) from None
            except (ValueError, RecursionError):
                raise DamagedJsonError("a number or a nesting is too long") from None
            else:
                # A number may go on in the next piece.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def _items(self, closing: str) -> Iterator[None]:
        """Step through the members of an array or object; whoever iterates reads each."""
        self._at += 1
        if self._next() == closing:
            self._at += 1
            return
        while True:
            yield
            mark = self._next()
            self._at += 1
            if mark == closing:
                return
            if mark != ",":
                raise DamagedJsonError(Unreadable.CUT)

    def _next(self) -> str:
        """Return the next character that is no white space, without passing it; empty at the end."""
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character not in " \t\r\n":
                    return character
                self._at += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on; drops what has been passed."""
        if self._ended:
            return False
        data = self._read(_PIECE)
        self._ended = not data
        self._lines += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        self._at = 0
        return bool(data)
