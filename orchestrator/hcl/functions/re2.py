"""Regular expressions in RE2's syntax, translated to Python's ``re``.

Terraform's patterns are RE2: no look-around, no back-references, flags that may change half-way, ASCII classes. Each
piece is translated on its own and carries its own flags, so that the translation depends on none of ``re``'s global
ones. What RE2 refuses is refused here, also where Python would take it, and with RE2's reasons.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from orchestrator.hcl.functions.character_classes import Ranges, as_python
from orchestrator.hcl.functions.re2_class import read_class
from orchestrator.hcl.functions.re2_escape import PatternError, read_escape

_LARGEST_REPEAT = 1000
_REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_NAME = re.compile(r"\(\?P?<([^>]*)>")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        compiled: the translation.
        names: the name of each group, or None for one without.

    """

    compiled: re.Pattern[str]
    names: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Compiles a pattern in RE2's syntax; raises PatternError."""
    translator = _Translator(text)
    translated = translator.alternatives(_Flags())
    if translator.at < len(text):
        raise PatternError("unexpected )", text)
    return Pattern(compiled=re.compile(translated), names=tuple(translator.names))


class _Translator:
    """Reads a pattern from left to right; ``at`` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.names: list[str | None] = []

    def alternatives(self, flags: _Flags) -> str:
        """Everything up to the closing parenthesis of the group, or the end. Flags set inside hold until there."""
        parts: list[str] = []
        atom = ""
        while self.at < len(self.text) and self.text[self.at] != ")":
            character = self.text[self.at]
            if character == "|":
                self.at += 1
                parts += [atom, "|"]
                atom = ""
            elif self._at_repeat():
                parts.append(self._repeated(atom, flags))
                atom = ""
            elif (changed := self._flags(flags)) is not None:
                parts.append(atom)
                flags, atom = changed, ""
            elif self.text.startswith("\\Q", self.at):
                # A repetition that follows binds to the last character alone.
                *before, atom = [atom, *self._quoted(flags)]
                parts += before
            else:
                parts.append(atom)
                atom = self._atom(flags)
        return "".join([*parts, atom])

    def _at_repeat(self) -> bool:
        return self.text[self.at] in "*+?" or bool(_REPEAT.match(self.text, self.at))

    def _repeated(self, atom: str, flags: _Flags) -> str:
        start = self.at
        operator = self._operator()
        if not atom:
            raise PatternError("missing argument to repetition operator", operator)
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        if self.at < len(self.text) and self._at_repeat():
            self._operator()
            raise PatternError("invalid nested repetition operator", self.text[start : self.at])
        return f"(?:{atom}){operator}{'?' if lazy != flags.U else ''}"

    def _operator(self) -> str:
        counted = _REPEAT.match(self.text, self.at)
        operator = counted.group() if counted else self.text[self.at]
        if counted:
            low = int(counted[1])
            high = int(counted[3]) if counted[3] else low
            if max(low, high) > _LARGEST_REPEAT or high < low:
                raise PatternError("invalid repeat count", operator)
        self.at += len(operator)
        return operator

    def _flags(self, flags: _Flags) -> _Flags | None:
        """The flags after ``(?i)``; None if something else comes."""
        found = _FLAGS.match(self.text, self.at)
        if found is None or found[3] != ")":
            return None
        self.at = found.end()
        return _changed(flags, found)

    def _atom(self, flags: _Flags) -> str:
        character = self.text[self.at]
        if character == "(":
            return self._group(flags)
        if character == "[":
            members, self.at = read_class(self.text, self.at)
            return _class(members, flags)
        if character == "\\":
            return self._escape(flags)
        self.at += 1
        match character:
            case ".":
                return "(?s:.)" if flags.s else r"[^\n]"
            case "^":
                return "(?m:^)" if flags.m else r"\A"
            case "$":
                return r"(?=\n|\Z)" if flags.m else r"\Z"
        return _literal(character, flags)

    def _group(self, flags: _Flags) -> str:
        start = self.at
        opening = "("
        if self.text.startswith("(?", self.at):
            named = _NAME.match(self.text, self.at)
            scoped = _FLAGS.match(self.text, self.at)
            if named and re.fullmatch(r"[0-9A-Za-z_]+", named[1]):
                self.names.append(named[1])
                self.at = named.end()
            elif scoped:
                flags, opening = _changed(flags, scoped), "(?:"
                self.at = scoped.end()
            elif named and not named[1].startswith(("=", "!")):
                raise PatternError("invalid named capture", named.group())
            else:
                raise PatternError("invalid or unsupported Perl syntax", self.text[start : start + 3])
        else:
            self.names.append(None)
            self.at += 1
        inner = self.alternatives(flags)
        if self.at >= len(self.text):
            raise PatternError("missing closing )", self.text)
        self.at += 1
        return f"{opening}{inner})"

    def _escape(self, flags: _Flags) -> str:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter and letter in "AzbB":
            self.at += 2
            return {"A": r"\A", "z": r"\Z", "b": r"(?a:\b)", "B": r"(?a:\B)"}[letter]
        item, self.at = read_escape(self.text, self.at)
        return _literal(chr(item), flags) if isinstance(item, int) else _class(item, flags)

    def _quoted(self, flags: _Flags) -> list[str]:
        r"""The literal characters between ``\Q`` and ``\E``; a missing end is the end of the pattern."""
        end = self.text.find("\\E", self.at + 2)
        quoted = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
        self.at = end + 2 if end >= 0 else len(self.text)
        return [_literal(character, flags) for character in quoted]


def _changed(flags: _Flags, found: re.Match[str]) -> _Flags:
    on = dict.fromkeys(found[1], True)
    off = dict.fromkeys(found[2] or "", False)
    return replace(flags, **on, **off)


def _literal(character: str, flags: _Flags) -> str:
    escaped = re.escape(character)
    return f"(?i:{escaped})" if flags.i and character.upper() != character.lower() else escaped


def _class(members: Ranges, flags: _Flags) -> str:
    return f"(?i:{as_python(members)})" if flags.i else as_python(members)
