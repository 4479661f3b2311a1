"""What the runtime needs of the cloud around it; moto's side is in ``moto_cloud``, a fake in the tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.adapters.local_cloud.functions.model import Function, Keys


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

    """

    message_id: str
    receipt_handle: str
    record: Mapping[str, object] = field(repr=False)


class Cloud(Protocol):
    """Every method may be called by any thread and returns in milliseconds."""

    def find(self, name: str, qualifier: str | None) -> Function:
        """A deployed function by name or ARN.

        Raises:
            InvocationRefusedError: there is none.

        """

    def credentials(self, role_arn: str, session: str) -> Keys:
        """New credentials of a role."""

    def write_logs(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Adds (milliseconds since 1970, text) to a stream; where the group does not exist they are lost."""

    def send_dead_letter(self, arn: str, event: bytes, attributes: Mapping[str, tuple[str, str]]) -> None:
        """Sends an event to a queue or topic, with attributes by name as (data type, text)."""

    def mappings(self) -> Sequence[Mapped]:
        """The enabled mappings of queues."""

    def waiting(self, queue_arn: str) -> int:
        """How many messages of a queue could be received now."""

    def receive(self, queue_arn: str, count: int) -> Sequence[Received]:
        """Takes messages, which nobody else sees for the queue's visibility timeout."""

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        """Removes messages that were received."""

    def show_again(self, queue_arn: str, receipt_handles: Sequence[str], seconds: int) -> None:
        """Changes when messages that were received can be received again."""
