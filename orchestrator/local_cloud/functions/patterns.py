"""CloudWatch Logs' filter patterns: which log events a subscription passes on.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. An event must contain all plain
terms, at least one of the ``?`` terms and none of the ``-`` terms. ``{ ... }`` compares fields of an event that is a
JSON object; no other event matches. ``%...%`` is a regular expression. Patterns for space-delimited fields (``[ip,
user, ...]``) are refused.
"""

import json
import operator
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

import re2

Matches = Callable[[str], bool]
"""Whether the text of an event matches."""

_Test = Callable[[Any], bool]
_MISSING = object()

_TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<plain>[^\s"]+))')
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<logic>&&|\|\||\(|\))
    | (?P<operator><=|>=|!=|=|<|>)
    | (?P<selector>\$(?:\.[\w@-]+|\.\["[^"]*"\]|\["[^"]*"\]|\[\d{1,9}\]|\[\*\])+)
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | %(?P<regex>[^%]+)%
    | (?P<word>[^\s()&|"=<>!]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r'\.?\["([^"]*)"\]|\.([\w@-]+)|\[(\d+|\*)\]')
_ESCAPED = re.compile(r"\\(.)")
# What regular expressions of filter patterns consist of:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
_UNSUPPORTED = re.compile(r"[^A-Za-z0-9 :_#=@/;,\-^$?\[\]{}|\\*+.]")
_LONGEST = 1024
_MOST_PARENTHESES = 50


class FilterPatternError(ValueError):
    """A pattern that CloudWatch Logs would not accept, or that is not supported here."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matches:
    """Parse a pattern, or raise FilterPatternError; an empty one matches every event."""
    text = pattern.strip()
    if len(text) > _LONGEST:
        raise FilterPatternError(f"It has more than {_LONGEST} characters.")
    if not text:
        return lambda _message: True
    if text.startswith("["):
        raise FilterPatternError("Patterns for space-delimited fields are not evaluated here.")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise FilterPatternError(f"There is no closing brace in: {pattern}")
        return _json(_Parser(text[1:-1]).parsed())
    return _terms(text)


def _terms(text: str) -> Matches:
    kinds: dict[str, list[Matches]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise FilterPatternError(f"It cannot be read from here: {text[position:]}")
        kinds[match["sign"]].append(_term(match))
        position = match.end()
    required, optional, excluded = kinds[""], kinds["?"], kinds["-"]

    def matches(message: str) -> bool:
        if any(term(message) for term in excluded) or not all(term(message) for term in required):
            return False
        # Beside required terms, optional ones have no effect.
        return bool(required) or not optional or any(term(message) for term in optional)

    return matches


def _term(match: re.Match[str]) -> Matches:
    if match["regex"] is not None:
        return _regex(match["regex"])
    if match["quoted"] is not None:
        wanted = _ESCAPED.sub(r"\1", match["quoted"])
        return lambda message: wanted in message
    # A term matches whole words: ERROR does not match ERRORS.
    word = re.compile(rf"(?<!\w){re.escape(match['plain'])}(?!\w)")
    return lambda message: word.search(message) is not None


def _regex(text: str) -> Matches:
    """Compile with re2, whose time is linear: patterns come from outside, and messages have up to 256 KiB."""
    if odd := _UNSUPPORTED.search(text):
        raise FilterPatternError(f"%{text}% contains {odd[0]}, which CloudWatch Logs does not support.")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        raise FilterPatternError(f"%{text}% is no regular expression: {error}") from error
    return lambda message: compiled.search(message.encode(errors="replace").decode()) is not None


def _json(test: _Test) -> Matches:
    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(document, dict) and test(document)

    return matches


class _Token(NamedTuple):
    kind: str
    text: str


class _Parser:
    """A recursive descent: ``||`` binds less than ``&&``, and that less than a comparison or parentheses."""

    def __init__(self, text: str) -> None:
        self._tokens: list[_Token] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise FilterPatternError(f"It cannot be read from here: {text[position:]}")
            self._tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
            position = match.end()
        if sum(token.text == "(" for token in self._tokens) > _MOST_PARENTHESES:
            raise FilterPatternError(f"It has more than {_MOST_PARENTHESES} opening parentheses.")
        self._next = 0

    def parsed(self) -> _Test:
        test = self._any()
        if self._next < len(self._tokens):
            raise FilterPatternError(f"Nothing is expected here: {self._tokens[self._next].text}")
        return test

    def _any(self) -> _Test:
        tests = [self._all()]
        while self._take("logic", "||"):
            tests.append(self._all())
        return lambda document: any(test(document) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._take("logic", "&&"):
            tests.append(self._one())
        return lambda document: all(test(document) for test in tests)

    def _one(self) -> _Test:
        if self._take("logic", "("):
            test = self._any()
            if not self._take("logic", ")"):
                raise FilterPatternError("A closing parenthesis is missing.")
            return test
        path = _path(self._expect("selector"))
        sign = self._take("operator")
        if sign is not None:
            return _comparison(path, sign.text, self._value())
        words = [self._expect("word").upper()]
        while words[-1] in ("IS", "NOT"):
            words.append(self._expect("word").upper())
        state = _STATES.get(" ".join(words))
        if state is None:
            raise FilterPatternError(f"Unknown: {' '.join(words)}")
        return lambda document: state(_values(document, path))

    def _value(self) -> _Token:
        token = self._take("quoted") or self._take("regex") or self._take("word")
        if token is None:
            raise FilterPatternError("A comparison has no value.")
        return token

    def _take(self, kind: str, text: str | None = None) -> _Token | None:
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        if token is None or token.kind != kind or text not in (None, token.text):
            return None
        self._next += 1
        return token

    def _expect(self, kind: str) -> str:
        token = self._take(kind)
        if token is None:
            raise FilterPatternError(f"A {kind} is missing.")
        return token.text


def _path(selector: str) -> tuple[str | int, ...]:
    """Return the steps of ``$.a["b"][0]``; "*" in brackets is -1."""
    steps = _STEP.findall(selector)
    return tuple(quoted or name or (-1 if index == "*" else int(index)) for quoted, name, index in steps)


def _values(document: Any, path: Sequence[str | int]) -> list[Any]:
    """Return what a selector finds; ``_MISSING`` alone if nothing."""
    found = [document]
    for step in path:
        following: list[Any] = []
        for value in found:
            if isinstance(step, str) and isinstance(value, dict) and step in value:
                following.append(value[step])
            elif step == -1 and isinstance(value, list):
                following.extend(value)
            elif isinstance(step, int) and isinstance(value, list) and step < len(value):
                following.append(value[step])
        found = following
    return found or [_MISSING]


_STATES: dict[str, Callable[[list[Any]], bool]] = {
    "IS NULL": lambda values: any(value is None for value in values),
    "IS TRUE": lambda values: any(value is True for value in values),
    "IS FALSE": lambda values: any(value is False for value in values),
    "EXISTS": lambda values: values != [_MISSING],
    "NOT EXISTS": lambda values: values == [_MISSING],
}

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _comparison(path: Sequence[str | int], sign: str, wanted: _Token) -> _Test:
    """Compare a field with a number or a text, in which ``*`` stands for anything."""
    number = _number(wanted.text) if wanted.kind == "word" else None
    if sign not in ("=", "!="):
        if number is None:
            raise FilterPatternError(f"{sign} compares numbers only, not {wanted.text}.")
        compare, bound = _ORDER[sign], number
        return lambda document: any(_is_number(value) and compare(value, bound) for value in _values(document, path))
    text = _ESCAPED.sub(r"\1", wanted.text)
    expression = _regex(wanted.text) if wanted.kind == "regex" else None

    def equal(value: Any) -> bool:
        if number is not None and _is_number(value):
            return bool(value == number)
        shown = value if isinstance(value, str) else json.dumps(value)
        return expression(shown) if expression is not None else _like(shown, text)

    def test(document: Any) -> bool:
        present = [value for value in _values(document, path) if value is not _MISSING]
        # A missing field neither equals nor differs.
        return any(equal(value) == (sign == "=") for value in present)

    return test


def _like(value: str, wanted: str) -> bool:
    if "*" not in wanted:
        return value == wanted
    # Only "*" is special here, "?" and "[" are not.
    return fnmatchcase(value, re.sub(r"([?\[])", r"[\1]", wanted))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
