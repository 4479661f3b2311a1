"""Copies bytes between two sockets, both ways in one thread.

An SSL object must not be used by two threads at once, and a copy that waits for one side while the other side's data pile up can block for ever; so both
sockets are non-blocking, and whatever cannot be sent yet waits in a buffer of limited size.
"""

import selectors
import socket
import ssl
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_LIMIT = 1 << 20
_AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(slots=True)
class _Side:
    """A socket and what is still to be sent to it."""

    socket: socket.socket
    outgoing: bytearray = field(default_factory=bytearray)
    open: bool = True

    @property
    def decrypted(self) -> bool:
        """Whether TLS holds data that no selector can see."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def receive(self) -> bytes:
        """What has arrived; notes the end of it."""
        try:
            data = self.socket.recv(_CHUNK)
        except _AGAIN:
            return b""
        except OSError:
            data = b""
        self.open = bool(data)
        return data

    def send(self) -> None:
        """As much as goes now; nothing is left to a side that is gone."""
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
    """Copies until either side closes, and lets the remaining one have what was still on its way to it.

    Args:
        one: connected; left non-blocking, and open for the caller to close.
        other: as above.

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
                # A side always waits for something: with a full buffer its peer cannot be written to, and is waited for below.
                _watch(selector, side, events)
            ready = {key.fileobj: events for key, events in selector.select(0 if _buffered(sides) else None)}
            for side, peer in (sides, sides[::-1]):
                readable = ready.get(side.socket, 0) & selectors.EVENT_READ or side.decrypted
                if readable and len(peer.outgoing) < _LIMIT:
                    peer.outgoing += side.receive()
            for side in sides:
                side.send()
    for side in sides:
        if side.open and side.outgoing:
            side.socket.settimeout(_LAST_WORDS)
            try:
                side.socket.sendall(bytes(side.outgoing))
            except OSError:
                continue


_LAST_WORDS = 5.0


def _watch(selector: selectors.BaseSelector, side: _Side, events: int) -> None:
    if side.socket in selector.get_map():
        if events:
            selector.modify(side.socket, events)
        else:
            selector.unregister(side.socket)
    elif events:
        selector.register(side.socket, events)


def _buffered(sides: tuple[_Side, _Side]) -> bool:
    """Whether there is something to read at once that no selector reports."""
    return any(side.decrypted and len(peer.outgoing) < _LIMIT for side, peer in (sides, sides[::-1]))
