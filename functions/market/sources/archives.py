"""Compressed files as streams: gzip, and zip with its members one after the other. Nothing is written to a disk.

Memory is bounded, whatever a file says about itself; every piece that is read calls back, so that a caller can look at the clock.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

MAX_MEMBERS = 1000
MAX_RATIO = 250
"""Market data shrink to a tenth or a thirtieth; what grows by more than this is no market data."""
RATIO_FROM = 4 * 1024 * 1024
"""Bytes from which the ratio counts."""
PIECE = 64 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_OTHERS = {
    b"(\xb5/\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"PAR1": "Parquet",
    b"DBN": "Databento's binary encoding (DBN)",
}
_HEADER = struct.Struct("<4s5H3I2H")
_DESCRIPTOR = b"PK\x07\x08"
_UNKNOWN = 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_BEHIND = 1, 8
_HEADER_CHECKSUM, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
"""Flags of gzip's header."""


class ArchiveError(ValueError):
    """A file cannot be unpacked; the message tells the sender why and what to do."""


class DamagedError(ArchiveError):
    """A file ends too early, or its contents do not fit their checksum."""

    def __init__(self) -> None:
        super().__init__("the compressed data end or are damaged here; what follows is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file, or one of an archive.

    Attributes:
        name: without folders and without the ending of its compression.
        stream: its contents; ``peek`` returns 64 KiB, or all of a shorter one.

    """

    name: str
    stream: io.BufferedReader


def members(stream: io.BufferedReader, name: str, *, on_piece: Callable[[], None] = lambda: None) -> Iterator[Member]:
    """Yield what is in a file; each member has to be read before the next.

    Args:
        stream: of the file.
        name: of the file.
        on_piece: is called before each piece of 64 KiB, unpacked or not.

    Raises:
        ArchiveError: it cannot be unpacked, here or while a member is read.

    """
    start, name = stream.peek(PIECE)[:8], name.rsplit("/", 1)[-1]
    if start.startswith(_ZIP):
        yield from _zipped(_Packed(stream), on_piece)
        return
    if start.startswith(_GZIP):
        packed = _Packed(stream)
        inner = name[: -len(".gz")] if name.lower().endswith(".gz") else name
        yield _member(inner, _Pieces(_gunzipped(packed), packed, on_piece))
        return
    _refuse_others(start)
    yield Member(name=name, stream=_buffered(_Pieces(iter(lambda: stream.read(PIECE), b""), None, on_piece)))


def _member(name: str, pieces: "_Pieces") -> Member:
    stream = _buffered(pieces)
    start = stream.peek(PIECE)[:8]
    if start.startswith((_GZIP, _ZIP)):
        raise ArchiveError("a compressed file in a compressed file: unpack the outer one and send what is in it")
    _refuse_others(start)
    return Member(name=name.rsplit("/", 1)[-1], stream=stream)


def _refuse_others(start: bytes) -> None:
    for magic, kind in _OTHERS.items():
        if start.startswith(magic):
            raise ArchiveError(f"{kind} is not read: send CSV or JSON, plain or in gzip or zip")


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, buffer_size=PIECE)


class _Packed:
    """The compressed bytes of a file, counted."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._returned = b""
        self.count = 0

    def read(self, amount: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        data = self._returned[:amount]
        self._returned = self._returned[amount:]
        if len(data) < amount:
            data += self._stream.read(amount - len(data))
        self.count += len(data)
        return data

    def exactly(self, amount: int) -> bytes:
        data = self.read(amount)
        if len(data) < amount:
            raise DamagedError
        return data

    def unread(self, data: bytes) -> None:
        self._returned = data + self._returned
        self.count -= len(data)


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream; with the compressed bytes that they come from, the growth is bounded."""

    def __init__(self, pieces: Iterator[bytes], packed: _Packed | None, on_piece: Callable[[], None]) -> None:
        super().__init__()
        self._pieces, self._packed, self._on_piece = pieces, packed, on_piece
        self._left = memoryview(b"")
        self._count = 0
        self._ended = False
        self._error: ArchiveError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview, /) -> int:  # type: ignore[override]  # the buffer protocol has no type before 3.12
        # Filled as far as possible, so that peek shows the whole beginning.
        filled = 0
        while filled < len(target) and not self._ended:
            if not self._left:
                self._on_piece()
                self._next()
                continue
            taken = self._left[: len(target) - filled]
            target[filled : filled + len(taken)] = taken
            self._left = self._left[len(taken) :]
            filled += len(taken)
        if self._error is not None and not filled:
            raise self._error
        return filled

    def _next(self) -> None:
        """Unpack a piece. An error waits until everything before it has been read."""
        try:
            piece = next(self._pieces, b"")
            self._count += len(piece)
            if self._packed is not None and self._count > max(RATIO_FROM, MAX_RATIO * self._packed.count):
                raise ArchiveError(f"unpacks to more than {MAX_RATIO} times its size: no market data do")  # noqa: TRY301 - as the others
        except ArchiveError as error:
            self._error, piece = error, b""
        self._ended = not piece
        self._left = memoryview(piece)


def _inflated(packed: _Packed) -> Iterator[bytes]:
    """Yield what one deflated stream holds, in pieces, and its checksum at the end; leaves the bytes behind it unread."""
    # Without zlib's own check of a checksum, which would withhold the last piece.
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    data = b""
    while not unpacker.eof:
        data = data or packed.read(PIECE)
        try:
            piece = unpacker.decompress(data, PIECE)
        except zlib.error:
            raise DamagedError from None
        if not data and not piece and not unpacker.eof:
            raise DamagedError
        data = unpacker.unconsumed_tail
        if piece:
            yield piece
    packed.unread(unpacker.unused_data)


def _checked(pieces: Iterator[bytes], expected: Callable[[], int]) -> Iterator[bytes]:
    """Yield pieces, and compare their checksum with the expected one, which may stand behind them."""
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
        yield piece
    if found != expected():
        raise DamagedError


def _gunzipped(packed: _Packed) -> Iterator[bytes]:
    """Yield the contents of gzip (RFC 1952), which may be several streams in a row, with zeros behind them."""
    while (start := packed.read(10)).strip(b"\0"):
        if len(start) < len(_GZIP) or not start.startswith(_GZIP):
            raise DamagedError
        flags = (start + packed.exactly(10 - len(start)))[3]
        if flags & _EXTRA:
            packed.exactly(int.from_bytes(packed.exactly(2), "little"))
        for flag in (_NAME, _COMMENT):
            if flags & flag:
                _skip_text(packed)
        if flags & _HEADER_CHECKSUM:
            packed.exactly(2)
        yield from _checked(_inflated(packed), lambda: int.from_bytes(packed.exactly(8)[:4], "little"))


def _skip_text(packed: _Packed) -> None:
    """Skip a text that ends with a zero."""
    for _ in range(PIECE):
        if packed.exactly(1) == b"\0":
            return
    raise DamagedError


def _zipped(packed: _Packed, on_piece: Callable[[], None]) -> Iterator[Member]:
    """Yield the files of a zip in the order of its local headers; folders and the hidden files of archivers are left out."""
    count = 0
    while (start := packed.exactly(4)) == _ZIP:
        count += 1
        if count > MAX_MEMBERS:
            raise ArchiveError(f"more than {MAX_MEMBERS} files in one archive: split it")
        header = start + packed.exactly(_HEADER.size - 4)
        _, _, flags, method, _, _, checksum, size, _, name_length, extra_length = _HEADER.unpack(header)
        name = packed.exactly(name_length).decode("utf-8", "replace")
        extra = packed.exactly(extra_length)
        if flags & _ENCRYPTED:
            raise ArchiveError("an encrypted archive: send it without a password")
        wide = extra.startswith(b"\x01\x00")
        if method == _DEFLATED:
            pieces = _inflated(packed)
        elif method == _STORED and not flags & _SIZES_BEHIND and size != _UNKNOWN:
            pieces = _stored(packed, size)
        else:
            raise ArchiveError("a zip of a kind that cannot be read as a stream: zip it anew, with deflate")
        expected = partial(_behind, packed, wide=wide) if flags & _SIZES_BEHIND else partial(int, checksum)
        hidden = name.endswith("/") or name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")
        contents = _Pieces(_checked(pieces, expected), packed, on_piece)
        if not hidden:
            yield _member(name, contents)
        while contents.read(PIECE):
            # What nobody wanted, or did not read to its end.
            pass
    if start not in {b"PK\x01\x02", b"PK\x05\x06"}:
        raise DamagedError


def _stored(packed: _Packed, size: int) -> Iterator[bytes]:
    while size:
        piece = packed.exactly(min(size, PIECE))
        size -= len(piece)
        yield piece


def _behind(packed: _Packed, *, wide: bool) -> int:
    """Return the checksum that stands behind the contents, and pass the sizes, of 8 bytes each where they are wide."""
    start = packed.exactly(4)
    checksum = packed.exactly(4) if start == _DESCRIPTOR else start
    packed.exactly(16 if wide else 8)
    return int.from_bytes(checksum, "little")
