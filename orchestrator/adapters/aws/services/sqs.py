"""SQS."""

from orchestrator.adapters.aws.listing import last_part, listed
from orchestrator.adapters.aws.rows import Service, delete, refused, row

ROWS = (
    row(
        "queue",
        listed("list_queues QueueUrls", name=last_part),
        delete(40, "delete_queue QueueUrl"),
        refused("aws_sqs_queue name"),
        # The host in the URL of a queue depends on the caller's endpoint.
        by_name=True,
    ),
)
SERVICE = Service(name="sqs", rows=ROWS)
