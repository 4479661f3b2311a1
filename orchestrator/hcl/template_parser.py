"""Templates: quoted strings, heredocs and template files, with ``${...}`` and ``%{...}`` in them.

Reading goes in two passes, as the language is defined: first a flat sequence of texts, interpolations and directives,
to which strip markers and the indentation of ``<<-`` heredocs apply; then the tree of the directives. A text never
reaches beyond the end of a line, except in a quoted string: a strip marker ends at the line it stands in.
"""

import re
import sys
from dataclasses import dataclass, replace

from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.nodes import Expression, Literal, Template, TemplateFor, TemplateIf
from orchestrator.hcl.reader import END, IDENTIFIER, Reader

_QUOTED = re.compile(
    r'(?P<text>[^"\\$%\r\n]+)|(?P<escape>\\)|(?P<literal>\$\$\{|%%\{)|(?P<open>[$%]\{~?)|(?P<sign>[$%])'
)
_LINES = re.compile(r"(?P<text>[^$%\n]+\n?|\n)|(?P<literal>\$\$\{|%%\{)|(?P<open>[$%]\{~?)|(?P<sign>[$%])")
_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ENDINGS = ("else", "endif", "endfor")


@dataclass(slots=True)
class _Text:
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Interpolation:
    expression: Expression


@dataclass(frozen=True, slots=True)
class _Directive:
    """``word`` is if, else, endif, for or endfor; the names belong to for, the expression to if and for."""

    word: str
    start: int
    end: int
    expression: Expression | None = None
    key_name: str | None = None
    value_name: str = ""


_Part = _Text | _Interpolation | _Directive


def quoted(reader: Reader) -> Expression:
    """Parse a quoted template; the next token is its opening quote."""
    start = reader.start
    parts, offset = _scan(reader, reader.end, _QUOTED)
    if offset >= len(reader.text):
        raise reader.problem(
            start, start + 1, "Unterminated string", "This string has no closing quote.", 'Close it with ".'
        )
    if reader.text[offset] != '"':
        raise reader.problem(
            start,
            offset,
            "Invalid multi-line string",
            "A quoted string has to end in the line that it begins in.",
            'Close it with ", write \\n for a line break, or use a heredoc: <<EOT.',
        )
    reader.resume(offset + 1)
    return _expression(reader, parts, start, offset + 1)


def heredoc(reader: Reader) -> Expression:
    """Parse a heredoc; the next token is its ``<<NAME`` with the line break."""
    start = reader.start
    introducer = reader.word().rstrip()
    flush = introducer.startswith("<<-")
    name = introducer.removeprefix("<<").removeprefix("-")
    terminator = re.compile(rf"[ \t]*{re.escape(name)}[ \t]*(?=\r?\n)")
    parts, offset = _scan(reader, reader.end, _LINES, terminator)
    end = terminator.match(reader.text, offset)
    if end is None:
        last_line = reader.text[reader.line_start(len(reader.text)) :]
        hint = (
            f"End the last line of the file, {name}, with a line break."
            if last_line.strip() == name
            else f"End it with a line that holds nothing but {name}."
        )
        raise reader.problem(
            start,
            start + len(introducer),
            "Unterminated heredoc",
            f"No line with {name} ends this heredoc.",
            hint,
            go_on=len(reader.text),
        )
    if flush:
        _take_indentation_off(parts)
    reader.resume(end.end())
    return _expression(reader, parts, start, end.end())


def bare(reader: Reader) -> Expression:
    """Parse the whole text as a template."""
    parts, offset = _scan(reader, 0, _LINES)
    return _expression(reader, parts, 0, offset)


# From characters to parts


def _scan(
    reader: Reader, offset: int, pattern: re.Pattern[str], terminator: re.Pattern[str] | None = None
) -> tuple[list[_Part], int]:
    """Read parts up to the first character that ``pattern`` does not know, or to the terminator at a line's start."""
    text = reader.text
    parts: list[_Part] = []
    strip_next = False
    at_line_start = True
    while True:
        if terminator is not None and at_line_start and terminator.match(text, offset):
            return parts, offset
        found = pattern.match(text, offset)
        if found is None:
            return parts, offset
        if found.lastgroup == "open":
            if found.group().endswith("~") and parts and isinstance(last := parts[-1], _Text):
                last.value = last.value.rstrip()
            part, offset, strip_next = _sequence(reader, found)
            parts.append(part)
            at_line_start = False
            continue
        start = offset
        value, offset = _text(reader, pattern, found)
        at_line_start = value.endswith("\n")
        parts.append(_Text(value.lstrip() if strip_next else value, start, offset))
        strip_next = False


