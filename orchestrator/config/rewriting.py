"""Changes of configuration text by the places of its expressions and blocks; the rest stays as it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.diagnostics import Position, Range, Source
from orchestrator.hcl import Body, Expression


@dataclass(slots=True)
class Edits:
    """The changes of one text."""

    source: Source
    _starts: list[int] = field(default_factory=list)
    _edits: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        offset = 0
        for line in self.source.text.split("\n"):
            self._starts.append(offset)
            offset += len(line) + 1

    def replace(self, place: Range, text: str) -> None:
        """Put a text in the place of another; changes within a place that is removed have no effect."""
        self._edits.append((self._offset(place.start), self._offset(place.end), text))

    def remove(self, place: Range) -> None:
        """Take a text out, and keep its line breaks: the lines below keep their numbers."""
        self.replace(place, "\n" * (place.end.line - place.start.line))

    def wrap(self, place: Range, before: str, after: str) -> None:
        """Put texts around a place, which may be changed itself."""
        start, end = self._offset(place.start), self._offset(place.end)
        self._edits.append((start, start, before))
        self._edits.append((end, end, after))

    def __bool__(self) -> bool:
        return bool(self._edits)

    def text_at(self, place: Range) -> str:
        """Return the text of a place with the changes within it."""
        return self._apply(self._offset(place.start), self._offset(place.end))

    def apply(self) -> str:
        """Return the changed text."""
        return self._apply(0, len(self.source.text))

    def _apply(self, begin: int, stop: int) -> str:
        parts: list[str] = []
        position = begin
        for start, end, text in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < position or end > stop or start < begin:
                continue
            parts += [self.source.text[position:start], text]
            position = end
        return "".join([*parts, self.source.text[position:stop]])

    def _offset(self, position: Position) -> int:
        return self._starts[position.line - 1] + position.column - 1


def expressions(body: Body) -> Iterator[Expression]:
    """Yield the expressions of all attributes of a body, those of nested blocks included."""
    yield from (attribute.expression for attribute in body.attributes.values())
    for block in body.blocks:
        yield from expressions(block.body)
