"""Formats configuration as ``terraform fmt`` does: indentation, one space between tokens, signs and comments in columns.

The text is cut into tokens and never parsed, so comments, blank lines and the spelling of every token stay as they are. Only
the space between tokens changes. Terraform's rules are described at
https://developer.hashicorp.com/terraform/language/style; what they leave open follows ``terraform fmt`` itself, with which a
test compares.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from orchestrator.hcl.parse import parse_text


class TokenKind(Enum):
    """What a token is, as far as the space around it depends on it."""

    IDENTIFIER = auto()
    NUMBER = auto()
    QUOTE_OPEN = auto()
    QUOTE_CLOSE = auto()
    TEXT = auto()
    """Literal text in a string or a heredoc."""
    HEREDOC_OPEN = auto()
    HEREDOC_CLOSE = auto()
    INTERPOLATION = auto()
    """``${`` or ``%{``."""
    INTERPOLATION_END = auto()
    OPEN = auto()
    CLOSE = auto()
    SIGN = auto()
    """Any other punctuation."""
    COMMENT = auto()
    NEWLINE = auto()
    NOTHING = auto()


@dataclass(slots=True)
class Token:
    """A piece of the text, and the spaces before it."""

    kind: TokenKind
    text: str
    spaces: int = 0

    @property
    def is_newline(self) -> bool:
        """Whether a line ends with it; a comment to the end of the line includes the line break."""
        return self.kind is TokenKind.NEWLINE or (self.kind is TokenKind.COMMENT and self.text.endswith("\n"))

    @property
    def nesting(self) -> int:
        """How many brackets it opens, less those that it closes."""
        if self.kind in {TokenKind.OPEN, TokenKind.INTERPOLATION}:
            return 1
        return -1 if self.kind in {TokenKind.CLOSE, TokenKind.INTERPOLATION_END} else 0

    def is_sign(self, *signs: str) -> bool:
        return self.kind in {TokenKind.SIGN, TokenKind.OPEN, TokenKind.CLOSE} and self.text in signs


_NOTHING = Token(TokenKind.NOTHING, "")


@dataclass(slots=True)
class FormattedLine:
    """A line in three cells: what stands before the sign of an attribute, the sign with its value, and the comment.

    A multi-line string belongs to the line that it begins in.
    """

    lead: list[Token]
    value: list[Token]
    comment: list[Token]

    def tokens(self) -> Iterator[Token]:
        yield from self.lead
        yield from self.value
        yield from self.comment


def format_text(text: str, path: Path) -> str:
    """Return the text in its canonical form; raises ConfigurationError if it is not valid."""
    parse_text(text, path)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    tokens = list(_Scanner(text.removeprefix("\ufeff")).code())
    # terraform fmt leaves what stands behind the last token as it is.
    end = " " * tokens.pop().spaces if tokens and tokens[-1].kind is TokenKind.NOTHING else ""
    lines = list(_lines(tokens))
    _indent(lines)
    _space(lines)
    _align(lines)
    return mark + "".join(" " * token.spaces + token.text for line in lines for token in line.tokens()) + end


# Text to tokens

_TOKEN = re.compile(
    r"""
    (?P<newline>\r?\n)
  | (?P<comment>(?:\#|//)[^\n]*(?:\n|\Z)|/\*(?s:.*?)\*/)
  | (?P<heredoc><<-?(?P<name>[^\W\d][\w-]*)\r?\n)
  | (?P<identifier>[^\W\d][\w-]*)
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<quote>")
  | (?P<open>[({\[])
  | (?P<end>~\})
  | (?P<close>[)}\]])
  | (?P<sign>\.\.\.|=>|==|!=|<=|>=|&&|\|\||::|.)
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"(?:[ \t]|\r(?!\n))+")
_INTERPOLATION = re.compile(r"[$%]\{~?")
_QUOTED = re.compile(r'(?:\\.|\$\$\{|%%\{|(?![$%]\{)[^"\\\n])+')
_KINDS = {
    "newline": TokenKind.NEWLINE,
    "comment": TokenKind.COMMENT,
    "identifier": TokenKind.IDENTIFIER,
    "number": TokenKind.NUMBER,
    "open": TokenKind.OPEN,
    "close": TokenKind.CLOSE,
    "sign": TokenKind.SIGN,
}


class _Scanner:
    """Cuts a valid text into tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def code(self, *, until_end: bool = False) -> Iterator[Token]:
        """Yield tokens to the end of the text, or to the end of an interpolation."""
        depth = 0
        while self._at < len(self._text):
            blank = _SPACE.match(self._text, self._at)
            spaces = len(blank.group()) if blank else 0
            self._at += spaces
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                yield Token(TokenKind.NOTHING, "", spaces)
                return
            group = str(found.lastgroup)
            group = "heredoc" if group == "name" else group
            if until_end and depth == 0 and group in {"close", "end"} and found.group().endswith("}"):
                self._at = found.end()
                yield Token(TokenKind.INTERPOLATION_END, found.group(), spaces)
                return
            if group == "end":
                # Not the end of an interpolation: the tilde stands alone.
                yield Token(TokenKind.SIGN, "~", spaces)
                self._at += 1
                continue
            self._at = found.end()
            depth += (group == "open") - (group == "close")
            if group == "quote":
                yield Token(TokenKind.QUOTE_OPEN, '"', spaces)
                yield from self._quoted()
            elif group == "heredoc":
                yield Token(TokenKind.HEREDOC_OPEN, found.group(), spaces)
                yield from self._heredoc(found.group("name"))
            else:
                yield Token(_KINDS[group], found.group(), spaces)

    def _quoted(self) -> Iterator[Token]:
        while self._text[self._at] != '"':
            begins = _INTERPOLATION.match(self._text, self._at)
            if begins:
                self._at = begins.end()
                yield Token(TokenKind.INTERPOLATION, begins.group())
                yield from self.code(until_end=True)
                continue
            literal = _QUOTED.match(self._text, self._at)
            end = literal.end() if literal else self._at + 1
            yield Token(TokenKind.TEXT, self._text[self._at : end])
            self._at = end
        yield Token(TokenKind.QUOTE_CLOSE, '"')
        self._at += 1

    def _heredoc(self, name: str) -> Iterator[Token]:
        closing = re.compile(rf"[ \t]*{re.escape(name)}(?=\r?\n|\Z)")
        begin = self._at
        at_line_start = True
        while self._at < len(self._text):
            end = closing.match(self._text, self._at) if at_line_start else None
            escaped = self._text.startswith(("$${", "%%{"), self._at)
            begins = None if escaped else _INTERPOLATION.match(self._text, self._at)
            if end or begins:
                if begin < self._at:
                    yield Token(TokenKind.TEXT, self._text[begin : self._at])
                if end:
                    yield Token(TokenKind.HEREDOC_CLOSE, end.group())
                    self._at = end.end()
                    return
                assert begins is not None
                self._at = begins.end()
                yield Token(TokenKind.INTERPOLATION, begins.group())
                yield from self.code(until_end=True)
                begin = self._at
                at_line_start = False
                continue
            at_line_start = self._text[self._at] == "\n"
            self._at += 3 if escaped else 1


# Tokens to lines


def _lines(tokens: Sequence[Token]) -> Iterator[FormattedLine]:
    row: list[Token] = []
    for token in tokens:
        row.append(token)
        if token.is_newline:
            yield _cells(row)
            row = []
    if row:
        yield _cells(row)


def _cells(row: list[Token]) -> FormattedLine:
    comment: list[Token] = []
    if len(row) > 1 and row[-1].kind is TokenKind.COMMENT:
        row, comment = row[:-1], row[-1:]
    at = next((number for number, token in enumerate(row) if number and token.is_sign("=")), None)
    # A value that goes on in the next line is not aligned with its neighbours.
    if at is not None and sum(token.nesting for token in row[at:]) == 0:
        return FormattedLine(lead=row[:at], value=row[at:], comment=comment)
    return FormattedLine(lead=row, value=[], comment=comment)


# The space before each token


def _indent(lines: Sequence[FormattedLine]) -> None:
    """Indent by two for every earlier line that has left brackets open, however many it has left open."""
    levels: list[int] = []
    for line in lines:
        if not line.lead:
            continue
        if line.lead[0].kind is TokenKind.NEWLINE:
            line.lead[0].spaces = 0
            continue
        change = 0
        for token in (*line.lead, *line.value):
            change += token.nesting
            if token.kind is TokenKind.HEREDOC_OPEN:
                break
        if change > 0:
            line.lead[0].spaces = 2 * len(levels)
            levels.append(change)
            continue
        while change < 0 and levels:
            closed = min(-change, levels[-1])
            levels[-1] -= closed
            change += closed
            if not levels[-1]:
                levels.pop()
        line.lead[0].spaces = 2 * len(levels)


def _space(lines: Sequence[FormattedLine]) -> None:
    for line in lines:
        if line.value:
            line.value[0].spaces = 1
        for cell in (line.lead, line.value):
            for number, token in enumerate(cell[1:], start=1):
                before = cell[number - 2] if number > 1 else _NOTHING
                token.spaces = int(_is_apart(cell[number - 1], token, before))


_LITERAL_BEFORE = {TokenKind.TEXT, TokenKind.QUOTE_OPEN, TokenKind.HEREDOC_OPEN}
_LITERAL_AFTER = {TokenKind.TEXT, TokenKind.QUOTE_CLOSE, TokenKind.HEREDOC_CLOSE}
_NEGATION_AFTER = frozenset(
    {"(", "{", "[", "=", ":", ",", "?", "+", "*", "/", "%", "-", "==", "!=", ">", ">=", "<", "<=", "&&", "||", "!"}
)
"""Behind these a minus sign is one of a number, and not an operator."""


def _is_apart(left: Token, right: Token, before: Token) -> bool:
    """Tell whether there is a space between two tokens. ``before``: the token before the left one."""
    rules = (
        (right.kind is TokenKind.NEWLINE, False),
        # Calls, and their namespaces.
        (left.kind is TokenKind.IDENTIFIER and right.is_sign("("), False),
        (left.is_sign("::") or right.is_sign("::"), False),
        (left.is_sign(".") or right.is_sign("."), False),
        (right.is_sign(",", "..."), False),
        (left.is_sign(","), True),
        (left.kind in _LITERAL_BEFORE or right.kind in _LITERAL_AFTER, False),
        # "for x in [1]", which is no index.
        (left.kind is TokenKind.IDENTIFIER and left.text == "in" and before.kind is TokenKind.IDENTIFIER, True),
        (right.is_sign("[") and (left.kind in {TokenKind.IDENTIFIER, TokenKind.NUMBER} or left.nesting < 0), False),
        (left.is_sign("!"), False),
        (left.is_sign("-"), not (before.kind is TokenKind.NOTHING or before.is_sign(*_NEGATION_AFTER))),
        (left.is_sign("{") or right.is_sign("}"), not (left.is_sign("{") and right.is_sign("}"))),
        # An object alone in an interpolation.
        (left.kind is TokenKind.INTERPOLATION and right.is_sign("{"), True),
        (left.is_sign("}") and right.kind is TokenKind.INTERPOLATION_END, True),
        (left.kind is TokenKind.INTERPOLATION_END and right.kind is TokenKind.INTERPOLATION, False),
        (left.nesting > 0 or right.nesting < 0, False),
    )
    return next((apart for applies, apart in rules if applies), True)


def _align(lines: Sequence[FormattedLine]) -> None:
    """Put the signs of neighbouring attributes into one column, and then the comments of neighbouring lines."""
    for group in _groups(lines, "value"):
        width = max(_width(line.lead) for line in group)
        for line in group:
            line.value[0].spaces = width - _width(line.lead) + 1
    for group in _groups(lines, "comment"):
        width = max(_width([*line.lead, *line.value]) for line in group)
        for line in group:
            line.comment[0].spaces = width - _width([*line.lead, *line.value]) + 1


def _groups(lines: Sequence[FormattedLine], cell: str) -> Iterator[list[FormattedLine]]:
    """Yield the runs of neighbouring lines that have something in a cell."""
    group: list[FormattedLine] = []
    for line in lines:
        if getattr(line, cell):
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _width(tokens: Sequence[Token]) -> int:
    """Count the characters that a reader sees; accents that are characters of their own do not count."""
    return sum(token.spaces + sum(not unicodedata.combining(sign) for sign in token.text) for token in tokens)
