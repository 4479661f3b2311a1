"""Messages of PostgreSQL's frontend/backend protocol 3.0 that a gateway needs: pure functions on bytes.

Source: https://www.postgresql.org/docs/17/protocol-message-formats.html
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

PROTOCOL = 196608
"""Version 3.0: the major number in the upper 16 bits."""

_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104
_HEADER = struct.Struct("!I")
_MESSAGE = struct.Struct("!cI")
# What the server itself allows: MAX_STARTUP_PACKET_LENGTH, and for a password PG_MAX_AUTH_TOKEN_LENGTH.
LARGEST_START = 10_000
LARGEST_PASSWORD = 65_535

TLS_YES, TLS_NO = b"S", b"N"
"""The one-byte answers to a request for encryption."""


class ProtocolError(Exception):
    """The other side does not speak the protocol."""


@dataclass(frozen=True, slots=True)
class EncryptionRequest:
    """The client wants to encrypt the connection: with TLS, or else with GSSAPI."""

    tls: bool


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """The client wants to cancel a statement on another connection; ``packet`` is the whole request."""

    packet: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Startup:
    """Who wants to log in to what: "user", "database", settings; ``minor`` is that of the protocol version 3.x."""

    parameters: Mapping[str, str]
    minor: int = 0

    @property
    def user(self) -> str:
        return self.parameters["user"]

    @property
    def database(self) -> str:
        """The requested database; by default the one with the user's name."""
        return self.parameters.get("database") or self.user

    def packet(self) -> bytes:
        """Return the message as it is sent."""
        pairs = b"".join(_text(name) + _text(value) for name, value in self.parameters.items())
        body = _HEADER.pack(PROTOCOL + self.minor) + pairs + b"\0"
        return _HEADER.pack(len(body) + 4) + body


def start_length(header: bytes) -> int:
    """Return how many bytes follow the first four of a connection, or raise ProtocolError."""
    (length,) = _HEADER.unpack(header)
    if not 8 <= length <= LARGEST_START:  # noqa: PLR2004 - itself and a code, four bytes each
        raise ProtocolError("invalid length of startup packet")
    return int(length) - 4


def read_start(body: bytes) -> EncryptionRequest | CancelRequest | Startup:
    """Parse the first message of a connection, without its length, or raise ProtocolError."""
    (code,) = _HEADER.unpack(body[:4])
    if code in (_SSL, _GSS):
        return EncryptionRequest(tls=code == _SSL)
    if code == _CANCEL:
        return CancelRequest(_HEADER.pack(len(body) + 4) + body)
    major, minor = divmod(code, 1 << 16)
    if major != PROTOCOL >> 16:
        raise ProtocolError(f"unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0")
    if not body.endswith(b"\0"):
        raise ProtocolError("invalid startup packet layout: expected terminator as last byte")
    try:
        words = [word.decode() for word in body[4:-1].split(b"\0")]
    except UnicodeDecodeError as error:
        raise ProtocolError("invalid startup packet layout: not UTF-8") from error
    # Every string ends with a zero byte, so an empty word follows the last one.
    if words.pop() or len(words) % 2:
        raise ProtocolError("invalid startup packet layout: a parameter has no value")
    parameters = dict(zip(words[::2], words[1::2], strict=True))
    if not parameters.get("user"):
        raise ProtocolError("no PostgreSQL user name specified in startup packet")
    return Startup(parameters, minor)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Build a message with its type and its length, which counts itself."""
    return _MESSAGE.pack(kind, len(body) + 4) + body


def read_header(header: bytes) -> tuple[bytes, int]:
    """Return a message's type and the number of bytes that follow these five, or raise ProtocolError."""
    kind, length = _MESSAGE.unpack(header)
    if length < 4:  # noqa: PLR2004 - the length counts its own four bytes
        raise ProtocolError("invalid message length")
    return kind, int(length) - 4


def authentication_cleartext() -> bytes:
    """Build AuthenticationCleartextPassword: what PAM, and so IAM authentication, asks for."""
    return message(b"R", _HEADER.pack(3))


def read_password(body: bytes) -> str:
    """Return the password of a PasswordMessage, or raise ProtocolError."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("invalid password packet") from error
    if not text or text.find("\0") != len(text) - 1:
        raise ProtocolError("invalid password packet size")
    return text[:-1]


def query(sql: str) -> bytes:
    """Build a simple query."""
    return message(b"Q", _text(sql))


def error(code: str, text: str, *, severity: str = "FATAL") -> bytes:
    """Build an ErrorResponse with an SQLSTATE and a text in PostgreSQL's style: lower case, no full stop."""
    fields = {"S": severity, "V": severity, "C": code, "M": text}
    return message(b"E", b"".join(name.encode() + _text(value) for name, value in fields.items()) + b"\0")


def read_error(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse by letter: "C" the SQLSTATE, "M" the message."""
    parts = (part.decode("utf-8", "replace") for part in body.split(b"\0") if part)
    return {part[0]: part[1:] for part in parts}


def read_row(body: bytes) -> list[str | None]:
    """Return the columns of a DataRow in text format, or raise ProtocolError."""
    try:
        (count,) = struct.unpack_from("!H", body)
        place, columns = 2, []  # type: tuple[int, list[str | None]]
        for _ in range(count):
            (length,) = struct.unpack_from("!i", body, place)
            place += 4
            if length < 0:
                columns.append(None)
                continue
            if place + length > len(body):
                raise ProtocolError("invalid row")
            columns.append(body[place : place + length].decode())
            place += length
    except struct.error as raised:
        raise ProtocolError("invalid row") from raised
    return columns


def _text(value: str) -> bytes:
    return value.encode() + b"\0"
