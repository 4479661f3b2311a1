"""What the runtime needs of the cloud around it; moto's side is in ``moto_cloud``, a fake in the tests."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.local_cloud.functions.model import Function, Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A queue whose messages go to a function.

    Attributes:
        identifier: of the mapping.
        queue_arn: of the source.
        function_arn: with the qualifier that the mapping has.
        batch_size: the most messages of one call.
        window: seconds to wait for a batch to fill.
        maximum_concurrency: calls at the same time.
        reports_failures: whether the function names the messages that failed.

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
    """A message that was taken from a queue, as the function sees it.

    Attributes:
        message_id: names it in the function's answer.
        receipt_handle: names it to the queue.
        record: its part of the event.
        until: seconds since 1970 until which the queue hides it from others.

    """

    message_id: str
    receipt_handle: str
    record: Mapping[str, object] = field(repr=False)
    until: float = math.inf


class Cloud(Protocol):
    """Every method may be called by any thread and returns in milliseconds."""

    def find(self, name: str, qualifier: str | None) -> Function:
        """A deployed function by name or ARN.

        Raises:
            InvocationRefusedError: there is none.

        """

    def credentials(self, role_arn: str, session: str) -> Keys:
        """New credentials of a role."""

    def write_logs(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Adds (milliseconds since 1970, text) to a stream of the function's log group.

        Where the group does not exist, or the function's role may not write to it, they are lost.
        """

    def send_dead_letter(self, function: Function, event: bytes, attributes: Mapping[str, tuple[str, str]]) -> None:
        """Sends an event to the function's dead-letter queue or topic, with attributes by name as (data type, text).

        Where the function's role may not send to it, the event is lost.
        """

    def mappings(self) -> Sequence[Mapped]:
        """The enabled mappings of queues."""

    def may_poll(self, mapping: Mapped) -> bool:
        """Whether the role of the mapping's function may receive and delete messages of the queue."""

    def waiting(self, queue_arn: str) -> int:
        """How many messages of a queue could be received now."""

    def receive(self, queue_arn: str, count: int) -> Sequence[Received]:
        """Takes messages, which nobody else sees for the queue's visibility timeout."""

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        """Removes messages that were received."""

    def show_again(self, queue_arn: str, receipt_handles: Sequence[str], seconds: int) -> None:
        """Lets messages that were received be received again in so many seconds, or sooner if their queue says so."""
