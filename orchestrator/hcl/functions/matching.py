"""Functions over regular expressions: regex, regexall, replace."""

import re
from collections.abc import Iterator

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.functions.re2 import Pattern, compile_pattern
from orchestrator.hcl.functions.re2_escape import PatternError
from orchestrator.hcl.values import Value

_REFERENCE = re.compile(r"\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))")


@declare("regex", text, text)
def regex(pattern: str, value: str) -> Value:
    """The first match: a string, or its groups as a list or (when they are named) as an object."""
    compiled = _for_result(pattern)
    found = compiled.compiled.search(value)
    if found is None:
        raise FunctionError("The pattern did not match any part of the given string.")
    return _result(compiled, found)


@declare("regexall", text, text)
def regex_all(pattern: str, value: str) -> Value:
    """Every match, as regex gives the first."""
    compiled = _for_result(pattern)
    return [_result(compiled, found) for found in _matches(compiled, value)]


@declare("replace", text, text, text)
def substitute(value: str, part: str, replacement: str) -> Value:
    """Replaces a part, or, when it is written between slashes, whatever the regular expression matches."""
    if len(part) < 2 or not (part.startswith("/") and part.endswith("/")):  # noqa: PLR2004 - the two slashes
        return composed(value.replace(part, replacement))
    compiled = _compile(part[1:-1], argument=1)
    parts: list[str] = []
    end = 0
    for found in _matches(compiled, value):
        parts += [value[end : found.start()], _expand(compiled, found, replacement)]
        end = found.end()
    return composed("".join([*parts, value[end:]]))


def _compile(pattern: str, *, argument: int) -> Pattern:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        raise FunctionError(f"Invalid regular expression: {error}.", argument=argument) from None


def _for_result(pattern: str) -> Pattern:
    compiled = _compile(pattern, argument=0)
    if len({name is None for name in compiled.names}) > 1:
        raise FunctionError(
            "Invalid regular expression: cannot mix both named and unnamed capture groups.",
            argument=0,
        )
    return compiled


def _matches(pattern: Pattern, value: str) -> Iterator[re.Match[str]]:
    """Every match that does not overlap; RE2 leaves out an empty one that touches the match before it."""
    end = -1
    for found in pattern.compiled.finditer(value):
        if found.end() > found.start() or found.start() != end:
            yield found
        end = found.end()


def _result(pattern: Pattern, found: re.Match[str]) -> Value:
    if not pattern.names:
        return composed(found.group())
    groups: list[Value] = [None if group is None else composed(group) for group in found.groups()]
    names = [name for name in pattern.names if name is not None]
    return dict(zip(names, groups, strict=True)) if names else groups


def _expand(pattern: Pattern, found: re.Match[str], template: str) -> str:
    """The replacement with ``$1``, ``$name`` and ``${name}`` filled in; a group that is not there is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if name.isascii() and name.isdigit():
            number = int(name) if len(name) == 1 or not name.startswith("0") else -1
            return (found[number] or "") if 0 <= number <= len(pattern.names) else ""
        # The last group of a name that took part in the match.
        texts = [found[index] for index, known in enumerate(pattern.names, start=1) if known == name]
        return next((text for text in reversed(texts) if text is not None), "")

    return _REFERENCE.sub(group, template)


FUNCTIONS: tuple[Function, ...] = (regex, regex_all, substitute)
