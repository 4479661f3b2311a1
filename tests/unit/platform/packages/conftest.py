"""A project with functions, and an index of wheels in a folder: nothing is asked of a network."""

import base64
import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.platform.packages import build_packages, wheels

HANDLER = "def handler(event, context):\n    return {}\n"
ARM = "cp312-cp312-manylinux_2_28_aarch64"


class Project:
    """A project in a folder of its own; says what the builder said."""

    def __init__(self, root: Path, index: Path) -> None:
        self.root = root
        self.functions = root / "functions"
        self.home = root / ".platformctl"
        self.index = index
        self.said: list[str] = []

    def write(self, path: str, text: str) -> Path:
        file = self.functions / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def define(self, text: str) -> None:
        self.write("functions.toml", text)

    def build(self, *only: str) -> dict[str, object]:
        packages = build_packages(self.root, self.home, only=only, say=self.said.append)
        return {package.function: package for package in packages}

    def wheel(
        self, name: str, files: Mapping[str, str | bytes], *, version: str = "1.0", tag: str = "py3-none-any"
    ) -> str:
        """Put a wheel into the index; returns its line in a lock file."""
        stem = f"{name}-{version}"
        metadata = {
            f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{stem}.dist-info/RECORD": "",
            f"{stem}.dist-info/INSTALLER": "pip\n",
        }
        self.index.mkdir(parents=True, exist_ok=True)
        file = self.index / f"{stem}-{tag}.whl"
        with zipfile.ZipFile(file, "w") as archive:
            for path, contents in {**files, **metadata}.items():
                archive.writestr(path, contents)
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


@pytest.fixture
def offline(tmp_path, monkeypatch, request):
    """pip looks for wheels in a folder of the test, and nowhere else; only tests that are marked slow start it."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def copy_locked(lock, folder):
        folder.mkdir()
        for wheel in index.glob("*.whl"):
            if hashlib.sha256(wheel.read_bytes()).hexdigest() in lock.read_text():
                shutil.copy(wheel, folder)
        return subprocess.CompletedProcess([], 0, "", "")

    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(wheels, "run_pip", copy_locked)
    return index


@pytest.fixture
def project(tmp_path, offline):
    """One function without libraries."""
    project = Project(tmp_path / "project", offline)
    project.write("ingest/handler.py", HANDLER)
    project.define("[functions.ingest]\n")
    return project


def names(package) -> list[str]:
    """What a package holds, in the order of the file."""
    with zipfile.ZipFile(package.path) as archive:
        return archive.namelist()


def base64_sha256(file: Path) -> str:
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
