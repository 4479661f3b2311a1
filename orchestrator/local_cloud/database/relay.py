"""Copies bytes between two sockets, both ways in one thread.

Two threads must not use an SSL object at once, and a copy that waits for one side while the other side's data pile up
can block for ever. So both sockets are non-blocking, and a buffer of limited size holds what cannot be sent yet.
"""

import selectors
import socket
import ssl
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_LIMIT = 1 << 20
_LAST_WORDS = 5.0
_AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(slots=True)
class _Side:
    """A socket and what is still to be sent to it."""

    socket: socket.socket
    outgoing: bytearray = field(default_factory=bytearray)
    open: bool = True

    @property
    def decrypted(self) -> bool:
        """Whether TLS holds data that no selector sees."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def receive(self) -> bytes:
        """Return what has arrived; note the end of the stream."""
        try:
            data = self.socket.recv(_CHUNK)
        except _AGAIN:
            return b""
        except OSError:
            data = b""
        self.open = bool(data)
        return data

    def send(self) -> None:
        """Send what can be sent now; drop everything if the other side is gone."""
        try:
            while self.outgoing:
                sent = self.socket.send(bytes(self.outgoing[:_CHUNK]))
                del self.outgoing[:sent]
        except _AGAIN:
            return
        except OSError:
            self.outgoing.clear()
            self.open = False


def relay(one: socket.socket, other: socket.socket) -> None:
    """Copy until either side closes, then send the other side what was under way to it.

    Both sockets are left non-blocking, and open for the caller to close.
    """
    sides = _Side(one), _Side(other)
    with selectors.DefaultSelector() as selector:
        for side in sides:
            side.socket.setblocking(False)
            selector.register(side.socket, selectors.EVENT_READ)
        while all(side.open for side in sides):
            for side, peer in (sides, sides[::-1]):
                events = selectors.EVENT_WRITE * bool(side.outgoing)
                events |= selectors.EVENT_READ * (len(peer.outgoing) < _LIMIT)
                # The selector is never empty: a side is not read only while its peer has data to be written.
                _watch(selector, side, events)
            ready = {key.fileobj: events for key, events in selector.select(0 if _buffered(sides) else None)}
            for side, peer in (sides, sides[::-1]):
                readable = ready.get(side.socket, 0) & selectors.EVENT_READ or side.decrypted
                if readable and len(peer.outgoing) < _LIMIT:
                    peer.outgoing.extend(side.receive())
            for side in sides:
                side.send()
    for side in sides:
        if side.open and side.outgoing:
            side.socket.settimeout(_LAST_WORDS)
            try:
                side.socket.sendall(bytes(side.outgoing))
            except OSError:
                continue


def _watch(selector: selectors.BaseSelector, side: _Side, events: int) -> None:
    if side.socket in selector.get_map():
        if events:
            selector.modify(side.socket, events)
        else:
            selector.unregister(side.socket)
    elif events:
        selector.register(side.socket, events)


def _buffered(sides: tuple[_Side, _Side]) -> bool:
    """Return whether there is something to read that no selector reports."""
    return any(side.decrypted and len(peer.outgoing) < _LIMIT for side, peer in (sides, sides[::-1]))
