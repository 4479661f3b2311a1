"""What watches: CloudWatch and its logs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, pages, token_pages

_EXECUTION_LOGS = "API-Gateway-Execution-Logs_"
_ENHANCED_MONITORING = "RDSOSMetrics"
_SHARED = frozenset({_ENHANCED_MONITORING, "/aws/apigateway/welcome"})
"""One log group each per account and region, whose name its service fixes. Deployments may share it, so its tag says whose it is."""
_OF_SERVICES = re.compile(
    r"API-Gateway-Execution-Logs_(?P<api>[^/]+)/|/aws/lambda/(?P<function>.+)|/aws/rds/(?:cluster|instance)/(?P<database>[^/]+)/"
    r"|sns/(?P<region>[^/]+)/(?P<account>[0-9]+)/(?P<topic>[^/]+)"
)
"""Log groups that a service makes when it writes and finds none, and what it is that it writes about."""


def cloudwatch(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Alarms, composite ones among them, and dashboards."""
    client = clients["cloudwatch"]
    kinds = {"MetricAlarms": "alarm", "CompositeAlarms": "composite-alarm"}
    for page in client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        for key, kind in kinds.items():
            for name in (alarm["AlarmName"] for alarm in page.get(key, ())):
                if owner.owns(name):
                    yield Resource(service="cloudwatch", type=kind, identifier=name, name=name)
    for name in (entry["DashboardName"] for entry in pages(client, "list_dashboards", "DashboardEntries")):
        if owner.owns(name):
            yield Resource(service="cloudwatch", type="dashboard", identifier=name, name=name)


def logs(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Log groups with their filters, saved queries, and the policies by which services write."""
    client = clients["logs"]
    groups = {group["logGroupName"]: group for group in pages(client, "describe_log_groups", "logGroups")}
    apis = _apis(clients["apigateway"], owner)
    owned = {}
    for name, group in groups.items():
        tags = _tags_if_owned(client, group, owner, apis)
        if tags is not None:
            owned[name] = tags
    for name, tags in owned.items():
        # Who makes a deployment's groups on purpose tags them.
        made_for = _written_about(name) if owner.suffix and "Suffix" not in tags else ""
        yield Resource(service="logs", type="log-group", identifier=name, name=name, made_for=made_for)
    yield from _filters(client, owner, set(owned), groups.keys() & {_ENHANCED_MONITORING})
    for query in token_pages(client.describe_query_definitions, "queryDefinitions", token="nextToken"):  # noqa: S106 - a page's
        # A slash in its name puts it into a folder.
        if owner.owns(*query["name"].split("/")):
            yield Resource(
                service="logs", type="query-definition", identifier=query["queryDefinitionId"], name=query["name"]
            )
    for policy in pages(client, "describe_resource_policies", "resourcePolicies"):
        name = policy["policyName"]
        if owner.owns(name):
            yield Resource(service="logs", type="resource-policy", identifier=name, name=name)


def _filters(client: Any, owner: Owner, owned: set[str], shared: set[str]) -> Iterator[Resource]:
    """Filters in the owner's groups, and the owner's in groups of others."""
    for item in pages(client, "describe_metric_filters", "metricFilters"):
        if item["logGroupName"] in owned or owner.owns(item["filterName"]):
            yield _in_group("metric-filter", item)
    # Subscriptions are listed per group. Beside its own groups a deployment may read the shared one.
    for name in sorted(owned | shared):
        for item in pages(client, "describe_subscription_filters", "subscriptionFilters", logGroupName=name):
            if name in owned or owner.owns(item["filterName"]):
                yield _in_group("subscription-filter", item)


def _apis(client: Any, owner: Owner) -> set[str]:
    apis = pages(client, "get_rest_apis", "items")
    return {api["id"] for api in apis if owner.owns(api.get("name", ""), tags=api.get("tags"))}


def _in_group(kind: str, item: Mapping[str, Any]) -> Resource:
    identifier = f"{item['logGroupName']} {item['filterName']}"
    return Resource(service="logs", type=kind, identifier=identifier, name=item["filterName"])


def _tags_if_owned(client: Any, group: Mapping[str, Any], owner: Owner, apis: set[str]) -> Mapping[str, str] | None:
    """The tags of a group that is the owner's, else None. They cost a call for each group, so the name is looked at first."""
    if owner.suffix is None:
        return {}
    name = group["logGroupName"]
    # Services name their groups after the resource and may add to it: /aws/rds/cluster/<id>/postgresql.
    parts = name.split("/")
    if not (owner.owns(*parts) or name in _SHARED or name.startswith(_EXECUTION_LOGS)):
        return None
    try:
        tags: dict[str, str] = client.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    except ClientError as error:
        # Deleted since it was listed.
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    if name.startswith(_EXECUTION_LOGS) and name.removeprefix(_EXECUTION_LOGS).split("/")[0] in apis:
        return tags
    return tags if owner.owns(*parts, tags=tags) else None


def _written_about(group: str) -> str:
    """The identifier of what a service writes about in a group that it has made."""
    found = _OF_SERVICES.match(group)
    if found is None:
        return ""
    if found["topic"]:
        return f"arn:aws:sns:{found['region']}:{found['account']}:{found['topic']}"
    return found["api"] or found["function"] or found["database"] or ""
