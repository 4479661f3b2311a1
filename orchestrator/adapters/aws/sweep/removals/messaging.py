"""What passes events on: SNS, SQS, EventBridge, Firehose."""

from typing import Any

from orchestrator.adapters.aws.inventory.resource import pages
from orchestrator.adapters.aws.sweep.removals.removal import Removal


def _rule(client: Any, arn: str) -> None:
    # arn:aws:events:<region>:<account>:rule/<name>, with the bus before the name where it is not the default one
    _, *bus, name = arn.split("/")
    where = {"EventBusName": bus[0]} if bus else {}
    targets = [target["Id"] for target in pages(client, "list_targets_by_rule", "Targets", Rule=name, **where)]
    if targets:
        client.remove_targets(Rule=name, Ids=targets, **where)
    client.delete_rule(Name=name, **where)


REMOVALS = {
    ("events", "rule"): Removal(turn=2, remove=_rule, words="events delete-rule --name (the end of {0})"),
    ("firehose", "delivery-stream"): Removal(
        turn=4,
        remove=lambda client, name: client.delete_delivery_stream(DeliveryStreamName=name, AllowForceDelete=True),
        words="firehose delete-delivery-stream --allow-force-delete --delivery-stream-name {0}",
    ),
    ("sns", "subscription"): Removal(
        turn=4,
        remove=lambda client, arn: client.unsubscribe(SubscriptionArn=arn),
        words="sns unsubscribe --subscription-arn {0}",
    ),
    ("sns", "topic"): Removal(
        turn=40,
        remove=lambda client, arn: client.delete_topic(TopicArn=arn),
        words="sns delete-topic --topic-arn {0}",
    ),
    ("sqs", "queue"): Removal(
        turn=40,
        remove=lambda client, url: client.delete_queue(QueueUrl=url),
        words="sqs delete-queue --queue-url {0}",
    ),
}
