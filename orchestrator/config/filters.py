"""Filters: which units a command works on, in the expressions of Terragrunt's ``--filter``.

``vpc`` (a name), ``./data/**`` (a path), ``name=``, ``type=``, ``external=``, ``reading=`` and ``source=`` (attributes),
``[main...HEAD]`` (what a git change affects); ``...vpc`` adds dependents, ``vpc...`` dependencies, with a number only so many
steps, and ``^`` leaves the unit itself out; ``!`` negates, ``|`` intersects. Several filters are a union; those that begin
with ``!`` take away from it.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from orchestrator.config.stack_file import ComponentKind
from orchestrator.diagnostics import (
    Collector,
    ConfigurationError,
    Position,
    Range,
    Source,
    did_you_mean,
    failure,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A unit or a stack, as filters see it.

    ``external``: it lies outside the working folder. ``source``: what its terraform block says; ``files``: the files that
    it reads. Both are asked for only when a filter needs them.
    """

    folder: Path
    kind: ComponentKind = ComponentKind.UNIT
    dependencies: tuple[Path, ...] = ()
    external: bool = False
    source: Callable[[], str] = str
    files: Callable[[], frozenset[Path]] = frozenset


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everything that filters choose from.

    ``bases``: the folders in which relative paths start. ``changed``: returns the folders of what differs between two
    revisions of the repository.
    """

    components: Mapping[Path, Component]
    bases: tuple[Path, ...]
    changed: Callable[[str, str], frozenset[Path]]


# Expressions


class Criterion(StrEnum):
    """What ``key=value`` may ask for."""

    NAME = "name"
    TYPE = "type"
    EXTERNAL = "external"
    READING = "reading"
    SOURCE = "source"


_VALUES = {Criterion.TYPE: tuple(ComponentKind), Criterion.EXTERNAL: ("true", "false")}
"""The attributes with a closed set of values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Components with an attribute, or at a path (``attribute`` is None), that fits a pattern."""

    pattern: str
    attribute: Criterion | None
    place: Range = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Components that differ between two revisions."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What depends on the targets, and what they depend on: so many steps, None for any number, 0 for none."""

    target: "Expression"
    dependents: int | None
    dependencies: int | None
    without_target: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """Everything but."""

    expression: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intersection:
    """What fits all of them."""

    expressions: tuple["Expression", ...]


Expression: TypeAlias = Matching | Changed | Nearby | Negation | Intersection

# Text to expressions

_BEFORE = re.compile(r"(\d*)\.\.\.(?=.)")
_AFTER = re.compile(r"\.\.\.(\d*)\Z")
_KEY = re.compile(r"\s*([A-Za-z_-]+)\s*=\s*")
_CLOSING = {"{": "}", "[": "]"}
_REVISION = re.compile(r"[^-\s\[][^\s\[]*")
"""git would take a revision that begins with a hyphen for an option."""


def parse_filter(text: str) -> Expression:
    """Parse a filter; raises ConfigurationError with the place in the expression."""
    source = Source(Path("--filter"), text)
    collector = Collector()
    expressions: list[Expression] = []
    for start, end in _terms(text):
        try:
            expressions.append(_Term(source, start, end).parse())
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    return expressions[0] if len(expressions) == 1 else Intersection(expressions=tuple(expressions))


