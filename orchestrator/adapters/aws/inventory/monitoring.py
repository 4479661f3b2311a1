"""What watches: CloudWatch and its logs."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, pages, token_pages

_EXECUTION_LOGS = "API-Gateway-Execution-Logs_"
_ENHANCED_MONITORING = "RDSOSMetrics"
"""One log group per account and region, whose name RDS fixes. Deployments may share it, so its tag says whose it is."""


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
    owned = {name for name, group in groups.items() if _owns_group(client, group, owner, apis)}
    for name in owned:
        yield Resource(service="logs", type="log-group", identifier=name, name=name)
    yield from _filters(client, owner, owned, groups.keys() & {_ENHANCED_MONITORING})
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


def _owns_group(client: Any, group: Mapping[str, Any], owner: Owner, apis: set[str]) -> bool:
    """Tags cost a call for each group, so they are read only where the name leaves a doubt."""
    if owner.suffix is None:
        return True
    name = group["logGroupName"]
    if name.startswith(_EXECUTION_LOGS) and name.removeprefix(_EXECUTION_LOGS).split("/")[0] in apis:
        return True
    # Services name their groups after the resource and may add to it: /aws/rds/cluster/<id>/postgresql.
    parts = name.split("/")
    if not (owner.owns(*parts) or name == _ENHANCED_MONITORING or name.startswith(_EXECUTION_LOGS)):
        return False
    try:
        tags = client.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    except ClientError as error:
        # Deleted since it was listed.
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    return owner.owns(*parts, tags=tags)