def _text(reader: Reader, pattern: re.Pattern[str], found: re.Match[str]) -> tuple[str, int]:
    """Read plain text to the end of the line, or in a quoted template to the next sequence."""
    pieces: list[str] = []
    following: re.Match[str] | None = found
    offset = found.start()
    while following is not None and following.lastgroup != "open":
        match following.lastgroup:
            case "literal":
                pieces.append(following.group()[1:])
                offset = following.end()
            case "escape":
                piece, offset = _escape(reader, offset)
                pieces.append(piece)
            case _:
                pieces.append(following.group())
                offset = following.end()
        if pattern is _LINES and pieces[-1].endswith("\n"):
            break
        following = pattern.match(reader.text, offset)
    return "".join(pieces), offset


def _escape(reader: Reader, offset: int) -> tuple[str, int]:
    found = _ESCAPE.match(reader.text, offset)
    simple, *codes = found.groups() if found else ("", None, None)
    code = next((int(digits, 16) for digits in codes if digits), 0)
    if found is None or code > sys.maxunicode or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004 - the surrogates of UTF-16
        raise reader.problem(
            offset,
            min(offset + 2, len(reader.text)),
            "Invalid escape sequence",
            f"{reader.text[offset : offset + 2].strip()} is no escape sequence.",
            'Valid are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN; write \\\\ for a backslash.',
        )
    return _SIMPLE_ESCAPES[simple] if simple else chr(code), found.end()


def _sequence(reader: Reader, found: re.Match[str]) -> tuple[_Part, int, bool]:
    """Parse ``${...}`` or ``%{...}``; returns it, the offset behind it and whether it ends with ``~}``."""
    reader.enter(found.end())
    start = found.start()
    part: _Part
    part = _Interpolation(reader.expression()) if found.group().startswith("$") else _directive(reader, start)
    if reader.kind not in ("}", "~}"):
        if reader.kind == END:
            raise reader.problem(
                start,
                found.end(),
                "Unclosed template sequence",
                f'There is no "}}" that closes this {found.group()[:2]}.',
                'Close it with "}".',
            )
        literal = found.group()[0] * 2 + "{"
        raise reader.unexpected(
            "Extra characters in template sequence",
            f'a "}}" that closes {found.group()[:2]}',
            f"If the text is meant for another language, write {literal} instead.",
        )
    strip = reader.kind == "~}"
    end = reader.end
    reader.leave()
    if isinstance(part, _Directive):
        part = replace(part, end=end)
    return part, end, strip


def _directive(reader: Reader, start: int) -> _Directive:
    word = reader.word() if reader.kind == IDENTIFIER else ""
    if word in _ENDINGS:
        reader.advance()
        return _Directive(word, start, reader.last_end)
    if word == "if":
        reader.advance()
        return _Directive(word, start, reader.last_end, reader.expression())
    if word == "for":
        reader.advance()
        key_name, value_name = for_names(reader, "Invalid for directive")
        collection = reader.expression()
        return _Directive(word, start, reader.last_end, collection, key_name, value_name)
    raise reader.unexpected(
        "Invalid template directive",
        'one of the words if, else, endif, for, endfor after "%{"',
        "If the text is meant for another language, write %%{ instead.",
    )


def _take_indentation_off(parts: list[_Part]) -> None:
    """Take the indentation that all lines of a ``<<-`` heredoc share off their starts."""
    indentation: int | None = None
    first_texts: list[_Text] = []
    at_line_start = True
    for part in parts:
        if at_line_start:
            spaces: int | None = 0
            if isinstance(part, _Text):
                stripped = part.value.lstrip()
                if not stripped and part.value.endswith("\n"):
                    spaces = None
                else:
                    spaces = len(part.value) - len(stripped)
                    first_texts.append(part)
            if spaces is not None and (indentation is None or spaces < indentation):
                indentation = spaces
        at_line_start = isinstance(part, _Text) and part.value.endswith("\n")
    for text in first_texts:
        text.value = text.value[indentation:]


