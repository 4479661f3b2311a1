"""Functions over paths and files. Relative paths start at the folder that the functions are made for."""

import base64
import os
import posixpath
from collections.abc import Callable
from pathlib import Path

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.functions.glob import MOST_FOLDERS, GlobError, TooManyFoldersError, matching_paths
from orchestrator.hcl.functions.hashing import DIGESTS
from orchestrator.hcl.functions.typesystem import STRING, ordered_set
from orchestrator.hcl.limits import FILE_BYTES, read_file
from orchestrator.hcl.values import Value


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
