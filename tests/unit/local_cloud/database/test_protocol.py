import struct

import pytest

from orchestrator.local_cloud.database import protocol
from orchestrator.local_cloud.database.protocol import CancelRequest, EncryptionRequest, ProtocolError, Startup


def _start(code, rest=b""):
    return struct.pack("!I", code) + rest


START = _start(196608)


CANCEL = _start(80877102, b"\0\0\0\7secret12")


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        (protocol.start_length, struct.pack("!I", 8), 4),
        (protocol.start_length, struct.pack("!I", 10_000), 9_996),
        (protocol.read_start, _start(80877103), EncryptionRequest(tls=True)),
        (protocol.read_start, _start(80877104), EncryptionRequest(tls=False)),
        (protocol.read_start, CANCEL, CancelRequest(b"\0\0\0\x14" + CANCEL)),
        (protocol.read_start, START + b"user\0ann\0database\0m\0\0", Startup({"user": "ann", "database": "m"})),
        (protocol.read_start, _start(196610, b"user\0ann\0\0"), Startup({"user": "ann"}, 2)),
        (protocol.read_start, START + b"user\0J\xc3\xb6\0options\0\0\0", Startup({"user": "Jö", "options": ""})),
        (protocol.read_password, b"geheim\0", "geheim"),
        (protocol.read_password, b"\0", ""),
        (protocol.read_password, "ü".encode() + b"\0", "ü"),
        (protocol.read_error, b"CXX000\0Mno\0\0", {"C": "XX000", "M": "no"}),
        (protocol.read_row, b"\0\0", []),
        (protocol.read_row, b"\0\2\0\0\0\1a\xff\xff\xff\xff", ["a", None]),
        (protocol.read_row, b"\0\2\0\0\0\0\0\0\0\2\xc3\xbc", ["", "ü"]),
    ],
)
def test_messages_are_parsed(read, data, expected):
    assert read(data) == expected


LENGTH, LAYOUT = "invalid length of startup packet", "invalid startup packet layout: "
NO_USER = "no PostgreSQL user name specified in startup packet"


@pytest.mark.parametrize(
    ("read", "data", "text"),
    [
        (protocol.start_length, b"\0\0\0\7", LENGTH),
        (protocol.start_length, b"\0\0\x27\x11", LENGTH),
        (protocol.start_length, b"\xff\xff\xff\xff", LENGTH),
        (protocol.start_length, b"GET ", LENGTH),
        (protocol.read_start, _start(131072, b"x"), "unsupported frontend protocol 2.0: server supports 3.0 to 3.0"),
        (protocol.read_start, START + b"user\0ann\0", f"{LAYOUT}a parameter has no value"),
        (protocol.read_start, START + b"user\0ann", f"{LAYOUT}expected terminator as last byte"),
        (protocol.read_start, START + b"user\0\0", f"{LAYOUT}a parameter has no value"),
        (protocol.read_start, START + b"user\0\xff\0\0", f"{LAYOUT}not UTF-8"),
        (protocol.read_start, START + b"database\0market\0\0", NO_USER),
        (protocol.read_start, START + b"user\0\0\0", NO_USER),
        (protocol.read_header, b"Q\0\0\0\3", "invalid message length"),
        (protocol.read_password, b"", "invalid password packet size"),
        (protocol.read_password, b"a", "invalid password packet size"),
        (protocol.read_password, b"a\0b\0", "invalid password packet size"),
        (protocol.read_password, b"\xff\0", "invalid password packet"),
        (protocol.read_row, b"", "invalid row"),
        (protocol.read_row, b"\0\1", "invalid row"),
        (protocol.read_row, b"\xff\xff\0\0\0\0", "invalid row"),
        (protocol.read_row, b"\0\1\0\0\0\5abc", "invalid row"),
    ],
)
def test_invalid_messages_are_refused(read, data, text):
    with pytest.raises(ProtocolError) as raised:
        read(data)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (protocol.message(b"X"), b"X\0\0\0\4"),
        (protocol.query("SELECT 1"), b"Q\0\0\0\x0dSELECT 1\0"),
        (protocol.authentication_cleartext(), b"R\0\0\0\x08\0\0\0\x03"),
        (protocol.error("28000", "no"), b"E\0\0\0\x1eSFATAL\0VFATAL\0C28000\0Mno\0\0"),
    ],
)
def test_messages_are_built(built, expected):
    assert built == expected
    assert protocol.read_header(built[:5]) == (built[:1], len(built) - 5)


@pytest.mark.parametrize("startup", [Startup({"user": "ann"}), Startup({"user": "a", "options": "-c x=1"}, 2)])
def test_a_startup_message_survives_a_round_trip(startup):
    packet = startup.packet()
    assert protocol.start_length(packet[:4]) == len(packet) - 4
    assert protocol.read_start(packet[4:]) == startup


def test_the_default_database_is_the_users():
    assert Startup({"user": "ann"}).database == "ann"
    assert Startup({"user": "ann", "database": "market"}).database == "market"
