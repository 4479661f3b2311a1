"""What the functions of the pipeline share: batches of messages, and a correlation id that travels with the data."""

from pipeline.correlation import METADATA, answer_headers, correlation_id, of_request
from pipeline.cors import cors_of
from pipeline.messages import OutOfTimeError, RefusedError, in_time, require_time, take_messages

__all__ = [
    "METADATA",
    "OutOfTimeError",
    "RefusedError",
    "answer_headers",
    "correlation_id",
    "cors_of",
    "in_time",
    "of_request",
    "require_time",
    "take_messages",
]
