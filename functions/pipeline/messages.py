"""A batch of a queue: each message by itself, so that one that fails comes back alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

T = TypeVar("T")
_TO_END = 15_000
"""Milliseconds that the work on what was begun may still take."""


class RefusedError(Exception):
    """What a message tells of is wrong in itself, and no repetition changes that; the message is for people, without contents."""


class OutOfTimeError(RefusedError):
    """Something is too large to be worked through in one call. Said in time: a timeout would bring back the whole batch."""


class NoTimeLeftError(Exception):
    """A message was not begun, because it might not be finished: a timeout would bring back what is done already, too."""


def take_messages(
    event: dict[str, Any], context: LambdaContext, *, take: Callable[[str], None], logger: Logger
) -> dict[str, Any]:
    """The answer to a batch: the messages that failed. They come back, and after some times the queue puts them among its dead letters.

    Args:
        event: of the queue.
        context: of the call.
        take: handles the body of a message; what it raises makes the message fail. What it adds to the logger's keys goes with the message.
        logger: of the function.

    Raises:
        BatchProcessingError: every message failed; they all come back.

    """
    before = logger.get_current_keys()
    # None is begun in the second half of the time: the first half is more than the largest object takes.
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


def in_time(items: Iterable[T], context: LambdaContext, *, every: int = 1) -> Iterator[T]:
    """The same items, as long as the call has time; looked at ``every`` so many.

    Raises:
        OutOfTimeError: there is none left.

    """
    for number, item in enumerate(items):
        if number % every == 0 and context.get_remaining_time_in_millis() < _TO_END:
            raise OutOfTimeError("more than one call has time for: split it into smaller objects")
        yield item
