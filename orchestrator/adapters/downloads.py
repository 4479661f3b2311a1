"""Downloads of modules: from Git repositories, from registries, and archives.

The protocol of registries: https://developer.hashicorp.com/terraform/internals/module-registry-protocol
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from tarfile import TarError
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from orchestrator.adapters.output import quote
from orchestrator.config import ArchiveSource, GitSource, RegistrySource
from orchestrator.errors import PlatformctlError

DEFAULT_HOST = "registry.terraform.io"
HOST_VARIABLE = "TG_TF_DEFAULT_REGISTRY_HOST"
TOKEN_VARIABLE = "TG_TF_REGISTRY_TOKEN"  # noqa: S105 - a name
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 60.0
_REMOTE = "platformctl"
"""A name that no repository has already whose folder Git may be run in."""

_LOCAL = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")


def commit_of(source: GitSource) -> str:
    """Return the commit that the ref of a source names now; "" if the server does not tell."""
    ref = source.ref or "HEAD"
    if _COMMIT.fullmatch(ref):
        return ref
    done = _git(source, "ls-remote", "--quiet", "--end-of-options", _REMOTE, ref, f"{ref}^{{}}")
    found = {name: commit for commit, _, name in (line.partition("\t") for line in done.stdout.splitlines())}
    names = (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", ref)
    return next((found[name] for name in names if name in found), "")


def check_out(source: GitSource, commit: str, folder: Path) -> None:
    """Fetch a commit of a repository, without its history; raises PlatformctlError if Git could not."""
    # A ref may be a branch, a tag or a commit: all three can be fetched by name, but not cloned.
    for arguments in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth", "1", "--end-of-options", _REMOTE, commit or source.ref or "HEAD"],
        ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
    ):
        done = _git(source, *arguments, folder=folder)
        if done.returncode:
            output = (done.stderr.strip() or done.stdout).replace(source.url, source.repository)
            raise PlatformctlError(
                "A module could not be fetched",
                detail=f"git {arguments[0]} of {source.shown}: {quote(output)}",
                hint="Check the source's address and ref, and that git may read it without asking.",
            )


def module_address(source: RegistrySource) -> str:
    """Ask a registry where a module is; raises PlatformctlError if it does not say."""
    host = source.host or os.environ.get(HOST_VARIABLE) or DEFAULT_HOST
    base = f"{'http' if _LOCAL.fullmatch(host) else 'https'}://{host}"
    token = os.environ.get(TOKEN_VARIABLE, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with _open(f"{base}/.well-known/terraform.json", headers) as answer:
            services = json.loads(answer.read())
        prefix = urljoin(f"{base}/", str(services["modules.v1"]))
        address = urljoin(f"{prefix.rstrip('/')}/", f"{source.module}/{source.version}/download")
        with _open(address, headers) as answer:
            text = answer.read()
            location = answer.headers.get("X-Terraform-Get") or json.loads(text)["location"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _failed(source.shown, f"{host}: {error}") from error
    # A location may be relative to the address that gave it.
    return urljoin(address, location) if str(location).startswith(("/", "./", "../")) else str(location)


@contextmanager
def archive_key(source: ArchiveSource) -> Iterator[tuple[Path, str]]:
    """Give an archive as a file, and a text that says what it holds; what was downloaded is deleted afterwards.

    Raises PlatformctlError if it cannot be read, or has another checksum.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(source.address)
        try:
            if source.address.startswith(("http://", "https://")):
                file = Path(folder) / "archive"
                with _open(source.address, {}) as answer, file.open("wb") as target:
                    shutil.copyfileobj(answer, target)
            found = _digest(file, "sha256")
            _check(source, file)
        except OSError as error:
            raise _failed(source.shown, str(error)) from error
        yield file, f"{source.format} {found}"


def unpack(source: ArchiveSource, file: Path, folder: Path) -> None:
    """Unpack an archive; nothing of it can land outside of the folder. Raises PlatformctlError if it is none."""
    try:
        if source.format == "zip":
            shutil.unpack_archive(file, folder, "zip")
        else:
            shutil.unpack_archive(file, folder, source.format, filter="data")
    except (shutil.ReadError, TarError, zipfile.BadZipFile, EOFError) as error:
        raise _failed(source.shown, f"it is no archive that can be unpacked: {error}") from error


def _check(source: ArchiveSource, file: Path) -> None:
    if not source.checksum:
        return
    kind, _, wanted = source.checksum.rpartition(":")
    kind = kind or {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}.get(len(wanted), "")
    if kind not in {"md5", "sha1", "sha256", "sha512"}:
        raise _failed(source.shown, f"{source.checksum} is no checksum that is known")
    if _digest(file, kind) != wanted.lower():
        raise _failed(source.shown, f"its {kind} is {_digest(file, kind)}, and {wanted} is wanted")


def _digest(file: Path, kind: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _open(address: str, headers: Mapping[str, str]) -> HTTPResponse:
    try:
        # Only http and https get here.
        answer = urlopen(Request(address, headers=dict(headers)), timeout=_SECONDS)  # noqa: S310
    except HTTPError as error:
        error.close()
        raise OSError(str(error)) from None
    except URLError as error:
        raise OSError(str(error.reason)) from None
    assert isinstance(answer, HTTPResponse)
    return answer


def _git(source: GitSource, *arguments: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run Git with the repository as a remote.

    The address may hold credentials, so it is passed in the environment, which nobody else can read. An address like
    "ext::sh -c ..." would be a program to run.
    """
    # After the settings that a CI system may have made already.
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    settings = {f"remote.{_REMOTE}.url": source.url, "protocol.ext.allow": "never"}
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(number + len(settings))}
    for index, (name, value) in enumerate(settings.items(), number):
        environment |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise PlatformctlError(
            "A module could not be fetched",
            detail=f"{source.shown} is in a git repository, and there is no git on PATH.",
            hint="Install git, or use a local folder as the source.",
        ) from None


def _failed(shown: str, reason: str) -> PlatformctlError:
    return PlatformctlError(
        "A module could not be fetched",
        detail=f"{shown}: {reason}.",
        hint="Check the source's address and version, and that this machine can reach it.",
    )
