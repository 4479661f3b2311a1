"""The copy between client and server, over sockets of this process."""

import socket
import ssl
from threading import Thread

import pytest

from orchestrator.local_cloud.database.certificates import Authority
from orchestrator.local_cloud.database.relay import relay

LARGE = bytes(range(256)) * 40_000


@pytest.fixture(params=["plain", "TLS"])
def pair(request):
    """Give a client's socket, a server's socket, and a relay between them."""
    authority = Authority()
    inside, outside = socket.socketpair()
    outer, server = socket.socketpair()

    def run():
        inner = inside
        if request.param == "TLS":
            inner = authority.server_context(["db.example.com"]).wrap_socket(inside, server_side=True)
        with inner, outer:
            relay(inner, outer)

    thread = Thread(target=run)
    thread.start()
    client = outside
    if request.param == "TLS":
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(cadata=authority.pem.decode())
        client = trust.wrap_socket(outside, server_hostname="db.example.com")
    for opened in (client, server):
        opened.settimeout(20)
    with client, server:
        yield client, server
    thread.join(10)
    assert not thread.is_alive()


def _read(source, count):
    data = bytearray()
    while len(data) < count and (chunk := source.recv(1 << 16)):
        data += chunk
    return bytes(data)


def test_bytes_go_both_ways(pair):
    client, server = pair
    client.sendall(b"question")
    assert server.recv(100) == b"question"
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"


def test_what_was_sent_before_the_end_arrives(pair):
    client, server = pair
    server.sendall(LARGE[:1_000_000])
    server.close()
    assert _read(client, len(LARGE)) == LARGE[:1_000_000]


def test_each_side_may_send_more_than_any_buffer_holds(pair):
    for source, target in (pair, pair[::-1]):
        writer = Thread(target=source.sendall, args=(LARGE,))
        writer.start()
        assert _read(target, len(LARGE)) == LARGE
        writer.join(10)


# Two threads must not use a TLS socket at once.
@pytest.mark.parametrize("pair", ["plain"], indirect=True)
def test_both_sides_may_send_before_they_read(pair):
    client, server = pair
    writers = [Thread(target=side.sendall, args=(LARGE,)) for side in pair]
    for writer in writers:
        writer.start()
    assert _read(client, len(LARGE)) == LARGE
    assert _read(server, len(LARGE)) == LARGE
    for writer in writers:
        writer.join(10)