def _terms(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of what stands between the bars, without the space around it."""
    begin, closing = 0, ""
    for at, character in enumerate(f"{text}|"):
        if closing:
            closing = "" if character == closing else closing
            if at < len(text):
                continue
        elif character in _CLOSING:
            closing = _CLOSING[character]
        if at == len(text) or character == "|":
            part = text[begin:at]
            start = begin + len(part) - len(part.lstrip())
            yield start, max(start, begin + len(part.rstrip()))
            begin = at + 1


class _Term:
    """One operand of an intersection: a text between two offsets, which is used up from both ends."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self._source = source
        self._start = start
        self._end = end

    @property
    def _rest(self) -> str:
        return self._source.text[self._start : self._end]

    def parse(self) -> Expression:
        negated = False
        while self._rest.startswith("!"):
            negated = not negated
            self._skip(1)
        expression = self._nearby()
        return Negation(expression=expression) if negated else expression

    def _nearby(self) -> Expression:
        before, after = _BEFORE.match(self._rest), None
        if before:
            self._start += before.end()
        without_target = self._rest.startswith("^")
        caret = self._start
        if without_target:
            self._skip(1)
        after = _AFTER.search(self._rest)
        if after:
            self._end -= len(after.group())
        target = self._target()
        if before or after:
            return Nearby(
                target=target,
                dependents=_steps(before.group(1)) if before else 0,
                dependencies=_steps(after.group(1)) if after else 0,
                without_target=without_target,
            )
        if without_target:
            raise self._failure(
                'Without "..." nothing is left when the unit itself is left out.',
                "Write ...^unit for its dependents, or ^unit... for its dependencies.",
                start=caret,
                end=caret + 1,
            )
        return target

    def _target(self) -> Expression:
        text = self._rest
        if not text:
            raise self._failure(
                "Something to look for is missing here.", 'Write a name, a path such as "./data/**", or name=...'
            )
        if text[0] in _CLOSING:
            closing = _CLOSING[text[0]]
            if len(text) == 1 or not text.endswith(closing):
                raise self._failure(
                    f'"{text[0]}" and "{closing}" have to stand around the whole of it.', f'Close it with "{closing}".'
                )
            self._start += 1
            self._end -= 1
            return self._changed() if closing == "]" else self._matching(None)
        key = _KEY.match(text)
        if key:
            return self._attribute(key)
        return self._matching(None if "/" in text or text in {".", ".."} else Criterion.NAME)

    def _attribute(self, key: re.Match[str]) -> Expression:
        name = key.group(1)
        if name not in set(Criterion):
            known = ", ".join(Criterion)
            raise self._failure(
                f'There is no attribute "{name}".',
                did_you_mean(name, Criterion) or f"The attributes are {known}.",
                start=self._start + key.start(1),
                end=self._start + key.end(1),
            )
        self._start += key.end()
        found = self._matching(Criterion(name))
        allowed = _VALUES.get(Criterion(name))
        if allowed and found.pattern not in allowed:
            raise self._failure(
                f'{name} cannot be "{found.pattern}".',
                did_you_mean(found.pattern, allowed) or f"Write {' or '.join(allowed)}.",
            )
        return found

    def _matching(self, attribute: Criterion | None) -> Matching:
        pattern = self._rest
        if not pattern.strip():
            raise self._failure("A value is missing here.", "Write what to look for.")
        try:
            compile_pattern(pattern)
        except re.error:
            raise self._failure(
                f'"{pattern}" is no pattern: a bracket is not closed.', "Close it, or write \\[."
            ) from None
        return Matching(pattern=pattern, attribute=attribute, place=self._place())

    def _changed(self) -> Changed:
        revisions = [part.strip() for part in self._rest.split("...")]
        most = 2
        if len(revisions) > most or any(not _REVISION.fullmatch(part) or ".." in part for part in revisions):
            raise self._failure("This does not name one or two revisions.", "Write [main] or [main...HEAD].")
        return Changed(old=revisions[0], new=revisions[1] if len(revisions) == most else "HEAD")

    def _skip(self, count: int) -> None:
        self._start += count
        self._start += len(self._rest) - len(self._rest.lstrip())

    def _place(self, start: int | None = None, end: int | None = None) -> Range:
        start = self._start if start is None else start
        end = self._end if end is None else end
        return Range(self._source, Position(1, start + 1), Position(1, max(end, start + 1) + 1))

    def _failure(
        self, detail: str, hint: str, *, start: int | None = None, end: int | None = None
    ) -> ConfigurationError:
        return failure(self._place(start, end), "Malformed filter", detail, hint)


def _steps(digits: str) -> int | None:
    return int(digits[:9]) if digits else None


# Patterns


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return what fits a pattern as a whole; raises re.error where a bracket is not closed.

    ``*`` and ``?`` stay within a name, ``**`` crosses slashes; ``/**/`` also fits a single slash, and ``/**`` at the end the
    folder itself. ``[abc]``, ``[!abc]``, ``{a,b}`` and ``\`` as in a shell.
    """
    parts: list[str] = []
    at, depth = 0, 0
    while at < len(pattern):
        for text, expression in _WILDCARDS.items():
            if pattern.startswith(text, at) and (text != "/**" or at + len(text) == len(pattern)):
                parts.append(expression)
                at += len(text)
                break
        else:
            character = pattern[at]
            at += 1
            if character == "[":
                end = pattern.find("]", at + 1)
                if end < 0:
                    raise re.error("unclosed bracket")
                members = pattern[at:end]
                negated = members[0] in "!^"
                escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", members[1:] if negated else members)
                parts.append(f"[{'^' if negated else ''}{escaped}]")
                at = end + 1
            elif character == "{":
                depth += 1
                parts.append("(?:")
            elif character in ",}" and depth:
                depth -= character == "}"
                parts.append("|" if character == "," else ")")
            elif character == "\\" and at < len(pattern):
                parts.append(re.escape(pattern[at]))
                at += 1
            else:
                parts.append(re.escape(character))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)


_WILDCARDS = {"/**/": "/(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_SPECIAL = re.compile(r"[*?\[{\\]")


# Expressions to components


def select_components(filters: Iterable[Expression], population: Population) -> frozenset[Path]:
    """Return the folders of the components that the filters choose.

    Raises ConfigurationError if a name or a path without wildcards fits nothing at all.
    """
    search = _Search(population)
    chosen: set[Path] = set()
    negative: list[Expression] = []
    internal = frozenset(path for path, item in population.components.items() if not item.external)
    has_positive = False
    for expression in filters:
        if _begins_negated(expression):
            negative.append(expression)
        else:
            has_positive = True
            chosen |= search.find(expression, internal)
    found = frozenset(chosen) if has_positive else internal
    for expression in negative:
        found &= search.find(expression, found)
    search.collector.raise_if_any()
    return found


def revisions_of(expression: Expression) -> Iterator[tuple[str, str]]:
    """Yield the pairs of revisions that an expression compares."""
    match expression:
        case Changed(old=old, new=new):
            yield old, new
        case Nearby(target=inner) | Negation(expression=inner):
            yield from revisions_of(inner)
        case Intersection(expressions=parts):
            for part in parts:
                yield from revisions_of(part)


def _begins_negated(expression: Expression) -> bool:
    return isinstance(expression, Negation) or (
        isinstance(expression, Intersection) and isinstance(expression.expressions[0], Negation)
    )


class _Search:
    def __init__(self, population: Population) -> None:
        self._population = population
        self._everything = frozenset(population.components)
        self._dependents: dict[Path, list[Path]] = {path: [] for path in population.components}
        for path, component in population.components.items():
            for target in component.dependencies:
                self._dependents.setdefault(target, []).append(path)
        self.collector = Collector()

    def find(self, expression: Expression, among: frozenset[Path]) -> frozenset[Path]:
        match expression:
            case Matching():
                return self._matching(expression, among)
            case Changed(old=old, new=new):
                return among & self._population.changed(old, new)
            case Negation(expression=inner):
                # What is ruled out need not be there.
                quiet = _Search(self._population)
                return among - quiet.find(inner, self._everything)
            case Intersection(expressions=(first, *rest)):
                found = self.find(first, among)
                for part in rest:
                    found &= self.find(part, self._everything)
                return found
            case Nearby():
                targets = self.find(expression.target, among)
                found = self._walk(targets, self._dependents, expression.dependents) | self._walk(
                    targets,
                    {path: item.dependencies for path, item in self._population.components.items()},
                    expression.dependencies,
                )
                return found - targets if expression.without_target else found | targets
        raise AssertionError(expression)

    def _walk(
        self, targets: Iterable[Path], edges: Mapping[Path, Sequence[Path]], steps: int | None
    ) -> frozenset[Path]:
        """Return what lies within so many steps of a target; a target that another one leads to is included."""
        seen: set[Path] = set()
        border = set(targets)
        while border and (steps is None or steps > 0):
            border = {path for at in border for path in edges.get(at, ()) if path in self._everything} - seen
            seen |= border
            steps = None if steps is None else steps - 1
        return frozenset(seen)

    def _matching(self, expression: Matching, among: frozenset[Path]) -> frozenset[Path]:
        components = self._population.components
        found = frozenset(path for path in among if self._fits(expression, components[path]))
        is_literal = expression.attribute in {None, Criterion.NAME} and not _SPECIAL.search(expression.pattern)
        if not found and is_literal and not any(self._fits(expression, item) for item in components.values()):
            self._report_unknown(expression)
        return found

    def _fits(self, expression: Matching, component: Component) -> bool:
        pattern = expression.pattern
        match expression.attribute:
            case None:
                return self._is_at(component.folder, pattern)
            case Criterion.NAME:
                return bool(compile_pattern(pattern).match(component.folder.name))
            case Criterion.TYPE:
                return component.kind == pattern
            case Criterion.EXTERNAL:
                return component.external == (pattern == "true")
            case Criterion.SOURCE:
                return bool(compile_pattern(pattern).match(component.source()))
            case Criterion.READING:
                return any(self._is_at(path, pattern) for path in component.files())

    def _is_at(self, path: Path, pattern: str) -> bool:
        """Tell whether a path fits a pattern: an absolute one, or one relative to one of the bases."""
        if pattern.startswith("/"):
            return bool(compile_pattern(os.path.normpath(pattern)).match(str(path)))
        relative = os.path.normpath(pattern)
        return any(
            compile_pattern(relative).match(os.path.relpath(path, base))
            # "./**" is everything below, and nothing beside.
            and (relative.startswith("..") or path.is_relative_to(base))
            for base in self._population.bases
        )

    def _report_unknown(self, expression: Matching) -> None:
        folders, pattern = self._population.components, expression.pattern
        if expression.attribute is Criterion.NAME:
            word, known = pattern, {path.name for path in folders}
            what, hint = "called", ""
        else:
            word = os.path.normpath(pattern)
            known = {os.path.relpath(path, self._population.bases[0]) for path in folders}
            below = f"{pattern.rstrip('/')}/**"
            what, hint = "at", f"Write {below} for those below it." if self._fits_any(below) else ""
        self.collector.report(
            expression.place,
            "No unit fits the filter",
            f'There is no unit {what} "{pattern}".',
            hint or did_you_mean(word, known) or f"There are {', '.join(sorted(known)) or 'no units at all'}.",
        )

    def _fits_any(self, path_pattern: str) -> bool:
        return any(self._is_at(path, path_pattern) for path in self._population.components)
