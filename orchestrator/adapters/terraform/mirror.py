"""Finds where the provider comes from: the registry, or a filesystem mirror on this machine.

A mirror is used when it holds the locked version for this platform; the provider's hash is checked against the lock file in
either case. The order: PLATFORMCTL_PROVIDER_MIRROR, what TF_CLI_CONFIG_FILE or ~/.terraformrc configure (left to
Terraform), Terraform's implied local mirrors, /opt/*/registry.terraform.io.
"""

import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

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
    """Find where the provider, for example "hashicorp/aws", comes from; any version of it for an empty one.

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
    # What the mirror does not hold comes from its registry.
    held = sorted(
        f'"{folder.relative_to(origin.mirror).as_posix()}"' for folder in origin.mirror.glob(f"{REGISTRY}/*/*")
    )
    listed = ", ".join(held) or f'"{REGISTRY}/*/*"'
    return (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{_escaped(origin.mirror)}"\n    include = [{listed}]\n  }}\n'
        f"  direct {{\n    exclude = [{listed}]\n  }}\n"
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
    if not version:
        return base.is_dir()
    packed = base / f"terraform-provider-{provider.split('/')[1]}_{version}_{platform_name()}.zip"
    return (base / version / platform_name()).is_dir() or packed.is_file()


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