# From parts to a tree


def _expression(reader: Reader, parts: list[_Part], start: int, end: int) -> Expression:
    tree = _Tree(reader, parts)
    found, _ = tree.read(None)
    place = reader.range(start, end)
    if not found:
        return Literal(value="", range=place)
    if len(found) == 1 and isinstance(parts[0], _Text):
        # A string without interpolations is a literal, and its place includes the quotes.
        return replace(found[0], range=place)
    return Template(parts=found, range=place)


@dataclass(slots=True)
class _Tree:
    reader: Reader
    parts: list[_Part]
    next: int = 0

    def read(self, opener: _Directive | None) -> tuple[tuple[Expression, ...], _Directive | None]:
        """Read up to the directive that ends ``opener``; returns what is before it, and the directive."""
        found: list[Expression] = []
        while self.next < len(self.parts):
            part = self.parts[self.next]
            self.next += 1
            if isinstance(part, _Text):
                found.append(self._literal(part))
            elif isinstance(part, _Interpolation):
                found.append(part.expression)
            elif part.word == "if":
                found.append(self._if(part))
            elif part.word == "for":
                found.append(self._for(part))
            else:
                self._check(part, opener)
                return tuple(found), part
        if opener is not None:
            end = "endfor" if opener.word == "for" else "endif"
            raise self.reader.problem(
                opener.start,
                opener.end,
                "Unclosed template directive",
                f"There is no %{{ {end} }} for this %{{ {opener.word} }}.",
                f"Close it with %{{ {end} }}.",
            )
        return tuple(found), None

    def _literal(self, first: _Text) -> Literal:
        values = [first.value]
        end = first.end
        while self.next < len(self.parts) and isinstance(text := self.parts[self.next], _Text):
            values.append(text.value)
            end = text.end
            self.next += 1
        return Literal(value=composed("".join(values)), range=self.reader.range(first.start, end))

    def _if(self, opener: _Directive) -> TemplateIf:
        assert opener.expression is not None
        then, end = self.read(opener)
        assert end is not None
        then_range = self.reader.range(opener.end, end.start)
        otherwise: tuple[Expression, ...] = ()
        otherwise_range = self.reader.range(end.start, end.start)
        if end.word == "else":
            middle = end
            otherwise, end = self.read(middle)
            assert end is not None
            otherwise_range = self.reader.range(middle.end, end.start)
        return TemplateIf(
            condition=opener.expression,
            then=Template(parts=then, range=then_range),
            otherwise=Template(parts=otherwise, range=otherwise_range),
            range=self.reader.range(opener.start, end.end),
        )

    def _for(self, opener: _Directive) -> TemplateFor:
        assert opener.expression is not None
        body, end = self.read(opener)
        assert end is not None
        return TemplateFor(
            key_name=opener.key_name,
            value_name=opener.value_name,
            collection=opener.expression,
            body=Template(parts=body, range=self.reader.range(opener.end, end.start)),
            range=self.reader.range(opener.start, end.end),
        )

    def _check(self, end: _Directive, opener: _Directive | None) -> None:
        """Refuse an else, endif or endfor that does not belong to the open directive."""
        allowed = {None: (), "if": ("else", "endif"), "else": ("endif",), "for": ("endfor",)}
        wanted = allowed[opener.word if opener else None]
        if end.word in wanted:
            return
        detail = (
            f"Expected {' or '.join(f'%{{ {word} }}' for word in wanted)} for the %{{ {opener.word} }} "
            f"in line {self.reader.position(opener.start).line}, but found %{{ {end.word} }}."
            if opener
            else f"No directive is open here that %{{ {end.word} }} could belong to."
        )
        raise self.reader.problem(end.start, end.end, "Unexpected template directive", detail)


def for_names(reader: Reader, summary: str) -> tuple[str | None, str]:
    """Parse ``key, value in`` of a for expression or directive, behind its ``for``."""
    key_name = None
    value_name = reader.take_identifier(summary, 'the name of a variable after "for"')
    if reader.kind == ",":
        reader.advance()
        key_name = value_name
        value_name = reader.take_identifier(summary, 'the name of a second variable after ","')
    if not reader.at_word("in"):
        raise reader.unexpected(summary, '"in" and a collection after the names of the variables')
    reader.advance()
    return key_name, value_name
