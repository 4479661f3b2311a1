"""Process the messages of a batch one by one, so that only failed messages are retried."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

T = TypeVar("T")
_TO_END = 15_000
"""Milliseconds that are reserved for finishing the work in hand."""


class RefusedError(Exception):
    """The data of a message is invalid, so a retry cannot help; the text explains why without quoting the data."""


class OutOfTimeError(RefusedError):
    """An object is too large for one invocation. Raised in time: a timeout would return the whole batch to the queue."""


class NoTimeLeftError(Exception):
    """A message was not begun because it might not be finished: a timeout would also return finished messages to the queue."""


def take_messages(
    event: dict[str, Any], context: LambdaContext, *, take: Callable[[str], None], logger: Logger
) -> dict[str, Any]:
    """Return the answer to a batch: the failed messages. The queue retries them, and finally moves them to its dead-letter queue.

    Args:
        event: of the queue.
        context: of the call.
        take: handles the body of a message; an exception makes the message fail. Keys that it adds to the logger last for the message.
        logger: of the function.

    Raises:
        BatchProcessingError: every message failed; all are retried.

    """
    before = logger.get_current_keys()
    # No message is begun in the second half of the time: half of it is enough for the largest object.
    needed = context.get_remaining_time_in_millis() // 2
    first = event["Records"][0]["messageId"]

    def begin(record: SQSRecord) -> None:
        if record.message_id != first and context.get_remaining_time_in_millis() < needed:
            raise NoTimeLeftError("less than half of the time is left")

    def one(record: SQSRecord) -> None:
        logger.append_keys(message_id=record.message_id)
        try:
            begin(record)
            take(record.body)
        except NoTimeLeftError as error:
            logger.warning("not begun: %s", error)
            raise
        except RefusedError as error:
            logger.error("refused: %s", error)  # noqa: TRY400 - the stack says nothing: it is the data that is wrong
            raise
        except Exception:
            logger.exception("message failed")
            raise
        finally:
            logger.remove_keys([key for key in logger.get_current_keys() if key not in before])

    processor = BatchProcessor(event_type=EventType.SQS)
    return dict(process_partial_response(event=event, record_handler=one, processor=processor, context=context))


def require_time(context: LambdaContext) -> None:
    """Stop the work on an object if the invocation has no time left for it.

    Raises:
        OutOfTimeError: no time is left.

    """
    if context.get_remaining_time_in_millis() < _TO_END:
        raise OutOfTimeError("more than one call has time for: split it into smaller objects")


def in_time(items: Iterable[T], context: LambdaContext) -> Iterator[T]:
    """Yield the items as long as the invocation has time.

    Raises:
        OutOfTimeError: no time is left.

    """
    for item in items:
        require_time(context)
        yield item
