"""Where a unit's module comes from: a local folder, a Git repository, a registry or an archive."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSource:
    """A module in an archive. ``address``: a path, or an address of http or https, without query; ``checksum``: "sha256:..."."""

    address: str = field(repr=False)
    format: str
    checksum: str = ""
    subdirectory: str = ""

    @property
    def shown(self) -> str:
        """The address for people, without the credentials that it may hold."""
        return _shown(f"{self.address}//{self.subdirectory}" if self.subdirectory else self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySource:
    """A module of a registry. ``host``: "" for the default one; ``module``: namespace/name/provider."""

    host: str
    module: str
    version: str
    subdirectory: str = ""

    @property
    def shown(self) -> str:
        """The address for people."""
        below = f"//{self.subdirectory}" if self.subdirectory else ""
        return f"tfr://{self.host}/{self.module}{below}?version={self.version}"


ModuleSource: TypeAlias = LocalSource | GitSource | ArchiveSource | RegistrySource

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SHORT = re.compile(r"^(github\.com|gitlab\.com|bitbucket\.org)/([^/?]+)/([^/?]+)")
_SCP = re.compile(r"^[\w.-]+@[\w.-]+:[^/]")
_MODULE = re.compile(r"[\w-]+/[\w-]+/[\w-]+")
_FORMATS = {
    ".zip": "zip",
    ".tar.gz": "gztar",
    ".tgz": "gztar",
    ".tar.bz2": "bztar",
    ".tbz2": "bztar",
    ".tar.xz": "xztar",
    ".txz": "xztar",
    ".tar": "tar",
}
"""Archives by the end of their names, as shutil calls their formats."""

_KINDS = "Write a local folder, git::, github.com/..., tfr:// or an archive behind https."
_HINTS = (
    (re.compile(r"^(ssh://|https?://[^?]*\.git\b)"), "Put git:: before it."),
    (re.compile(r"^https?://"), "The address of an archive ends in .zip, .tar.gz or the like, or has ?archive=zip."),
    (re.compile(r"^(s3|gcs|hg|oci|cas)(::|://)"), "Download it in the pipeline, or use git:: with ?ref=."),
)


def parse_source(text: str, *, home: Path, place: Range) -> ModuleSource:
    """Parse a ``terraform.source``.

    ``home``: the folder of the unit, which relative paths start from. Raises ConfigurationError if it is of a kind that
    is not supported, or malformed.
    """
    if text.startswith("git::"):
        return _git(text.removeprefix("git::"), text, place)
    if _SCP.match(text):
        return _git(text, text, place)
    if text.startswith("tfr://"):
        return _registry(text, place)
    short = _SHORT.match(text)
    if short:
        repository = short[3].removesuffix(".git")
        rest = text[short.end() :]
        # What stands behind the repository is below it, with one slash or with two.
        below = f"/{rest}" if rest.startswith("/") and not rest.startswith("//") else rest
        return _git(f"https://{short[1]}/{short[2]}/{repository}.git{below}", text, place)
    if text.startswith(("http://", "https://")):
        found = _archive(text, place)
        if found is not None:
            return found
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    elif "::" in text or _SCHEME.match(text):
        hint = next((hint for pattern, hint in _HINTS if pattern.search(text)), _KINDS)
        raise _error(f'"{text}" is of a kind that is not supported.', hint, place)
    root, _, subdirectory = text.partition("//")
    # An absolute path may begin with two slashes after interpolation; that is no subdirectory.
    if not root:
        root, _, subdirectory = text[1:].partition("//")
    folder, below = Path(os.path.normpath(home / root)), _subdirectory(subdirectory, text, place)
    format_ = _format(root)
    if format_ and not folder.is_dir():
        return ArchiveSource(address=str(folder), format=format_, subdirectory=below)
    return LocalSource(root=folder, subdirectory=below)


def looks_like_registry(text: str) -> bool:
    """Whether a local path is what Terraform itself would look for in a registry."""
    return bool(_MODULE.fullmatch(text.partition("?")[0]))


def _registry(text: str, place: Range) -> RegistrySource:
    address, _, query = text.removeprefix("tfr://").partition("?")
    host, _, path = address.partition("/")
    module, _, subdirectory = path.partition("//")
    version = dict(parse_qsl(query)).get("version", "")
    if not _MODULE.fullmatch(module) or not version:
        raise _error(
            f'"{text}" names no version of a module.', "Write tfr:///namespace/name/provider?version=1.2.3.", place
        )
    return RegistrySource(
        host=host, module=module, version=version, subdirectory=_subdirectory(subdirectory, text, place)
    )


def _archive(text: str, place: Range) -> ArchiveSource | None:
    """Return the archive that an address names; None if it names none."""
    address, _, query = text.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    scheme = address.index("://") + 3
    rest, _, subdirectory = address[scheme:].partition("//")
    format_ = _format(f".{options.pop('archive')}") if "archive" in options else _format(rest)
    if not format_:
        return None
    checksum = options.pop("checksum", "")
    return ArchiveSource(
        address=address[:scheme] + rest + (f"?{urlencode(options)}" if options else ""),
        format=format_,
        checksum=checksum,
        subdirectory=_subdirectory(subdirectory, text, place),
    )


def _format(name: str) -> str:
    return next((found for end, found in _FORMATS.items() if name.endswith(end)), "")


def _git(address: str, text: str, place: Range) -> GitSource:
    address, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    # The history is never fetched, whatever depth is asked for.
    unknown = sorted(options.keys() - {"ref", "depth"})
    if unknown:
        raise _error(f'"{text}" has the option "{unknown[0]}".', "Only ?ref= and ?depth= are supported.", place)
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
