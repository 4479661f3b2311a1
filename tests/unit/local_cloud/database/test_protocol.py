import struct

import pytest

from orchestrator.local_cloud.database import protocol
from orchestrator.local_cloud.database.protocol import CancelRequest, EncryptionRequest, ProtocolError, Startup


def _start(code, rest=b""):
    return struct.pack("!I", code) + rest


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_start(80877103), EncryptionRequest(tls=True)),
        (_start(80877104), EncryptionRequest(tls=False)),
        (
            _start(80877102, b"\0\0\0\7secret12"),
            CancelRequest(b"\0\0\0\x14" + _start(80877102, b"\0\0\0\7secret12")),
        ),
        (_start(196608, b"user\0ann\0database\0market\0\0"), Startup({"user": "ann", "database": "market"})),
        (_start(196610, b"user\0ann\0\0"), Startup({"user": "ann"}, 2)),
        (_start(196608, b"user\0J\xc3\xb6rg\0options\0\0\0"), Startup({"user": "Jörg", "options": ""})),
    ],
)
def test_the_first_message(body, expected):
    assert protocol.read_start(body) == expected


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (_start(131072, b"x"), "unsupported frontend protocol 2.0: server supports 3.0 to 3.0"),
        (_start(196608, b"user\0ann\0"), "invalid startup packet layout: a parameter has no value"),
        (_start(196608, b"user\0ann"), "invalid startup packet layout: expected terminator as last byte"),
        (_start(196608, b"user\0\0"), "invalid startup packet layout: a parameter has no value"),
        (_start(196608, b"user\0\xff\0\0"), "invalid startup packet layout: not UTF-8"),
        (_start(196608, b"database\0market\0\0"), "no PostgreSQL user name specified in startup packet"),
        (_start(196608, b"user\0\0\0"), "no PostgreSQL user name specified in startup packet"),
    ],
)
def test_first_messages_that_are_none(body, text):
    with pytest.raises(ProtocolError) as raised:
        protocol.read_start(body)
    assert str(raised.value) == text


@pytest.mark.parametrize(("length", "expected"), [(8, 4), (10_000, 9_996)])
def test_the_length_of_the_first_message(length, expected):
    assert protocol.start_length(struct.pack("!I", length)) == expected


@pytest.mark.parametrize("header", [b"\0\0\0\7", b"\0\0\x27\x11", b"GET "], ids=["short", "long", "HTTP"])
def test_lengths_that_no_client_sends(header):
    with pytest.raises(ProtocolError, match="invalid length of startup packet"):
        protocol.start_length(header)


@pytest.mark.parametrize(
    ("parameters", "database"), [({"user": "ann"}, "ann"), ({"user": "ann", "database": "market"}, "market")]
)
def test_the_database_is_the_users_unless_he_names_one(parameters, database):
    assert Startup(parameters).database == database


@pytest.mark.parametrize("startup", [Startup({"user": "ann"}), Startup({"user": "a", "options": "-c x=1"}, 2)])
def test_a_startup_is_written_as_it_was_read(startup):
    packet = startup.packet()
    assert protocol.start_length(packet[:4]) == len(packet) - 4
    assert protocol.read_start(packet[4:]) == startup


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (protocol.message(b"X"), b"X\0\0\0\4"),
        (protocol.query("SELECT 1"), b"Q\0\0\0\x0dSELECT 1\0"),
        (protocol.authentication_cleartext(), b"R\0\0\0\x08\0\0\0\x03"),
        (protocol.error("28000", "no"), b"E\0\0\0\x1eSFATAL\0VFATAL\0C28000\0Mno\0\0"),
    ],
)
def test_messages(written, expected):
    assert written == expected
    assert protocol.read_header(written[:5]) == (written[:1], len(written) - 5)


def test_a_message_is_at_least_as_long_as_its_length():
    with pytest.raises(ProtocolError, match="invalid message length"):
        protocol.read_header(b"Q\0\0\0\3")


@pytest.mark.parametrize(("body", "expected"), [(b"geheim\0", "geheim"), (b"\0", ""), ("ü".encode() + b"\0", "ü")])
def test_passwords(body, expected):
    assert protocol.read_password(body) == expected


@pytest.mark.parametrize("body", [b"", b"a", b"a\0b\0", b"\xff\0"])
def test_passwords_that_are_none(body):
    with pytest.raises(ProtocolError, match="invalid password packet"):
        protocol.read_password(body)


def test_the_fields_of_an_error():
    body = protocol.error("42P01", 'relation "x" does not exist', severity="ERROR")[5:]
    assert protocol.read_error(body) == {
        "S": "ERROR", "V": "ERROR", "C": "42P01", "M": 'relation "x" does not exist'
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\0\0", []),
        (b"\0\2\0\0\0\1a\xff\xff\xff\xff", ["a", None]),
        (b"\0\2\0\0\0\0\0\0\0\2\xc3\xbc", ["", "ü"]),
    ],
)
def test_rows(body, expected):
    assert protocol.read_row(body) == expected


@pytest.mark.parametrize("body", [b"", b"\0\1", b"\0\1\0\0\0\5abc"])
def test_rows_that_are_cut_off(body):
    with pytest.raises(ProtocolError, match="invalid row"):
        protocol.read_row(body)
