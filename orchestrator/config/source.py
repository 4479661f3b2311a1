"""Where a unit's module comes from: a local folder or a Git repository."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl

from orchestrator.diagnostics import ConfigurationError, Range, failure


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSource:
    """A folder on this machine.

    ``root``: what belongs together, absolute: modules below it may refer to each other by relative paths.
    ``subdirectory``: the module below the root, what stands behind ``//``; empty for the root itself.
    """

    root: Path
    subdirectory: str = ""

    @property
    def folder(self) -> Path:
        return self.root / self.subdirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSource:
    """A module in a Git repository.

    ``url``: what Git clones, without ``git::``, subdirectory and query; may hold credentials, so it is not in the repr.
    ``ref``: the branch, tag or commit; None for the repository's default branch.
    """

    url: str = field(repr=False)
    ref: str | None
    subdirectory: str = ""

    @property
    def repository(self) -> str:
        """The repository's address for people, without the credentials that it may hold."""
        return _shown(self.url)

    @property
    def shown(self) -> str:
        """The address for people, without the credentials that it may hold."""
        address = f"{self.url}//{self.subdirectory}" if self.subdirectory else self.url
        return _shown(f"{address}?ref={self.ref}" if self.ref else address)


ModuleSource: TypeAlias = LocalSource | GitSource

_LOCAL = re.compile(r"(/|\.\.?(/|$))")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_HINTS = (
    (
        re.compile(r"^(tfr|https://registry\.)"),
        "Registry sources are not supported: use git:: with ?ref=, or a local folder.",
    ),
    (re.compile(r"^(github\.com|gitlab\.com|bitbucket\.org)/"), "Write git::https://... with ?ref= instead."),
    (re.compile(r"^(git@|ssh://|https://[^?]*\.git)"), "Put git:: before it."),
    (
        re.compile(r"^(https?|s3|gcs|hg)(::|://)"),
        "Archives cannot be downloaded: use git:: with ?ref=, or a local folder.",
    ),
    (
        re.compile(r"^[\w.-]+(/[\w.-]+)*$"),
        'A local folder begins with "./" or "../". Registry sources are not supported.',
    ),
)


def parse_source(text: str, *, home: Path, place: Range) -> ModuleSource:
    """Parse a ``terraform.source``.

    ``home``: the folder of the unit, which relative paths start from. Raises ConfigurationError if it is of a kind that
    is not supported, or malformed.
    """
    if text.startswith("git::"):
        return _git(text.removeprefix("git::"), text, place)
    if not _LOCAL.match(text):
        hint = next(
            (hint for pattern, hint in _HINTS if pattern.search(text)), "Use git:: with ?ref=, or a local folder."
        )
        raise _error(f'"{text}" is neither a local folder nor a git:: address.', hint, place)
    root, _, subdirectory = text.partition("//")
    # An absolute path may begin with two slashes after interpolation; that is no subdirectory.
    if not root:
        root, _, subdirectory = text[1:].partition("//")
    return LocalSource(root=Path(os.path.normpath(home / root)), subdirectory=_subdirectory(subdirectory, text, place))


def _git(address: str, text: str, place: Range) -> GitSource:
    address, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"ref"})
    if unknown:
        raise _error(f'"{text}" has the option "{unknown[0]}".', "Only ?ref= is supported.", place)
    scheme = _SCHEME.match(address)
    begin = scheme.end() if scheme else 0
    rest, _, subdirectory = address[begin:].partition("//")
    if not rest:
        raise _error(f'"{text}" names no repository.', "Write git::https://host/repository.git//module?ref=v1.", place)
    return GitSource(
        url=address[:begin] + rest,
        ref=options.get("ref") or None,
        subdirectory=_subdirectory(subdirectory, text, place),
    )


def _subdirectory(subdirectory: str, text: str, place: Range) -> str:
    parts = [part for part in subdirectory.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise _error(f'"{text}" leads out of its own root.', "What stands behind // must stay below it.", place)
    return "/".join(parts)


def _shown(text: str) -> str:
    return re.sub(r"(?<=://)[^/@]*@", "...@", text)


def _error(detail: str, hint: str, place: Range) -> ConfigurationError:
    return failure(place, "Source is not supported", _shown(detail), hint)
