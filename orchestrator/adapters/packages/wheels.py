"""The libraries of the functions: wheels for Lambda's platform, fetched once by pip and unpacked here.

pip only fetches: what lands in a package then depends on the wheels alone, and not on pip's version or on the machine.
"""

import hashlib
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

from orchestrator.adapters.local_cloud import started
from orchestrator.adapters.packages.requirements import Pin, normalised
from orchestrator.errors import PlatformctlError, UsageError

PYTHON_VERSION = "3.12"
# Amazon Linux 2023, on which the runtime python3.12 stands, has glibc 2.34; what was built for an older one runs there.
PLATFORMS = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)
_ELF_MACHINE_AARCH64 = 183
_DROPPED_METADATA = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
_NO_NETWORK = re.compile(
    r"Could not fetch URL|Retrying \(|connection broken|ConnectionError|ReadTimeoutError|ProxyError"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheels:
    """Wheels on disk, by what the lock files say of them.

    Args:
        folder: where they are kept: ``.platformctl/build/wheels``.
        say: told what is fetched.

    """

    folder: Path
    say: Callable[[str], None]

    def fetch(self, pins: Sequence[Pin]) -> dict[Pin, Path]:
        """The wheel of each pin; those that are not here yet are fetched.

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
            if normalised(wheel.name.split("-", 1)[0]) == pin.name and _sha256(wheel) in pin.hashes
        ]
        return min(wheels, key=_preference, default=None)

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
            done = subprocess.run(
                _pip_download(lock, arrived),
                # The user's own settings of pip hold: index, proxy, certificates. Without a retry it would not say that it
                # could not reach an index, and the library would seem not to exist.
                env={**started(os.environ), "PIP_RETRIES": _retries(os.environ)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
            if done.returncode:
                raise _explained(pins, done.stdout + done.stderr)
            for wheel in arrived.glob("*.whl"):
                wheel.replace(self.folder / wheel.name)
        lost = [pin for pin in pins if self._find(pin) is None]
        if lost:
            raise PlatformctlError(
                "The libraries of the functions cannot be fetched",
                detail=f"pip said that it had fetched {lost[0].name} {lost[0].version}, and there is no such wheel.",
            )


def _retries(environ: Mapping[str, str]) -> str:
    asked = environ.get("PIP_RETRIES", "2")
    return "1" if asked == "0" else asked


def _pip_download(lock: Path, folder: Path) -> list[str]:
    platforms = [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    return [
        *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"),
        *("--progress-bar", "off", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", PYTHON_VERSION, *platforms),
        *("--dest", str(folder), "--requirement", str(lock)),
    ]


def _explained(pins: Sequence[Pin], output: str) -> PlatformctlError:
    """What pip's failure means. pip itself masks passwords in addresses only since version 19, and not everywhere."""
    output = re.sub(r"://[^/@\s]+@", "://****@", output)
    concerned = next(
        (pin for pin in pins if re.search(rf"\b{re.escape(pin.name)}==", _with_normalised_names(output))), pins[0]
    )
    library, place = f"{concerned.name} {concerned.version}", concerned.place
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    said = errors[0] if errors else output.strip()[-500:]
    if "DO NOT MATCH THE HASHES" in output:
        return UsageError(
            "A library of the functions is not the one that is locked",
            detail=f"{place}: the file of {library} that the index offers has none of the locked hashes.",
            hint="Do not use it before you know why. If the lock is outdated, write it anew as docs/packaging.md says.",
        )
    if _NO_NETWORK.search(output):
        return PlatformctlError(
            "The libraries of the functions cannot be fetched",
            detail=f"{place}: the package index could not be reached for {library}. pip said: {said}",
            hint="Check the network; PIP_INDEX_URL names another index, HTTPS_PROXY a proxy, PIP_FIND_LINKS a folder.",
        )
    if "No matching distribution" in output:
        return UsageError(
            "A library of the functions has no wheel for Lambda",
            detail=f"{place}: the index offers no wheel of {library} for CPython {PYTHON_VERSION} on Linux arm64. "
            f"pip said: {said}",
            hint="Lock a version that has one, pure Python or manylinux aarch64, or use another library.",
        )
    return PlatformctlError(
        "The libraries of the functions cannot be fetched", detail=f"{place}: pip failed for {library}: {said}"
    )


def _with_normalised_names(output: str) -> str:
    """Messages of pip with names as the lock has them."""
    return re.sub(r"[\w.-]+(?===)", lambda match: normalised(match[0]), output)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _preference(wheel: Path) -> tuple[int, str]:
    """Best first, as pip ranks them: built for the newest platform that Lambda has, then pure Python."""
    platforms = wheel.stem.rsplit("-", 1)[-1].split(".")
    return min((PLATFORMS.index(name) for name in platforms if name in PLATFORMS), default=len(PLATFORMS)), wheel.name


def unpack(wheel: Path) -> Mapping[str, bytes]:
    """The files of a wheel as they are imported, by path: without scripts, tests, byte code and traces of an installation.

    The format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/

    Raises:
        UsageError: the wheel is for another platform or is not sound.

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
    parts = wheel.name.removesuffix(".whl").split("-")
    if len(parts) not in {5, 6}:
        raise UsageError("A wheel is damaged", detail=f"{wheel.name} is no name of a wheel.")
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    if not {"any", *PLATFORMS}.intersection(platforms):
        raise _foreign(wheel, f"it is for {', '.join(platforms)}")
    if not {"none", "abi3", "cp" + PYTHON_VERSION.replace(".", "")}.intersection(abis) or pythons == ["py2"]:
        raise _foreign(wheel, f"it is for {', '.join(pythons)} with the ABI {', '.join(abis)}")


def _foreign(wheel: Path, why: str) -> UsageError:
    return UsageError(
        "A wheel is not for Lambda's platform",
        detail=f"{wheel.name}: the functions run CPython {PYTHON_VERSION} on Linux arm64, and {why}.",
        hint="Lock a version with a wheel for it, pure Python or manylinux aarch64.",
    )


def _place(wheel: Path, name: str) -> str | None:
    """Where a file of a wheel goes in the package; None where it does not."""
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
    """Remove what a fetch that was killed left beside the wheels."""
    for left in folder.glob(".fetch-*"):
        shutil.rmtree(left, ignore_errors=True)
