"""What is determined once per run: the Terraform binary, the provider, its lock entry, the environment."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.output import unexpected
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform.binaries import TerraformBinary, find_binary
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation
from orchestrator.adapters.terraform.lock import FILE_NAME, LockedProvider, read_lock, verify
from orchestrator.adapters.terraform.mirror import (
    REGISTRY,
    ProviderOrigin,
    cli_configuration,
    find_origin,
    platform_name,
    provider_folder,
)
from orchestrator.adapters.workspaces import write_private
from orchestrator.config import Behaviour
from orchestrator.errors import PlatformctlError
from orchestrator.model.versions import release

AWS = "hashicorp/aws"
"""The source of the provider that units may share a process of."""


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """Terraform and the providers that the lock file in ``live`` names; ``folder`` is ``.platformctl/terraform``.

    Without that file the units have lock files of their own, where Terraform keeps them.
    ``is_local``: whether everything is meant for the local cloud, so that units cannot set variables of AWS.
    """

    live: Path
    folder: Path
    environ: Mapping[str, str]
    is_local: bool = False
    processes: Processes = field(default_factory=Processes)

    @cached_property
    def binary(self) -> TerraformBinary:
        """The Terraform to run; raises UsageError when there is none that is usable."""
        return find_binary(self.environ)

    @cached_property
    def locked(self) -> tuple[LockedProvider, ...]:
        """The providers in the lock file, by address; none where there is no such file."""
        return read_lock(self.lock_file) if self.lock_file.is_file() else ()

    @cached_property
    def provider(self) -> LockedProvider | None:
        """The AWS provider, which units may share a process of; None when it is not locked."""
        return next((entry for entry in self.locked if entry.source == AWS), None)

    @property
    def locks_units(self) -> bool:
        """Whether each unit has a lock file of its own, which init writes: the tree has none for all."""
        return not self.lock_file.is_file()

    def locked_for(self, units: Iterable[Path]) -> tuple[LockedProvider, ...]:
        """Return the locked providers of the units in these folders, by address; of several versions the newest."""
        if not self.locks_units:
            return self.locked
        found: dict[str, LockedProvider] = {}
        for file in (folder / FILE_NAME for folder in units):
            for entry in read_lock(file) if file.is_file() else ():
                known = found.setdefault(entry.address, entry)
                if release(entry.version) > release(known.version):
                    found[entry.address] = entry
        return tuple(found[address] for address in sorted(found))

    def lock_text(self, units: Iterable[Path]) -> str:
        """Return the lock file of a workspace for the units in these folders.

        Of the tree's AWS provider it has the version alone, because its hash is checked once per run. Terraform checks the
        hashes of all others whenever it initialises a workspace.
        """
        with_all = self.locks_units
        return "".join(entry.text(with_hashes=with_all or entry.source != AWS) for entry in self.locked_for(units))

    @property
    def lock_file(self) -> Path:
        return self.live / FILE_NAME

    @cached_property
    def origin(self) -> ProviderOrigin:
        """Where providers come from; raises UsageError when the requested mirror does not hold the AWS provider."""
        version = self.provider.version if self.provider else ""
        return find_origin(self.environ, provider=AWS, version=version)

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

    def unit_environment(self, behaviour: Behaviour, command: str) -> dict[str, str]:
        """Return the environment variables that a unit adds for a command."""
        found = behaviour.environment(command)
        return {name: value for name, value in found.items() if not (self.is_local and name.startswith("AWS_"))}

    def with_unit(self, invocation: Invocation, behaviour: Behaviour, command: str) -> Invocation:
        """Return the invocation with the environment variables that a unit adds for a command."""
        return replace(invocation, environment={**invocation.environment, **self.unit_environment(behaviour, command)})

    def install_provider(self) -> Path | None:
        """Install the AWS provider if it is not there, verify it against the lock file, and return its executable.

        Works once per run; later calls return the same path. None when it is not locked. Raises UsageError: its hash is
        not locked; PlatformctlError if it could not be downloaded.
        """
        return self._executable

    @cached_property
    def _executable(self) -> Path | None:
        provider = self.provider
        if provider is None:
            return None
        folder, lock_file = None, self.lock_file
        if self.origin.mirror is not None:
            folder = provider_folder(self.origin.mirror, provider=provider.source, version=provider.version)
        if folder is None:
            folder, lock_file = self._install(provider)
        entry = next(entry for entry in read_lock(lock_file) if entry.address == provider.address)
        verify(folder, entry, lock_file=lock_file)
        name = f"terraform-provider-{provider.source.split('/')[1]}_v{provider.version}"
        executables = sorted(folder.glob(f"{name}*"))
        if not executables:
            raise PlatformctlError("Provider incomplete", detail=f"{folder} holds no executable {name}.")
        return executables[0]

    def _install(self, provider: LockedProvider) -> tuple[Path, Path]:
        """Let Terraform install the provider into a root module of its own.

        Terraform checks the download against the committed lock file there, and adds the "h1" hash of this platform's
        unpacked files to its copy, which is what later runs are checked against. Returns the provider's folder, and the
        lock file that vouches for it.
        """
        root = self.folder / "provider"
        folder = root / ".terraform" / "providers" / REGISTRY / provider.source / provider.version
        folder = folder / platform_name()
        lock_file = root / FILE_NAME
        if folder.is_dir() and lock_file.is_file():
            return folder, lock_file
        root.mkdir(parents=True, exist_ok=True)
        lock_file.write_text(provider.text(with_hashes=True), encoding="utf-8")
        name = provider.source.split("/")[1]
        (root / "main.tf").write_text(
            "terraform {\n  required_providers {\n"
            f'    {name} = {{ source = "{provider.source}", version = "{provider.version}" }}\n'
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
