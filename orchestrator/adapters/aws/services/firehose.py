"""Data Firehose."""

from collections.abc import Iterator

from orchestrator.adapters.aws.listing import Found, ServiceListing
from orchestrator.adapters.aws.rows import Service, delete, refused, row


def _delivery_stream(listing: ServiceListing) -> Iterator[Found]:
    start: dict[str, str] = {}
    more = True
    while more:
        page = listing.client.list_delivery_streams(**start)
        names = page["DeliveryStreamNames"]
        yield from (Found(name, name) for name in names if listing.owns(name))
        more = page["HasMoreDeliveryStreams"] and bool(names)
        start = {"ExclusiveStartDeliveryStreamName": names[-1]} if names else {}


ROWS = (
    row(
        "delivery-stream",
        _delivery_stream,
        delete(4, "delete_delivery_stream DeliveryStreamName", AllowForceDelete=True),
        refused("aws_kinesis_firehose_delivery_stream name"),
    ),
)
SERVICE = Service(name="firehose", rows=ROWS)
