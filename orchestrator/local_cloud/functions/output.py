"""What a process writes, read from its pipe and split into log lines."""

import os
import time

# CloudWatch Logs' largest event, less its own 26 bytes.
_MAX_LINE = 256 * 1024 - 26
# More than a pipe holds: one look empties it if its writer waits.
_MAX_LOOK = 1 << 20
_MAX_CALL = 16 << 20


class Output:
    """The reading end of a process's standard output and error."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._rest = b""
        self._lines: list[tuple[int, str]] = []
        self._size = self._dropped = 0

    def fileno(self) -> int:
        return self._descriptor

    def drain(self) -> bool:
        """Read what is there, but no more than a pipe holds; return False when nobody can write to it."""
        for _ in range(_MAX_LOOK >> 16):
            try:
                part = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return True
            if not part:
                return False
            *lines, self._rest = (self._rest + part).split(b"\n")
            for line in lines:
                self.add(line)
            if len(self._rest) > _MAX_LINE:
                self.add(self._rest)
                self._rest = b""
        return True

    def take(self) -> tuple[tuple[int, str], ...]:
        """Return the events so far with their Unix times in milliseconds; an unterminated line is one."""
        if self._rest:
            self.add(self._rest)
            self._rest = b""
        if self._dropped:
            text = f"{self._dropped} more lines were dropped: on the local cloud a call may log {_MAX_CALL >> 20} MiB."
            self._lines.append((int(time.time() * 1000), text))
        taken, self._lines = tuple(self._lines), []
        self._size = self._dropped = 0
        return taken

    def close(self) -> None:
        os.close(self._descriptor)

    def add(self, line: bytes) -> None:
        """Add one event, which may have several lines."""
        text = line.rstrip(b"\r")[:_MAX_LINE].decode("utf-8", "replace")
        # CloudWatch Logs takes no empty events.
        if self._size + len(text) > _MAX_CALL:
            self._dropped += 1
        elif text:
            self._size += len(text)
            self._lines.append((int(time.time() * 1000), text))
