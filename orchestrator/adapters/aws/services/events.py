"""EventBridge."""

from collections.abc import Iterator
from typing import Any

from orchestrator.adapters.aws.listing import Found, ServiceListing, listed, pages
from orchestrator.adapters.aws.rows import Removal, Service, row, same


def _rule(listing: ServiceListing) -> Iterator[Found]:
    """List the rules of every bus, except those that other services manage."""
    for bus in listing.pages("list_event_buses", "EventBuses"):
        for rule in listing.pages("list_rules", "Rules", EventBusName=bus["Name"]):
            if listing.owns(rule["Name"]) and not rule.get("ManagedBy"):
                yield Found(rule["Arn"], rule["Name"])


def _remove_rule(client: Any, arn: str) -> None:
    """Delete a rule and its targets."""
    # arn:aws:events:<region>:<account>:rule/<name>; "<bus>/" stands before the name unless the bus is the default one.
    _, *bus, name = arn.split("/")
    where = {"EventBusName": bus[0]} if bus else {}
    targets = [target["Id"] for target in pages(client, "list_targets_by_rule", "Targets", Rule=name, **where)]
    if targets:
        client.remove_targets(Rule=name, Ids=targets, **where)
    client.delete_rule(Name=name, **where)


ROWS = (
    row("event-bus", listed("list_event_buses EventBuses Arn Name", unless=lambda bus: bus["Name"] == "default")),
    row(
        "rule",
        _rule,
        Removal(2, _remove_rule, "delete-rule --name (the end of {0})"),
        same("aws_cloudwatch_event_rule arn"),
    ),
)
SERVICE = Service(name="events", rows=ROWS, settings=("aws_cloudwatch_event_target",))
