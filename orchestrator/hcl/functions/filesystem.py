"""Functions over paths and files. Relative paths start at the folder that the functions are made for.

Patterns of ``fileset``: ``*`` and ``?`` within a name, ``**`` over folders, ``[a-z]``, ``{a,b}``. Like the matcher of Terraform,
this one goes down the folders name by name, follows links, and lets ``..`` climb.
"""

import base64
import os
import posixpath
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path

from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.functions.encoding import DIGESTS
from orchestrator.hcl.functions.typesystem import STRING, ordered_set
from orchestrator.hcl.scope import FILE_BYTES, Function, FunctionError, read_file
from orchestrator.hcl.values import Value

MOST_FOLDERS = 5_000

_SPECIAL = re.compile(r"[*?\[{\\]")


class GlobError(Exception):
    """A pattern has a bracket or brace that is not closed."""


class TooManyFoldersError(Exception):
    """The pattern would have to look into more than MOST_FOLDERS folders."""


def matching_paths(folder: Path, pattern: str) -> Iterator[str]:
    """Return what fits a pattern below a folder, relative to it, with forward slashes.

    Yields folders and (but for ``**``) links that lead nowhere, too, and a path again for each way in which it fits.
    Raises GlobError: the pattern is not valid; TooManyFoldersError if there is no end to the folders.
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


@declare("basename", text)
def base_name(path: str) -> Value:
    """Return the last part of a path, without the filesystem's help."""
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


@declare("dirname", text)
def directory_name(path: str) -> Value:
    """Return everything but the last part, cleaned of ``.`` and ``..``."""
    return _cleaned(posixpath.split(path)[0]) if "/" in path else "."


@declare("pathexpand", text)
def path_expand(path: str) -> Value:
    """Replace a leading tilde by the home folder."""
    if not path.startswith("~"):
        return path
    if path[1:2] not in ("", "/"):
        raise FunctionError("Cannot expand the home folder of another user.", argument=0)
    home = str(Path.home())
    return posixpath.normpath(home + path[1:])


def _cleaned(path: str) -> str:
    # POSIX gives two leading slashes a meaning that Go does not know.
    return posixpath.normpath(path or "/").replace("//", "/")


def file_functions(folder: Path) -> tuple[Function, ...]:
    """Return the functions that read files, for paths relative to a folder.

    They are not portable: Terraform would resolve a relative path against another folder.
    """
    files = _Files(folder)
    return (
        _declared("abspath", files.absolute),
        _declared("file", files.text),
        _declared("filebase64", lambda path: base64.b64encode(files.data(path, largest=FILE_BYTES)).decode()),
        _declared("fileexists", files.exists),
        declare("fileset", text, text, portable=False)(files.matching),
        *(_declared(f"file{name}", _hashed(files, digest)) for name, digest in DIGESTS.items()),
    )


def _declared(name: str, body: Callable[[str], Value]) -> Function:
    return declare(name, text, portable=False)(body)


def _hashed(files: "_Files", digest: Callable[[bytes], str]) -> Callable[[str], Value]:
    return lambda path: digest(files.data(path))


class _Files:
    """Files below a folder."""

    __slots__ = ("folder",)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def absolute(self, path: str) -> str:
        return _cleaned(os.path.abspath(self.folder / path))  # noqa: PTH100 - Path.resolve would follow links

    def resolved(self, path: str) -> Path:
        expanded = path_expand.call(path)
        assert isinstance(expanded, str)
        return self.folder / expanded

    def data(self, path: str, *, largest: int | None = None) -> bytes:
        try:
            return read_file(self.resolved(path), largest=largest)
        except FileNotFoundError:
            message = f'No file exists at "{path}": the path is relative to {self.folder}.'
            raise FunctionError(message, argument=0) from None
        except IsADirectoryError:
            raise FunctionError(f'"{path}" is a folder, not a file.', argument=0) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise FunctionError(f'Cannot read "{path}": {reason}.', argument=0) from None

    def text(self, path: str) -> str:
        try:
            return composed(self.data(path, largest=FILE_BYTES).decode())
        except UnicodeDecodeError:
            message = f'The contents of "{path}" are not valid UTF-8; read them with filebase64 instead.'
            raise FunctionError(message, argument=0) from None

    def exists(self, path: str) -> bool:
        found = self.resolved(path)
        if found.is_dir():
            raise FunctionError(f'"{path}" is a folder, not a file.', argument=0)
        if found.exists() and not found.is_file():
            raise FunctionError(f'"{path}" is not a regular file.', argument=0)
        return found.exists()

    def matching(self, path: str, pattern: str) -> Value:
        """Return the files below a path that fit a pattern, relative to that path, with forward slashes."""
        root = self.resolved(path)
        names: list[Value] = []
        try:
            for name in matching_paths(root, posixpath.normpath(pattern.lstrip("/"))):
                if (root / name).is_file():
                    names.append(composed(name))
                elif not (root / name).exists():
                    raise FunctionError(f'"{name}" is a link that leads nowhere.', argument=0)
        except TooManyFoldersError:
            raise FunctionError(f'"{path}" has more than {MOST_FOLDERS:,} folders below it.', argument=0) from None
        except GlobError:
            raise FunctionError(f'Syntax error in the pattern "{pattern}".', argument=1) from None
        return ordered_set(names, STRING)
