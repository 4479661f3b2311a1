"""Where a request ends: its headers are checked and its body is read, by its length or in chunks.

Source: RFC 9112, sections 5 to 7. Whatever cannot be framed is refused with a reason; the connection is closed after it, because nobody
knows where the next request would begin.
"""

import re
from collections.abc import Iterator
from email import errors
from email.message import Message
from typing import IO, Protocol

from orchestrator.local_cloud.wsgi import TOKEN

_LENGTH = re.compile(r"\d{1,18}")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_LONGEST_LINE = 1 << 16
_MOST_TRAILERS = 100
_PIECE = 1 << 20

# The parser of headers also reports that a form (multipart/form-data) has no parts, since it sees no body.
_DEFECTS = (
    errors.FirstHeaderLineIsContinuationDefect,
    errors.HeaderDefect,
    errors.MisplacedEnvelopeHeaderDefect,
    errors.MissingHeaderBodySeparatorDefect,
)


class FramingError(Exception):
    """The request is not valid HTTP; the message is for the client.

    Args:
        status: of the answer.
        message: a whole sentence, without values that the client sent.

    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Readable(Protocol):
    """A buffered stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Read at most that many bytes; fewer only at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read to the end of the line, or that many bytes of it."""


def check_headers(headers: "Message[str, str]") -> None:
    """Refuse header lines without a colon, and names that are no names: what follows them would be lost.

    Raises:
        FramingError: 400.

    """
    defects = [defect for defect in headers.defects if isinstance(defect, _DEFECTS)]
    if defects or not all(TOKEN.fullmatch(name) for name in headers):
        raise FramingError(400, "A header line has no valid name.")


def copy_body(headers: "Message[str, str]", source: Readable, target: IO[bytes]) -> int | None:
    """Copy the body of a request.

    Args:
        headers: of the request.
        source: behind the headers.
        target: takes the body without its framing.

    Returns:
        the length of the body; None when the request declares none.

    Raises:
        FramingError: the framing is contradictory, or the body ends before it should.

    """
    lengths = {value.strip() for value in headers.get_all("Content-Length", ())}
    encodings = [value.strip().lower() for value in ",".join(headers.get_all("Transfer-Encoding", ())).split(",")]
    if encodings != [""]:
        if encodings != ["chunked"]:
            raise FramingError(501, "The only transfer encoding that is served is chunked.")
        if lengths:
            raise FramingError(400, "The request has both a Content-Length and a Transfer-Encoding.")
        pieces = _chunks(source)
    elif not lengths:
        return None
    else:
        length = lengths.pop()
        if lengths or not _LENGTH.fullmatch(length):
            raise FramingError(400, "The Content-Length is not one number of bytes.")
        pieces = _exactly(int(length), source)
    return sum(target.write(piece) for piece in pieces)


def _exactly(length: int, source: Readable) -> Iterator[bytes]:
    left = length
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise FramingError(400, f"The body ended {left} bytes early.")
        left -= len(piece)
        yield piece


def _chunks(source: Readable) -> Iterator[bytes]:
    while size := _chunk_size(source.readline(_LONGEST_LINE)):
        yield from _exactly(size, source)
        if source.readline(3) not in (b"\r\n", b"\n"):
            raise FramingError(400, "A chunk is longer than its size says.")
    for _ in range(_MOST_TRAILERS):
        # Trailers are allowed, and nothing here needs one; a client that has gone sends no last line.
        if source.readline(_LONGEST_LINE) in (b"\r\n", b"\n", b""):
            return
    raise FramingError(431, f"There are more than {_MOST_TRAILERS} trailers.")


def _chunk_size(line: bytes) -> int:
    size = line.partition(b";")[0].strip()
    if not line.endswith(b"\n") or not _CHUNK_SIZE.fullmatch(size):
        raise FramingError(400, "A chunk does not begin with its size.")
    return int(size, 16)
