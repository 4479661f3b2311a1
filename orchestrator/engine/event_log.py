"""Reads events back from ``events.jsonl``.

The file may belong to a run that was killed in the middle of a line, or to a newer platformctl: a truncated line and an
unknown type are skipped, unknown fields are ignored.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

import msgspec

from orchestrator.engine.events import Event

_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(reduce(or_, Event.__subclasses__()))


def read_events(lines: Iterable[bytes | str]) -> Iterator[Event]:
    """Yield the events of a log, in its order."""
    for line in lines:
        try:
            yield _DECODER.decode(line)
        except (ValueError, RecursionError):
            continue
