"""What hangs on a recorded thing, cannot be made twice, and that no inventory lists by itself.

A rule of a security group, a route, a permission of a function, a method of an API: a Terraform that was killed may have made one whose
parent a state knows. The next ``up`` would be refused it, or would make a second one.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.inventory.resource import ClientFactory, Resource, pages, tags_of

Lister = Callable[[Any, Collection[str], str], Iterator[Resource]]
"""Lists the children of parents of one kind: client, identifiers of the parents, suffix."""


def children(client: ClientFactory, parents: Collection[Resource], suffix: str) -> Iterator[Resource]:
    """Everything of interest that hangs on these things.

    Args:
        client: gives a boto3 client of a service.
        parents: things that a state records.
        suffix: of the deployment.

    """
    for (service, kind), lister in LISTERS.items():
        identifiers = sorted(thing.identifier for thing in parents if (thing.service, thing.type) == (service, kind))
        if identifiers:
            yield from lister(client(service), identifiers, suffix)


def _rest_apis(client: Any, apis: Collection[str], _suffix: str) -> Iterator[Resource]:
    for api in apis:
        for resource in pages(client, "get_resources", "items", restApiId=api, embed=["methods"]):
            # The root comes with the API.
            if resource["path"] != "/":
                yield _child("apigateway", "resource", f"{api} {resource['id']}", resource["path"])
            for verb in resource.get("resourceMethods", {}):
                yield _child("apigateway", "method", f"{api} {resource['id']} {verb}", f"{verb} {resource['path']}")
        for model in pages(client, "get_models", "items", restApiId=api):
            # Every API comes with these two.
            if model["name"] not in {"Empty", "Error"}:
                yield _child("apigateway", "model", f"{api} {model['name']}", model["name"])
        for validator in pages(client, "get_request_validators", "items", restApiId=api):
            yield _child("apigateway", "request-validator", f"{api} {validator['id']}", validator.get("name", ""))
        stages = client.get_stages(restApiId=api)["item"]
        for stage in stages:
            yield _child("apigateway", "stage", f"{api} {stage['stageName']}", stage["stageName"])
        serving = {stage["deploymentId"] for stage in stages}
        for deployment in pages(client, "get_deployments", "items", restApiId=api):
            # One that a stage serves cannot go; the next ``up`` makes another and moves the stage on.
            if deployment["id"] not in serving:
                yield _child("apigateway", "deployment", f"{api} {deployment['id']}")


def _usage_plans(client: Any, plans: Collection[str], _suffix: str) -> Iterator[Resource]:
    for plan in plans:
        for key in pages(client, "get_usage_plan_keys", "items", usagePlanId=plan):
            yield _child("apigateway", "usage-plan-key", f"{plan} {key['id']}", key.get("name", ""))


def _functions(client: Any, functions: Collection[str], _suffix: str) -> Iterator[Resource]:
    for function in functions:
        try:
            policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
        except ClientError as error:
            # A function that nobody was permitted to call has no policy.
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                continue
            raise
        for statement in policy["Statement"]:
            yield _child("lambda", "permission", f"{function} {statement['Sid']}", statement["Sid"])


def _log_groups(client: Any, groups: Collection[str], _suffix: str) -> Iterator[Resource]:
    for group in groups:
        # The streams of all other groups are made by those who write to them.
        if group.startswith("/aws/kinesisfirehose/"):
            for stream in pages(client, "describe_log_streams", "logStreams", logGroupName=group):
                yield _child("logs", "log-stream", f"{group} {stream['logStreamName']}", stream["logStreamName"])


def _route_tables(client: Any, tables: Collection[str], _suffix: str) -> Iterator[Resource]:
    for table in pages(client, "describe_route_tables", "RouteTables", RouteTableIds=list(tables)):
        for route in table.get("Routes", ()):
            destination = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
            # Routes to prefix lists are those of gateway endpoints, and go with them.
            if destination and route.get("Origin") == "CreateRoute":
                yield _child("ec2", "route", f"{table['RouteTableId']} {destination}", destination)
        for association in table.get("Associations", ()):
            if not association.get("Main") and association.get("SubnetId"):
                yield _child(
                    "ec2", "route-table-association", association["RouteTableAssociationId"], association["SubnetId"]
                )


def _security_groups(client: Any, groups: Collection[str], suffix: str) -> Iterator[Resource]:
    rules = pages(
        client,
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": list(groups)}],
    )
    for rule in rules:
        tags = tags_of(rule.get("Tags"))
        # Terraform tags its rules as it makes them. One without the tag was made by hand, for a reason that nobody here knows.
        if rule["GroupId"] in groups and tags.get("Suffix") == suffix:
            yield _child("ec2", "security-group-rule", rule["SecurityGroupRuleId"], tags.get("Name", ""))


def _child(service: str, kind: str, identifier: str, name: str = "") -> Resource:
    return Resource(service=service, type=kind, identifier=identifier, name=name)


LISTERS: Mapping[tuple[str, str], Lister] = {
    ("apigateway", "rest-api"): _rest_apis,
    ("apigateway", "usage-plan"): _usage_plans,
    ("ec2", "route-table"): _route_tables,
    ("ec2", "security-group"): _security_groups,
    ("lambda", "function"): _functions,
    ("logs", "log-group"): _log_groups,
}
