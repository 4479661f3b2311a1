"""SNS."""

from collections.abc import Iterator

from orchestrator.adapters.aws.listing import Found, ServiceListing, last_part, listed
from orchestrator.adapters.aws.rows import Service, delete, refused, row, same


def _subscription(listing: ServiceListing) -> Iterator[Found]:
    topics = {topic["TopicArn"] for topic in listing.pages("list_topics", "Topics")}
    for subscription in listing.pages("list_subscriptions", "Subscriptions"):
        arn, topic, endpoint = (subscription[key] for key in ("SubscriptionArn", "TopicArn", "Endpoint"))
        # Nobody can delete an unconfirmed subscription; SNS drops it within days after its topic.
        if arn == "Deleted" or (arn == "PendingConfirmation" and topic not in topics):
            continue
        if listing.owns(last_part(topic), last_part(endpoint)):
            confirmed = arn.startswith("arn:")
            yield Found(arn if confirmed else f"{topic} {arn}", last_part(topic), "" if confirmed else topic)


ROWS = (
    row(
        "topic",
        listed("list_topics Topics TopicArn", name=last_part),
        delete(40, "delete_topic TopicArn"),
        refused("aws_sns_topic arn"),
    ),
    row(
        "subscription", _subscription, delete(4, "unsubscribe SubscriptionArn"), same("aws_sns_topic_subscription arn")
    ),
)
SERVICE = Service(name="sns", rows=ROWS)
