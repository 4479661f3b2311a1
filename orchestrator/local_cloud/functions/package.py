"""Deployed archives on disk, each unpacked once, and what Lambda's runtime has installed."""

import io
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import boto3

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED = 262_144_000
# What boto3 consists of in Lambda's Python runtimes.
_RUNTIME = ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six.py")


class Packages:
    """The unpacked archives below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    def unpacked(self, code: bytes, sha256: str) -> Path:
        """Return the folder with the content of an archive, or raise ValueError for one that Lambda would not take."""

        def unpack(folder: Path) -> None:
            try:
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    size = sum(entry.file_size for entry in archive.infolist())
                    if size > MAX_UNPACKED:
                        raise ValueError(f"Unzipped size must be smaller than {MAX_UNPACKED} bytes")
                    archive.extractall(folder)
            except (EOFError, NotImplementedError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
                raise ValueError(str(error)) from error

        return self._made(sha256, unpack)

    def runtime(self) -> Path:
        """Return a folder with boto3 and what it needs, and nothing else of this project's environment."""
        installed = Path(boto3.__file__).parents[1]

        def link(folder: Path) -> None:
            for name in _RUNTIME:
                (folder / name).symlink_to(installed / name)

        return self._made("runtime", link)

    def _made(self, name: str, fill: Callable[[Path], None]) -> Path:
        folder = self._folder / name
        with self._lock:
            if not folder.is_dir():
                partial = folder.with_suffix(".part")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                fill(partial)
                partial.rename(folder)
        return folder
