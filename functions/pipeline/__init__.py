"""What the functions of the pipeline do alike: take messages one by one, and carry an id from step to step."""

from pipeline.correlation import METADATA, answer_headers, correlation_id, of_request
from pipeline.messages import RefusedError, in_time, take_messages

__all__ = ["METADATA", "RefusedError", "answer_headers", "correlation_id", "in_time", "of_request", "take_messages"]
