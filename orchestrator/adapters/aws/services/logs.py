"""CloudWatch Logs: groups with their filters and streams, saved queries, and the policies by which services write."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import Found, ServiceListing, listed, pages
from orchestrator.adapters.aws.rows import Service, delete, doubled, refused, row, same

_EXECUTION_LOGS = "API-Gateway-Execution-Logs_"
_ENHANCED_MONITORING = "RDSOSMetrics"
_SHARED = frozenset({_ENHANCED_MONITORING, "/aws/apigateway/welcome"})
"""One log group each per account and region, with a name that its service fixes. Deployments may share it, so its tag decides."""
_OF_SERVICES = re.compile(
    r"API-Gateway-Execution-Logs_(?P<api>[^/]+)/|/aws/lambda/(?P<function>.+)|/aws/rds/(?:cluster|instance)/(?P<database>[^/]+)/"
    r"|sns/(?P<region>[^/]+)/(?P<account>[0-9]+)/(?P<topic>[^/]+)"
)
"""Log groups that a service creates when it writes and finds none, and the resource that it writes about."""


def _groups(listing: ServiceListing) -> dict[str, Mapping[str, str] | None]:
    """Return the tags of every log group by name; None where the group belongs to somebody else."""
    groups = list(listing.pages("describe_log_groups", "logGroups"))
    apis = {
        api["id"]
        for api in pages(listing.clients["apigateway"], "get_rest_apis", "items")
        if listing.owns(api.get("name", ""), tags=api.get("tags"))
    }
    return {group["logGroupName"]: _tags_if_owned(listing, group, apis) for group in groups}


def _tags_if_owned(listing: ServiceListing, group: Mapping[str, Any], apis: set[str]) -> Mapping[str, str] | None:
    """Return the tags of a group of the deployment, else None; tags cost a call per group, so the name is checked first."""
    if listing.suffix is None:
        return {}
    name = group["logGroupName"]
    # Services name their groups after the resource and may append to it: /aws/rds/cluster/<id>/postgresql.
    parts = name.split("/")
    if not (listing.owns(*parts) or name in _SHARED or name.startswith(_EXECUTION_LOGS)):
        return None
    try:
        tags: dict[str, str] = listing.client.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))[
            "tags"
        ]
    except ClientError as error:
        # Deleted since it was listed.
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    if name.startswith(_EXECUTION_LOGS) and name.removeprefix(_EXECUTION_LOGS).split("/")[0] in apis:
        return tags
    return tags if listing.owns(*parts, tags=tags) else None


def _log_group(listing: ServiceListing) -> Iterator[Found]:
    for name, tags in listing.once(_groups).items():
        if tags is not None:
            # Modules tag the groups that they create; one without the tag was created by the service that writes to it.
            yield Found(name, name, _writer(name) if listing.suffix and "Suffix" not in tags else "")


def _writer(group: str) -> str:
    """Return the identifier of the resource that a service writes about in a group of its own making."""
    found = _OF_SERVICES.match(group)
    if found is None:
        return ""
    if found["topic"]:
        return f"arn:aws:sns:{found['region']}:{found['account']}:{found['topic']}"
    return found["api"] or found["function"] or found["database"] or ""


def _metric_filter(listing: ServiceListing) -> Iterator[Found]:
    """List the filters of the deployment's groups, and its filters in groups of others."""
    groups = listing.once(_groups)
    for item in listing.pages("describe_metric_filters", "metricFilters"):
        if groups.get(item["logGroupName"]) is not None or listing.owns(item["filterName"]):
            yield _in_group(item)


def _subscription_filter(listing: ServiceListing) -> Iterator[Found]:
    """List the filters of the deployment's groups, and its filters in the shared one; the service lists them by group."""
    for name, tags in sorted(listing.once(_groups).items()):
        if tags is None and name != _ENHANCED_MONITORING:
            continue
        for item in listing.pages("describe_subscription_filters", "subscriptionFilters", logGroupName=name):
            if tags is not None or listing.owns(item["filterName"]):
                yield _in_group(item)


def _in_group(item: Mapping[str, Any]) -> Found:
    return Found(f"{item['logGroupName']} {item['filterName']}", item["filterName"])


def _query_definition(listing: ServiceListing) -> Iterator[Found]:
    for query in listing.pages("describe_query_definitions", "queryDefinitions"):
        # Slashes in the name are folders.
        if listing.owns(*query["name"].split("/")):
            yield Found(query["queryDefinitionId"], query["name"])


def _log_stream(listing: ServiceListing) -> Iterator[Found]:
    for group in listing.parents:
        # In all other groups, those who write create the streams.
        if group.startswith("/aws/kinesisfirehose/"):
            for stream in listing.pages("describe_log_streams", "logStreams", logGroupName=group):
                yield Found(f"{group} {stream['logStreamName']}", stream["logStreamName"])


ROWS = (
    row(
        "log-group",
        _log_group,
        delete(42, "delete_log_group logGroupName"),
        refused("aws_cloudwatch_log_group name"),
        outlives_owner=True,
    ),
    row(
        "metric-filter",
        _metric_filter,
        delete(3, "delete_metric_filter logGroupName filterName"),
        same("aws_cloudwatch_log_metric_filter log_group_name name"),
    ),
    row(
        "subscription-filter",
        _subscription_filter,
        delete(3, "delete_subscription_filter logGroupName filterName"),
        same("aws_cloudwatch_log_subscription_filter log_group_name name"),
    ),
    row(
        "query-definition",
        _query_definition,
        delete(3, "delete_query_definition queryDefinitionId"),
        doubled("aws_cloudwatch_query_definition query_definition_id"),
    ),
    row(
        "resource-policy",
        listed("describe_resource_policies resourcePolicies policyName"),
        delete(42, "delete_resource_policy policyName"),
        same("aws_cloudwatch_log_resource_policy policy_name"),
    ),
    row(
        "log-stream",
        _log_stream,
        delete(41, "delete_log_stream logGroupName logStreamName"),
        refused("aws_cloudwatch_log_stream log_group_name name"),
        below="log-group",
    ),
)
SERVICE = Service(name="logs", rows=ROWS)
