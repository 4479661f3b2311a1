"""File patterns of ``fileset``: ``*`` and ``?`` within a name, ``**`` over folders, ``[a-z]``, ``{a,b}``.

Like the matcher of Terraform, this one goes down the folders name by name, follows links, and lets ``..`` climb.
"""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path

MOST_FOLDERS = 5_000

_SPECIAL = re.compile(r"[*?\[{\\]")


class GlobError(Exception):
    """A pattern has a bracket or brace that is not closed."""


class TooManyFoldersError(Exception):
    """The pattern would have to look into more than MOST_FOLDERS folders."""


def matching_paths(folder: Path, pattern: str) -> Iterator[str]:
    """Return what fits a pattern below a folder, relative to it, with forward slashes.

    Yields folders and (but for ``**``) links that lead nowhere, too, and a path again for each way in which it fits.

    Raises:
        GlobError: the pattern is not valid.
        TooManyFoldersError: there is no end to the folders.

    """
    names = pattern.split("/")
    for name in names:
        if name != "**" and _SPECIAL.search(name):
            compile_name(name)
    return _expand(folder, "", names, frozenset(), count(1))


def _expand(folder: Path, prefix: str, names: list[str], above: frozenset[str], looked: Iterator[int]) -> Iterator[str]:
    name, *below = names
    if name == "**":
        yield from _expand_deep(folder, prefix, below, above, looked)
        return
    for entry in _entries(folder, name):
        if not below:
            yield prefix + entry
        elif (folder / entry).is_dir():
            yield from _expand(folder / entry, f"{prefix}{entry}/", below, above, looked)


def _expand_deep(
    folder: Path, prefix: str, below: list[str], above: frozenset[str], looked: Iterator[int]
) -> Iterator[str]:
    real = os.path.realpath(folder)
    if next(looked) > MOST_FOLDERS:
        raise TooManyFoldersError
    if real in above:
        # A link to a folder above would recurse forever.
        return
    if below:
        yield from _expand(folder, prefix, below, above, looked)
    else:
        yield from (prefix + entry for entry in _listed(folder) if (folder / entry).is_file())
    for entry in _listed(folder):
        if (folder / entry).is_dir():
            yield from _expand_deep(folder / entry, f"{prefix}{entry}/", below, above | {real}, looked)


def _entries(folder: Path, name: str) -> list[str]:
    if not _SPECIAL.search(name):
        return [name] if os.path.lexists(folder / name) else []
    expression = compile_name(name)
    return [entry for entry in _listed(folder) if expression.match(entry)]


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - the names are wanted, not paths
    except OSError:
        return []


@lru_cache(maxsize=256)
def compile_name(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that fits the whole of one name; raises GlobError."""
    parts: list[str] = []
    at = 0
    alternatives = False
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "{" and not alternatives:
            alternatives = True
            parts.append("(?:")
        elif character in ",}" and alternatives:
            alternatives = character == ","
            parts.append("|" if alternatives else ")")
        elif character == "{":
            raise GlobError
        elif character == "[":
            members, at = _members(pattern, at)
            parts.append(members)
        elif character == "\\":
            parts.append(re.escape(pattern[at : at + 1]))
            at += 1
        else:
            parts.append({"*": ".*", "?": "."}.get(character, re.escape(character)))
    if alternatives or at > len(pattern):
        raise GlobError
    return re.compile("".join(parts) + r"\Z", re.DOTALL)


def _members(pattern: str, at: int) -> tuple[str, int]:
    end = pattern.find("]", at + 1)
    if end < 0:
        raise GlobError
    members = pattern[at:end]
    negated = members.startswith("^")
    escaped = "".join(
        character if character == "-" else re.escape(character) for character in members.removeprefix("^")
    )
    try:
        re.compile(f"[{escaped}]")
    except re.error:
        raise GlobError from None
    return (f"[^{escaped}]" if negated else f"[{escaped}]"), end + 1
