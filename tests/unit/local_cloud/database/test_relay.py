"""The copy between client and server, over sockets of this process."""

import socket
import ssl
from threading import Thread

import pytest

from orchestrator.local_cloud.database.certificates import Authority
from orchestrator.local_cloud.database.relay import relay

LARGE = bytes(range(256)) * 40_000


@pytest.fixture
def pairs():
    """A client's socket, a server's socket, and a relay between them."""
    client, inner = socket.socketpair()
    outer, server = socket.socketpair()
    thread = Thread(target=_run, args=(inner, outer))
    thread.start()
    for opened in (client, server):
        opened.settimeout(20)
    yield client, server
    client.close()
    server.close()
    thread.join(10)
    assert not thread.is_alive()


def _run(inner, outer):
    relay(inner, outer)
    inner.close()
    outer.close()


def _read(source, count):
    data = bytearray()
    while len(data) < count and (chunk := source.recv(1 << 16)):
        data += chunk
    return bytes(data)


def test_bytes_go_both_ways(pairs):
    client, server = pairs
    client.sendall(b"question")
    assert server.recv(100) == b"question"
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"


def test_what_was_sent_before_the_end_arrives(pairs):
    client, server = pairs
    server.sendall(LARGE[:1_000_000])
    server.close()
    assert _read(client, len(LARGE)) == LARGE[:1_000_000]


def test_both_sides_may_send_before_they_read(pairs):
    client, server = pairs
    writers = [Thread(target=side.sendall, args=(LARGE,)) for side in pairs]
    for writer in writers:
        writer.start()
    assert _read(client, len(LARGE)) == LARGE
    assert _read(server, len(LARGE)) == LARGE
    for writer in writers:
        writer.join(10)


def test_the_client_may_speak_tls():
    authority = Authority()
    inside, outside = socket.socketpair()
    outer, server = socket.socketpair()
    context = authority.server_context(["db.example.com"])

    def serve():
        with context.wrap_socket(inside, server_side=True) as secured:
            relay(secured, outer)
        outer.close()

    thread = Thread(target=serve)
    thread.start()
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(cadata=authority.pem.decode())
    server.settimeout(20)
    outside.settimeout(20)
    with trust.wrap_socket(outside, server_hostname="db.example.com") as client:
        writer = Thread(target=client.sendall, args=(LARGE,))
        writer.start()
        assert _read(server, len(LARGE)) == LARGE
        writer.join(10)
        back = Thread(target=server.sendall, args=(LARGE,))
        back.start()
        assert _read(client, len(LARGE)) == LARGE
        back.join(10)
    thread.join(10)
    server.close()
    assert not thread.is_alive()
