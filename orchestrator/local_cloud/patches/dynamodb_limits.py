"""DynamoDB: the limits of batches, numbers and sets, and the state of a table's time to live."""

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from orchestrator.local_cloud.patches.registry import around, patch

_BATCH = 25
_DIGITS = 38
_EXPONENTS = range(-130, 126)
_SETS = ("SS", "NS", "BS")


@patch(
    service="dynamodb",
    subject="BatchWriteItem, numbers and sets in items",
    symptom="more than 25 writes, numbers with more than 38 digits or out of range, and sets with repeated values are stored",
    restores="400 ValidationException",
    upstream=None,
)
def written_values() -> None:
    """Check what a request writes before it is written.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    for name in ("batch_write_item", "put_item", "transact_write_items", "update_item"):

        @around(DynamoHandler, name)
        def write(original: Callable[..., Any], self: Any) -> Any:
            if sum(map(len, self.body.get("RequestItems", {}).values())) > _BATCH:
                # The service model limits the writes to each table, not those to all of them.
                raise MockValidationException("Too many items requested for the BatchWriteItem call")
            for kind, value in _values(self.body):
                _check(kind, value)
            return original(self)


def _values(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield the numbers and sets in a request's items, keys and expression values."""
    if isinstance(content, list):
        for one in content:
            yield from _values(one)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key in ("Item", "Key", "ExpressionAttributeValues") and isinstance(value, dict):
                for attribute in value.values():
                    yield from _typed(attribute)
            else:
                yield from _values(value)


def _typed(attribute: Any) -> Iterator[tuple[str, Any]]:
    for kind, value in attribute.items() if isinstance(attribute, dict) else ():
        if kind == "L":
            for one in value:
                yield from _typed(one)
        elif kind == "M":
            for one in value.values():
                yield from _typed(one)
        else:
            yield kind, value


def _check(kind: str, value: Any) -> None:
    if kind in _SETS and len({str(one) for one in value}) < len(value):
        listed = ", ".join(map(str, value))
        raise MockValidationException(
            f"One or more parameter values were invalid: Input collection [{listed}] contains duplicates."
        )
    for number in [value] if kind == "N" else value if kind == "NS" else ():
        _check_number(str(number))


def _check_number(text: str) -> None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return  # moto refuses what is no number
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > _DIGITS:
        raise MockValidationException(f"Attempting to store more than {_DIGITS} significant digits in a Number")
    if number.is_finite() and number and number.adjusted() not in _EXPONENTS:
        size = "overflow" if number.adjusted() > 0 else "underflow"
        extent = "larger" if size == "overflow" else "smaller"
        raise MockValidationException(
            f"Number {size}. Attempting to store a number with magnitude {extent} than supported range"
        )


@patch(
    service="dynamodb",
    subject="aws_dynamodb_table.ttl",
    symptom="time to live can be enabled twice, with another attribute, and disabled where it is not enabled",
    restores="400 ValidationException",
    upstream=None,
)
def time_to_live() -> None:
    """Refuse a change that changes nothing, and another attribute while one is in use.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
    """

    @around(DynamoHandler, "update_time_to_live")
    def update_time_to_live(original: Callable[..., Any], self: Any) -> Any:
        wanted = self.body["TimeToLiveSpecification"]
        current = self.dynamodb_backend.get_table(self.body["TableName"]).ttl
        is_enabled = current["TimeToLiveStatus"] == "ENABLED"
        if wanted.get("Enabled") == is_enabled:
            attribute = current.get("AttributeName")
            if is_enabled and wanted.get("AttributeName") != attribute:
                message = f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}"
                raise MockValidationException(message)
            raise MockValidationException(f"TimeToLive is already {'enabled' if is_enabled else 'disabled'}")
        return original(self)
