"""Reads a text token by token, and knows the place of everything it read.

The reader is always one token ahead: ``kind``, ``start`` and ``end`` describe the next token. Whether a line break is a
token or mere space depends on the innermost open bracket, so ``open`` and ``close`` keep a stack of that. Strings are
not tokens: at a quote the template parser takes over and calls ``resume`` behind the closing one.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from orchestrator.diagnostics import Diagnostic, Position, Range, Source
from orchestrator.hcl.nodes import Expression

# Kinds of tokens that are not punctuation; punctuation is its own kind.
IDENTIFIER = "identifier"
NUMBER = "number"
HEREDOC = "heredoc"
NEWLINE = "line break"
END = "end"
INVALID = "invalid"

_COMMENT = r"\#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/"
_SPACE = re.compile(rf"(?:[ \t]+|\r(?=\n)|{_COMMENT})*")
_SPACE_AND_NEWLINES = re.compile(rf"(?:[ \t\n]+|\r(?=\n)|{_COMMENT})*")
_TOKEN = re.compile(
    rf"""
    (?P<{IDENTIFIER}>[^\W\d][\w-]*)
  | (?P<{NUMBER}>[0-9]+(?:\.[0-9]+)*(?:[eE][+-]?[0-9]+)?)
  | (?P<{HEREDOC}><<-?[^\W\d][\w-]*\r?\n)
  | (?P<punctuation>\.\.\.|=>|==|!=|<=|>=|&&|\|\||::|~\}}|/(?!\*)|[-+*%!<>=?:.,(){{}}\[\]"])
  | (?P<newline>\n)
    """,
    re.VERBOSE,
)
_SHOWN = {NEWLINE: "the end of the line", END: "the end of the file", HEREDOC: "a heredoc"}


class SyntaxProblem(Exception):  # noqa: N818 - never leaves the parser, where it is one finding among several
    """The text cannot be read on from here. ``offset``: where text that may make sense again begins."""

    def __init__(self, diagnostic: Diagnostic, offset: int) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic
        self.offset = offset


class Reader:
    """A text and the place in it that was reached.

    Attributes:
        kind: the next token: a kind from above, or the punctuation itself.
        start: its first character, as an offset into the text.
        end: the offset behind it.
        last_end: the offset behind the token before it.
        depth: how many brackets are open.
        dotted_keys: whether keys of objects may be names of provider configurations: aws.east.

    """

    __slots__ = (
        "_insignificant_newlines",
        "_line_starts",
        "_parse",
        "_positions",
        "depth",
        "dotted_keys",
        "end",
        "kind",
        "last_end",
        "source",
        "start",
        "text",
    )

    def __init__(self, text: str, path: Path, parse: Callable[["Reader"], Expression]) -> None:
        self._parse = parse
        self.source = Source(path, text)
        self.text = text
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._positions: dict[int, Position] = {}
        self._insignificant_newlines = [False]
        self.depth = 0
        self.dotted_keys = False
        self.kind = END
        self.start = self.end = self.last_end = 0

    def expression(self) -> Expression:
        return self._parse(self)

    # Tokens

    def advance(self) -> None:
        self.last_end = self.end
        self._read(self.end)

    def resume(self, offset: int) -> None:
        """Go on reading tokens at an offset, behind text that was read in another way."""
        self.last_end = offset
        self._read(offset)

    def _read(self, offset: int) -> None:
        text = self.text
        space = _SPACE_AND_NEWLINES if self._insignificant_newlines[-1] else _SPACE
        blank = space.match(text, offset)
        assert blank is not None
        self.start = blank.end()
        token = _TOKEN.match(text, self.start)
        if token is None:
            at_end = self.start >= len(text)
            self.kind = END if at_end else INVALID
            self.end = self.start if at_end else self.start + 1
            return
        self.end = token.end()
        group = token.lastgroup
        if group == "punctuation":
            self.kind = token.group()
        elif group == "newline":
            self.kind = NEWLINE
        else:
            assert group is not None
            self.kind = group

    def word(self) -> str:
        return self.text[self.start : self.end]

    def at_word(self, word: str) -> bool:
        return self.kind == IDENTIFIER and self.word() == word

    def take(self, kind: str, summary: str, expected: str) -> None:
        """Move past a token that has to be there."""
        if self.kind != kind:
            raise self.unexpected(summary, expected)
        self.advance()

    def take_identifier(self, summary: str, expected: str) -> str:
        """Move past an identifier that has to be there, and return it."""
        word = self.word()
        self.take(IDENTIFIER, summary, expected)
        return word

    def skip_newlines(self) -> None:
        while self.kind == NEWLINE:
            self.advance()

    def open(self, *, newlines: bool) -> None:
        """Move past an opening bracket; ``newlines``: whether line breaks inside are tokens."""
        self.depth += 1
        self._insignificant_newlines.append(not newlines)
        self.advance()

    def close(self, kind: str, summary: str, expected: str) -> None:
        if self.kind != kind:
            raise self.unexpected(summary, expected)
        self.leave()
        self.advance()

    def enter(self, offset: int) -> None:
        """Begin to read tokens inside a template's ``${`` or ``%{``, behind it."""
        self.depth += 1
        self._insignificant_newlines.append(True)
        self.resume(offset)

    def leave(self) -> None:
        """End a bracket without looking at what follows it."""
        self.depth -= 1
        self._insignificant_newlines.pop()

    def set_newlines(self, *, significant: bool) -> None:
        """Change what line breaks mean inside the innermost bracket, from the next token on."""
        self._insignificant_newlines[-1] = not significant
        self._read(self.start)

    def recover(self, offset: int, depth: int) -> None:
        """Continue after a syntax error, at an offset where ``depth`` brackets are open."""
        self.depth = depth
        del self._insignificant_newlines[depth + 1 :]
        self.resume(offset)

    # Places

    def position(self, offset: int) -> Position:
        found = self._positions.get(offset)
        if found is None:
            line = bisect_right(self._line_starts, offset)
            found = self._positions[offset] = Position(line, offset - self._line_starts[line - 1] + 1)
        return found

    def range(self, start: int, end: int) -> Range:
        return Range(self.source, self.position(start), self.position(end))

    def line_start(self, offset: int) -> int:
        """Return the offset of the first character of the line that an offset lies in."""
        return self._line_starts[bisect_right(self._line_starts, offset) - 1]

    # Errors

    def problem(
        self, start: int, end: int, summary: str, detail: str, hint: str = "", *, go_on: int | None = None
    ) -> SyntaxProblem:
        """Report what is wrong between two offsets; the next item is looked for at ``go_on``, normally ``start``."""
        diagnostic = Diagnostic(summary=summary, detail=detail, hint=hint, range=self.range(start, end))
        return SyntaxProblem(diagnostic, start if go_on is None else go_on)

    def unexpected(self, summary: str, expected: str, hint: str = "") -> SyntaxProblem:
        """Report the next token, which cannot stand here; ``expected`` completes "Expected ..."."""
        if self.text.startswith("/*", self.start):
            return self.problem(
                self.start,
                self.start + 2,
                "Unterminated comment",
                "This comment has no end.",
                "Close it with */.",
                go_on=len(self.text),
            )
        if self.kind == INVALID:
            return self._invalid_character()
        shown = _SHOWN.get(self.kind) or f'"{self.word()}"'
        end = self.start if self.kind in (NEWLINE, END) else self.end
        return self.problem(self.start, end, summary, f"Expected {expected}, but found {shown}.", hint)

    def _invalid_character(self) -> SyntaxProblem:
        character = self.text[self.start]
        hint = {
            "'": 'Strings are written in double quotes: "...".',
            ";": "Write each argument on a line of its own.",
            "\u201c": "Replace the typographic quotes by plain ones.",
            "\u201d": "Replace the typographic quotes by plain ones.",
            "&": 'Did you mean "&&"?',
            "|": 'Did you mean "||"?',
            "^": "Use the function pow(base, exponent).",
        }.get(character, "")
        shown = repr(character)[1:-1] if character.isprintable() else f"U+{ord(character):04X}"
        return self.problem(
            self.start, self.end, "Invalid character", f"The character {shown} has no meaning here.", hint
        )
