"""Follows a server's log and splits it into events, as the agent of RDS does for CloudWatch."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

# log_line_prefix begins with %t: "2026-11-22 15:13:38 UTC:".
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:")
_CHUNK = 1 << 20
# CloudWatch Logs' largest event, less its own 26 bytes.
_LARGEST_EVENT = 256 * 1024 - 26


class LogFollower:
    """Reads what was added to a file since the last time; the file need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[tuple[int, str]]:
        """Return new events: Unix time in milliseconds and text. An incomplete line waits for its end."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(_CHUNK)
        except OSError:
            return []
        # A line that is longer than a chunk comes in pieces: waiting for its end would hold up the log for ever.
        complete = data if len(data) == _CHUNK and b"\n" not in data else data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return events(complete.decode("utf-8", "replace").splitlines())


def events(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Join lines to events: a line without a time continues the one before it.

    The times never decrease, as CloudWatch demands, although several processes write the log.
    """
    found: list[tuple[int, list[str]]] = []
    for line in lines:
        match = _STAMP.match(line)
        if match is None and found:
            found[-1][1].append(line)
        else:
            previous = found[-1][0] if found else 0
            moment = datetime.now(UTC) if match is None else datetime.fromisoformat(f"{match[1]}+00:00")
            found.append((max(previous, int(moment.timestamp() * 1000)), [line]))
    return [(time, "\n".join(text)[:_LARGEST_EVENT]) for time, text in found]
