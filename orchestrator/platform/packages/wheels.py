"""Fetches the functions' libraries as wheels for Lambda's platform, and unpacks them.

pip only downloads, so that a package depends on the wheels alone, and not on pip's version or on the machine.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging import tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.output import quote
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.platform.packages.archive import sha256
from orchestrator.platform.packages.requirements import Pin

PYTHON_VERSION = "3.12"
# Amazon Linux 2023, on which the runtime python3.12 stands, has glibc 2.34; what was built for an older one runs there.
PLATFORMS = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)
# Best first, as pip ranks them: built for the newest platform that Lambda has, then pure Python.
_TAGS = (
    *tags.cpython_tags((3, 12), abis=("cp312",), platforms=PLATFORMS),
    *tags.compatible_tags((3, 12), interpreter="cp312", platforms=PLATFORMS),
)
_ELF_MACHINE_AARCH64 = 183
_DROPPED_METADATA = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
_NO_NETWORK = re.compile(
    r"Could not fetch URL|Retrying \(|connection broken|ConnectionError|ReadTimeoutError|ProxyError"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheels:
    """The wheels in ``folder``, ``.platformctl/build/wheels``; ``say`` is called with a line for what is fetched."""

    folder: Path
    say: Callable[[str], None]

    def fetch(self, pins: Sequence[Pin]) -> dict[Pin, Path]:
        """Return the wheel of each pin, and fetch those that are missing.

        Raises:
            PlatformctlError: one could not be fetched.
            UsageError: one is not what is locked, or there is none for Lambda's platform.

        """
        missing = [pin for pin in pins if self._find(pin) is None]
        if missing:
            self.say(f"fetching {', '.join(f'{pin.name} {pin.version}' for pin in missing)}")
            self._download(missing)
        found = {pin: self._find(pin) for pin in pins}
        return {pin: wheel for pin, wheel in found.items() if wheel is not None}

    def _find(self, pin: Pin) -> Path | None:
        wheels = [
            wheel
            for wheel in sorted(self.folder.glob("*.whl"))
            if canonicalize_name(wheel.name.split("-", 1)[0]) == pin.name and sha256(wheel) in pin.hashes
        ]
        return min(wheels, key=_rank, default=None)

    def _download(self, pins: Sequence[Pin]) -> None:
        if importlib.util.find_spec("pip") is None:
            raise PlatformctlError(
                "The libraries of the functions cannot be fetched",
                detail=f"{sys.executable} has no pip.",
                hint=f"Add it: {sys.executable} -m ensurepip",
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix=".fetch-") as scratch:
            lock = Path(scratch) / "requirements.txt"
            lock.write_text("".join(f"{pin.requirement}\n" for pin in pins), encoding="utf-8")
            arrived = Path(scratch) / "wheels"
            done = run_pip(lock, arrived)
            if done.returncode:
                raise _explained(pins, done.stdout + done.stderr)
            for wheel in arrived.glob("*.whl"):
                wheel.replace(self.folder / wheel.name)
        lost = [pin for pin in pins if self._find(pin) is None]
        if lost:
            raise PlatformctlError(
                "The libraries of the functions cannot be fetched",
                detail=f"pip download succeeded, but there is no wheel of {lost[0].name} {lost[0].version}.",
            )


def run_pip(lock: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let pip download what a lock file names for Lambda's platform."""
    platforms = [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    retries = os.environ.get("PIP_RETRIES", "2")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"),
            *("--progress-bar", "off", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
            *("--implementation", "cp", "--python-version", PYTHON_VERSION, *platforms),
            *("--dest", str(folder), "--requirement", str(lock)),
        ],
        # The user's settings of pip apply: index, proxy, certificates. Without a retry pip does not say that it could not
        # reach an index, and the library seems not to exist.
        env={**started(os.environ), "PIP_RETRIES": "1" if retries == "0" else retries},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _explained(pins: Sequence[Pin], output: str) -> PlatformctlError:
    """Explain a failure of pip."""
    concerned = next(
        (pin for pin in pins if re.search(rf"\b{re.escape(pin.name)}==", _with_normalised_names(output))), pins[0]
    )
    library, place = f"{concerned.name} {concerned.version}", concerned.place
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    printed = quote(errors[0] if errors else output.strip()[-500:])
    if "DO NOT MATCH THE HASHES" in output:
        return UsageError(
            "A library of the functions is not the one that is locked",
            detail=f"{place}: the file of {library} that the index offers has none of the locked hashes.",
            hint="Do not use it before you know why. If the lock is outdated, write it anew as docs/packaging.md says.",
        )
    if _NO_NETWORK.search(output):
        return PlatformctlError(
            "The libraries of the functions cannot be fetched",
            detail=f"{place}: the package index could not be reached for {library}. pip download printed: {printed}.",
            hint="Check the network; PIP_INDEX_URL names another index, HTTPS_PROXY a proxy, PIP_FIND_LINKS a folder.",
        )
    if "No matching distribution" in output:
        return UsageError(
            "A library of the functions has no wheel for Lambda",
            detail=f"{place}: the index offers no wheel of {library} for CPython {PYTHON_VERSION} on Linux arm64. "
            f"pip download printed: {printed}.",
            hint="Lock a version that has one, pure Python or manylinux aarch64, or use another library.",
        )
    return PlatformctlError(
        "The libraries of the functions cannot be fetched",
        detail=f"{place}: pip download failed for {library}. It printed: {printed}.",
    )


def _with_normalised_names(output: str) -> str:
    """Return pip's messages with names as the lock has them."""
    return re.sub(r"[\w.-]+(?===)", lambda match: canonicalize_name(match[0]), output)


def _rank(wheel: Path) -> int:
    """Return how well a wheel suits Lambda, 0 best."""
    found = _tags_of(wheel)
    return next((rank for rank, tag in enumerate(_TAGS) if tag in found), len(_TAGS))


def _tags_of(wheel: Path) -> frozenset[tags.Tag]:
    try:
        return parse_wheel_filename(wheel.name)[3]
    except InvalidWheelFilename:
        raise UsageError("A wheel is damaged", detail=f"{wheel.name} is not the name of a wheel.") from None


def unpack(wheel: Path) -> Mapping[str, bytes]:
    """Return the files of a wheel as they are imported, by path, without scripts, tests, byte code and installer files.

    The format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

    Raises:
        UsageError: the wheel is damaged or for another platform.

    """
    _check_platform(wheel)
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                path = None if entry.is_dir() else _place(wheel, entry.filename)
                if path is not None:
                    files[path] = archive.read(entry)
    except zipfile.BadZipFile as error:
        raise UsageError("A wheel is damaged", detail=f"{wheel}: {error}.", hint="Delete it and build again.") from None
    for path, contents in files.items():
        if contents.startswith(b"\x7fELF") and int.from_bytes(contents[18:20], "little") != _ELF_MACHINE_AARCH64:
            raise _foreign(wheel, f"{path} in it is machine code for another processor")
    return files


def _check_platform(wheel: Path) -> None:
    found = _tags_of(wheel)
    if found.isdisjoint(_TAGS):
        raise _foreign(wheel, f"it is for {', '.join(sorted(map(str, found)))}")


def _foreign(wheel: Path, why: str) -> UsageError:
    return UsageError(
        "A wheel is not for Lambda's platform",
        detail=f"{wheel.name}: the functions run CPython {PYTHON_VERSION} on Linux arm64, and {why}.",
        hint="Lock a version with a wheel for it, pure Python or manylinux aarch64.",
    )


def _place(wheel: Path, name: str) -> str | None:
    """Return a wheel file's path in the package; None when it stays out."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise UsageError("A wheel is damaged", detail=f"{wheel.name} holds {name!r}, which lies outside of it.")
    parts = path.parts
    if parts[0].endswith(".data"):
        if parts[1:2] not in {("purelib",), ("platlib",)}:
            return None
        parts = parts[2:]
    elif parts[0].endswith(".dist-info") and path.name in _DROPPED_METADATA:
        return None
    if not parts or {"__pycache__", "tests"}.intersection(parts[:-1]) or path.suffix == ".pyc":
        return None
    return "/".join(parts)


def discard(folder: Path) -> None:
    """Remove what a killed fetch left beside the wheels."""
    for left in folder.glob(".fetch-*"):
        shutil.rmtree(left, ignore_errors=True)
