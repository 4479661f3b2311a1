"""Unpack log events, group similar ones, and fit them into a notification."""

import base64
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MAX_SUBJECT = 100
MAX_MESSAGE = 256 * 1024
MAX_KINDS = 20
_MAX_SAMPLE = 2000
# An object's name has 1024 bytes at most.
_FOUND_BY = ("key", "correlation_id")
_MAX_FOUND_BY = 1100
# What makes two events of one kind differ: identifiers, hashes, numbers, moments.
_VARIABLE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9a-f]+|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvents:
    """A batch of log events."""

    group: str
    stream: str
    events: tuple[tuple[int, str], ...]
    """Each with its time in milliseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A notification, ready to be published."""

    subject: str
    message: str


@dataclass(slots=True, kw_only=True)
class _Kind:
    sample: str
    first: int
    last: int
    count: int


def unpack(event: dict[str, Any]) -> LogEvents | None:
    """Return the events of a subscription; None for the control message with which CloudWatch Logs tests the destination.

    Raises:
        ValueError: the event does not come from a log subscription.

    """
    try:
        document = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"], validate=True)))
        if document["messageType"] == "CONTROL_MESSAGE":
            return None
        events = tuple((int(item["timestamp"]), str(item["message"])) for item in document["logEvents"])
        return LogEvents(group=document["logGroup"], stream=document["logStream"], events=events)
    except (KeyError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"not an event of a log subscription: {error!r}") from None


def summarise(found: LogEvents, *, deployment: str) -> Alert:
    """Combine the events in one alert: per kind the number, the time span and an example; the most frequent first."""
    kinds: dict[str, _Kind] = {}
    for moment, message in found.events:
        text, found_by = _text(message)
        sample = "\n".join([text, *found_by])
        known = kinds.setdefault(_VARIABLE.sub("#", text), _Kind(sample=sample, first=moment, last=moment, count=0))
        known.count += 1
        known.first, known.last = min(known.first, moment), max(known.last, moment)
    ordered = sorted(kinds.values(), key=lambda kind: (-kind.count, kind.first))
    total = len(found.events)
    noun = "event" if total == 1 else "events"
    lines = [f"{total} {noun} of {len(kinds)} kind{'s' * (len(kinds) != 1)} in {found.group}", f"stream {found.stream}"]
    lines.extend(_lines(ordered[:MAX_KINDS]))
    if len(ordered) > MAX_KINDS:
        lines.extend(["", f"and {len(ordered) - MAX_KINDS} more kinds; see the log group"])
    return Alert(
        subject=_subject(f"[{deployment}] {total} {noun} in {found.group}"),
        message=_cut("\n".join(lines), MAX_MESSAGE),
    )


def _lines(kinds: Sequence[_Kind]) -> list[str]:
    lines = []
    for kind in kinds:
        when = _moment(kind.first) if kind.first == kind.last else f"{_moment(kind.first)} to {_moment(kind.last)}"
        lines.extend(["", f"{kind.count} x, {when}", kind.sample])
    return lines


def _text(message: str) -> tuple[str, list[str]]:
    """Return the text of an event (of a structured one its level, message and error), and the fields that find the rest of it."""
    try:
        document = json.loads(message)
    except ValueError:
        document = None
    found_by = []
    if isinstance(document, dict) and "message" in document:
        parts = [document.get("level"), document["message"], document.get("exception_name"), document.get("exception")]
        message = " ".join(part if isinstance(part, str) else json.dumps(part) for part in parts if part is not None)
        found_by = [_cut(f"{name} {document[name]}", _MAX_FOUND_BY) for name in _FOUND_BY if document.get(name)]
    return _cut(message.strip(), _MAX_SAMPLE), found_by


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _subject(text: str) -> str:
    """Reduce a text to what SNS accepts: printable ASCII on one line."""
    plain = re.sub(r"[^\x20-\x7e]+", " ", text).strip()
    return plain if len(plain) <= MAX_SUBJECT else f"{plain[: MAX_SUBJECT - 3]}..."


def _cut(text: str, limit: int) -> str:
    """Shorten a text to a number of bytes, between characters."""
    data = text.encode()
    return text if len(data) <= limit else data[: limit - 4].decode(errors="ignore") + " ..."
