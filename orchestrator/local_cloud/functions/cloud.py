"""What the runtime needs from the cloud; ``moto_cloud`` implements it, and the tests have a fake."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.local_cloud.functions.model import FunctionVersion, Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A queue whose messages go to a function, which may report those that failed.

    A batch waits ``window`` seconds to fill; ``maximum_concurrency`` batches run at the same time.
    """

    identifier: str
    queue_arn: str
    function_arn: str
    batch_size: int
    window: float
    maximum_concurrency: int
    reports_failures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message taken from a queue: ``record`` goes into the event; ``until`` (Unix time) it is hidden from others."""

    message_id: str
    receipt_handle: str
    record: Mapping[str, object] = field(repr=False)
    until: float = math.inf


class Cloud(Protocol):
    """Every method may be called by any thread and returns in milliseconds."""

    def find(self, name: str, qualifier: str | None) -> FunctionVersion:
        """Return a deployed function by name or ARN, or raise InvocationRefusedError."""

    def credentials(self, role_arn: str, session: str) -> Keys:
        """Create credentials of a role."""

    def write_logs(self, function: FunctionVersion, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Add (Unix time in milliseconds, text) to the function's log group, if it exists and the role may."""

    def send_dead_letter(
        self, function: FunctionVersion, event: bytes, attributes: Mapping[str, tuple[str, str]]
    ) -> None:
        """Send an event to the function's dead-letter queue or topic, if the role may.

        Attributes are (data type, text) by name.
        """

    def mappings(self) -> Sequence[Mapped]:
        """List the enabled mappings of queues."""

    def may_poll(self, mapping: Mapped) -> bool:
        """Return whether the role of the mapping's function may receive and delete messages of the queue."""

    def waiting(self, queue_arn: str) -> int:
        """Count the messages of a queue that could be received now."""

    def receive(self, queue_arn: str, count: int) -> Sequence[Received]:
        """Take messages, which are then hidden from others for the queue's visibility timeout."""

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        """Delete received messages."""

    def show_again(self, queue_arn: str, receipt_handles: Sequence[str], seconds: int) -> None:
        """Make received messages visible in so many seconds, or sooner if their queue says so."""
