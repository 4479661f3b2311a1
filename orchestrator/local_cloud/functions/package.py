"""Deployed archives on disk: each unpacked once, whichever function or version has it; and what Lambda's runtime has installed."""

import io
import shutil
import zipfile
from pathlib import Path
from threading import Lock

import boto3

# What boto3 consists of in Lambda's Python runtimes.
_RUNTIME = ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six.py")


class Packages:
    """The unpacked archives below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    def unpacked(self, code: bytes, sha256: str) -> Path:
        """The folder with the content of an archive.

        Args:
            code: the archive.
            sha256: of it, in hexadecimal; the folder's name.

        Raises:
            ValueError: it is no zip archive.

        """
        folder = self._folder / sha256
        with self._lock:
            if folder.is_dir():
                return folder
            partial = folder.with_suffix(".part")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            try:
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    archive.extractall(partial)
            except zipfile.BadZipFile as error:
                raise ValueError(str(error)) from error
            partial.rename(folder)
        return folder

    def runtime(self) -> Path:
        """A folder with boto3 and what it needs, and nothing else of this project's environment."""
        folder = self._folder / "runtime"
        with self._lock:
            if not folder.is_dir():
                partial = folder.with_suffix(".part")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                installed = Path(boto3.__file__).parents[1]
                for name in _RUNTIME:
                    (partial / name).symlink_to(installed / name)
                partial.rename(folder)
        return folder
