"""Finds where the provider comes from: the registry, or a filesystem mirror on this machine.

A mirror is used when it holds the locked version for this platform; the provider's hash is checked against the lock file in
either case. The order: PLATFORMCTL_PROVIDER_MIRROR, what TF_CLI_CONFIG_FILE or ~/.terraformrc configure (left to
Terraform), Terraform's implied local mirrors, /opt/*/registry.terraform.io.

The dependency lock file of the live tree has the provider's version, and the hashes of its files. Terraform checks the hash in
every command, at half a second each. Here it is checked once per run, and the workspaces' lock files name the version alone.
Format and the "h1" scheme: https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

import base64
import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from orchestrator.errors import UsageError
from orchestrator.hcl import Scope, evaluate, parse_file
from orchestrator.model.versions import release

OVERRIDE = "PLATFORMCTL_PROVIDER_MIRROR"
"""Environment variable: a folder laid out as ``terraform providers mirror`` does."""

REGISTRY = "registry.terraform.io"
IMPLIED = ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOrigin:
    """Where Terraform looks for the provider.

    Attributes:
        config_file: the user's CLI configuration, which decides; None when platformctl writes one.
        mirror: the folder that holds ``registry.terraform.io``; None for the registry itself.
        description: for ``doctor``.

    """

    config_file: Path | None = None
    mirror: Path | None = None
    description: str


def platform_name() -> str:
    """Return the platform as Terraform names it: "linux_amd64", "darwin_arm64"."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(machine, machine)
    system = "windows" if sys.platform == "win32" else sys.platform
    return f"{system}_{architecture}"


def find_origin(environ: Mapping[str, str], *, provider: str, version: str) -> ProviderOrigin:
    """Find where the provider, for example "hashicorp/aws", comes from.

    Raises UsageError: PLATFORMCTL_PROVIDER_MIRROR does not hold the provider.
    """
    requested = environ.get(OVERRIDE, "")
    if requested:
        if not _holds(Path(requested), provider, version):
            raise UsageError(
                "Provider not in the mirror",
                detail=f"{OVERRIDE} is {requested}, which has no {REGISTRY}/{provider} {version} for {platform_name()}.",
                hint=f"Fill it with: terraform providers mirror {requested}",
            )
        return ProviderOrigin(mirror=Path(requested), description=f"mirror {requested} ({OVERRIDE})")
    for configured in _user_configurations(environ):
        if configured.is_file():
            return ProviderOrigin(config_file=configured, description=f"as {configured} says")
    for folder in _folders(environ):
        if _holds(folder, provider, version):
            return ProviderOrigin(mirror=folder, description=f"mirror {folder}")
    return ProviderOrigin(description=f"the registry, {REGISTRY}")


def provider_folder(mirror: Path, *, provider: str, version: str) -> Path | None:
    """Return the folder of an unpacked provider in a mirror; None when the mirror has it packed, or not at all."""
    folder = mirror / REGISTRY / provider / version / platform_name()
    return folder if folder.is_dir() else None


def cli_configuration(origin: ProviderOrigin, *, cache: Path) -> str:
    """Return the text of a Terraform CLI configuration for the origin; ``cache`` keeps what comes from the registry."""
    if origin.mirror is None:
        return f'disable_checkpoint = true\nplugin_cache_dir   = "{_escaped(cache)}"\n'
    return (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{_escaped(origin.mirror)}"\n    include = ["{REGISTRY}/*/*"]\n  }}\n'
        f'  direct {{\n    exclude = ["{REGISTRY}/*/*"]\n  }}\n'
        "}\n"
    )


def _user_configurations(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("TF_CLI_CONFIG_FILE"):
        yield Path(environ["TF_CLI_CONFIG_FILE"])
    if environ.get("HOME"):
        yield Path(environ["HOME"]) / ".terraformrc"


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("HOME"):
        home = Path(environ["HOME"])
        yield home / ".terraform.d" / "plugins"
        yield home / ".local" / "share" / "terraform" / "plugins"
    yield from (Path(folder) for folder in IMPLIED)
    yield from (folder.parent for folder in sorted(Path("/opt").glob(f"*/{REGISTRY}")))


def _holds(folder: Path, provider: str, version: str) -> bool:
    base = folder / REGISTRY / provider
    packed = base / f"terraform-provider-{provider.split('/')[1]}_{version}_{platform_name()}.zip"
    return (base / version / platform_name()).is_dir() or packed.is_file()


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


FILE_NAME = ".terraform.lock.hcl"
_CONSTRAINT = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)((?:\.\d+){1,2})?")
_OPERATORS = {None: "==", "=": "==", "~>": "~="}
"""The operators that Python's version specifiers spell differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedProvider:
    """One entry of a lock file.

    ``address``: for example "registry.terraform.io/hashicorp/aws"; ``hashes``: each with its scheme, "h1:...".
    """

    address: str
    version: str
    hashes: tuple[str, ...]

    @property
    def source(self) -> str:
        """Namespace and type: "hashicorp/aws"."""
        return self.address.split("/", 1)[1]

    def without_hashes(self) -> str:
        """Return the text of a lock file that pins the version alone."""
        return f'provider "{self.address}" {{\n  version = "{self.version}"\n}}\n'


def read_lock(file: Path) -> tuple[LockedProvider, ...]:
    """Read the entries of a lock file, by address.

    Raises ConfigurationError if the file is missing or is not a lock file.
    """
    found = []
    scope = Scope(variables={}, functions={})
    for block in parse_file(file).body.blocks:
        if block.type != "provider":
            continue
        values = {name: evaluate(attribute.expression, scope) for name, attribute in block.body.attributes.items()}
        hashes = values.get("hashes")
        found.append(
            LockedProvider(
                address=block.labels[0],
                version=str(values.get("version", "")),
                hashes=tuple(str(item) for item in hashes) if isinstance(hashes, list) else (),
            )
        )
    return tuple(sorted(found, key=lambda entry: entry.address))


def hash_folder(folder: Path) -> str:
    """Return the "h1" hash of an unpacked provider: SHA-256 over the sorted lines "<sha256 of file>  <path>"."""
    lines = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {file.relative_to(folder).as_posix()}\n")
    # Go sorts by path, and so do we: by the characters of the whole relative path, not folder by folder.
    lines.sort(key=lambda line: line.split("  ", 1)[1])
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def verify(folder: Path, entry: LockedProvider, *, lock_file: Path) -> None:
    """Check an unpacked provider against its lock entry.

    Raises UsageError: its hash is not among those of the lock file.
    """
    actual = hash_folder(folder)
    if actual not in entry.hashes:
        raise UsageError(
            "The provider is not the one that is locked",
            detail=f"{entry.source} {entry.version} in {folder} hashes to {actual}, which {lock_file} does not list.",
            hint=f"If this is a platform not locked yet, add it: terraform providers lock -platform={platform_name()}. "
            "Otherwise do not use this copy of the provider.",
        )


def satisfies(version: str, constraints: str) -> bool:
    """Whether a version meets Terraform's constraint string, such as "~> 5.100.0, != 5.100.1".

    Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    found = (_CONSTRAINT.fullmatch(constraint.strip()) for constraint in constraints.split(","))
    # Pre-releases and malformed constraints are Terraform's to judge.
    specifiers = [f"{_OPERATORS.get(match[1], match[1])}{match[2]}{match[3] or '.0'}" for match in found if match]
    return release(version) in SpecifierSet(",".join(specifiers))
