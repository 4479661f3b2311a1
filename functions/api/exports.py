"""Files in S3, compressed and written while their rows arrive: memory holds one part, however long a file is."""

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024
"""S3 takes parts of 5 MiB and more."""
_BATCH = 64 * 1024
# The client waits: a higher level takes three times as long for a tenth of the size.
_LEVEL = 1
_GZIP = zlib.MAX_WBITS | 16
CONTENT_TYPE = "application/gzip"


class ExportTooLongError(Exception):
    """A file takes longer than a request has time for."""


class ExportFile:
    """A stream of bytes into a gzip object, to be closed with ``close`` or ``abort``.

    Args:
        s3: the client.
        bucket: where the object is written.
        key: its name.
        in_time: whether there is time to go on; asked once per batch of rows.

    Attributes:
        lines: how many lines were written.
        size: the bytes of the object so far.

    """

    def __init__(self, s3: "S3Client", bucket: str, key: str, *, in_time: Callable[[], bool]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._in_time = in_time
        self._gzip = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._rows = bytearray()
        self._waiting = bytearray()
        self._upload = ""
        self._parts: list[CompletedPartTypeDef] = []
        self.lines = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            ExportTooLongError: there is no time left.

        """
        self._rows += data
        if len(self._rows) >= _BATCH:
            self._compress()

    def close(self) -> None:
        """Write what is left, and make the object visible."""
        self._compress()
        self._add(self._gzip.flush())
        if not self._upload:
            self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=bytes(self._waiting), ContentType=CONTENT_TYPE)
            return
        self._send()
        self._s3.complete_multipart_upload(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        """Give the file up; nothing of it stays."""
        if self._upload:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload)

    def _compress(self) -> None:
        if not self._in_time():
            raise ExportTooLongError
        self.lines += self._rows.count(b"\n")
        self._add(self._gzip.compress(self._rows))
        self._rows.clear()
        if len(self._waiting) >= PART:
            self._send()

    def _add(self, data: bytes) -> None:
        self._waiting += data
        self.size += len(data)

    def _send(self) -> None:
        if not self._upload:
            started = self._s3.create_multipart_upload(Bucket=self._bucket, Key=self._key, ContentType=CONTENT_TYPE)
            self._upload = started["UploadId"]
        number = len(self._parts) + 1
        sent = self._s3.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload, PartNumber=number, Body=bytes(self._waiting)
        )
        part: CompletedPartTypeDef = {"ETag": sent["ETag"], "PartNumber": number}
        if "ChecksumCRC32" in sent:
            # The SDK's default; S3 then wants it of each part.
            part["ChecksumCRC32"] = sent["ChecksumCRC32"]
        self._parts.append(part)
        self._waiting.clear()
