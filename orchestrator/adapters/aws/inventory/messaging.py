"""What passes events on: SNS, SQS, EventBridge, Firehose."""

from collections.abc import Iterator

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, last_part, pages, token_pages


def sns(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Topics and subscriptions."""
    client = clients["sns"]
    topics = {topic["TopicArn"] for topic in pages(client, "list_topics", "Topics")}
    for arn in topics:
        if owner.owns(last_part(arn)):
            yield Resource(service="sns", type="topic", identifier=arn, name=last_part(arn))
    for subscription in pages(client, "list_subscriptions", "Subscriptions"):
        arn, topic, endpoint = (subscription[key] for key in ("SubscriptionArn", "TopicArn", "Endpoint"))
        # Nobody can delete what was never confirmed; SNS drops it by itself within days of its topic's end.
        if arn == "Deleted" or (arn == "PendingConfirmation" and topic not in topics):
            continue
        if owner.owns(last_part(topic), last_part(endpoint)):
            confirmed = arn.startswith("arn:")
            yield Resource(
                service="sns",
                type="subscription",
                identifier=arn if confirmed else f"{topic} {arn}",
                name=last_part(topic),
                made_for="" if confirmed else topic,
            )


def sqs(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Queues."""
    for url in pages(clients["sqs"], "list_queues", "QueueUrls"):
        if owner.owns(last_part(url)):
            yield Resource(service="sqs", type="queue", identifier=url, name=last_part(url))


def events(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Buses but the default one, and rules but those of other services."""
    client = clients["events"]
    for bus in token_pages(client.list_event_buses, "EventBuses", token="NextToken"):  # noqa: S106 - a page's, not a secret
        if bus["Name"] != "default" and owner.owns(bus["Name"]):
            yield Resource(service="events", type="event-bus", identifier=bus["Arn"], name=bus["Name"])
        for rule in pages(client, "list_rules", "Rules", EventBusName=bus["Name"]):
            if owner.owns(rule["Name"]) and not rule.get("ManagedBy"):
                yield Resource(service="events", type="rule", identifier=rule["Arn"], name=rule["Name"])


def firehose(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Delivery streams."""
    start: dict[str, str] = {}
    more = True
    while more:
        page = clients["firehose"].list_delivery_streams(**start)
        names = page["DeliveryStreamNames"]
        for name in names:
            if owner.owns(name):
                yield Resource(service="firehose", type="delivery-stream", identifier=name, name=name)
        more = page["HasMoreDeliveryStreams"] and bool(names)
        start = {"ExclusiveStartDeliveryStreamName": names[-1]} if names else {}
