"""API Gateway: REST APIs with their parts, keys, usage plans, and the role that the account's APIs log with."""

from collections.abc import Iterator
from typing import Any

from orchestrator.adapters.aws.listing import Found, Lister, ServiceListing, last_part, listed, pages
from orchestrator.adapters.aws.rows import Removal, Row, Service, TerraformType, delete, doubled, refused, row, same

_BROUGHT = frozenset({"Empty", "Error"})
"""The models that every API comes with."""


def _account_role(listing: ServiceListing) -> Iterator[Found]:
    role = listing.client.get_account().get("cloudwatchRoleArn", "")
    if role and listing.owns(last_part(role)):
        # AWS lets a role go that the setting still names; it then stays until somebody resets it.
        yield Found(role, last_part(role), made_for=last_part(role))


def _remove_account_role(client: Any, _role: str) -> None:
    client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])


def _leave_stages(client: Any, plan: str) -> None:
    """Take the usage plan off its stages, which keep it from being deleted."""
    _detach(client, plan, client.get_usage_plan(usagePlanId=plan).get("apiStages", ()))


def _leave_usage_plans(client: Any, api: str) -> None:
    """Take the API's stages out of usage plans, which keep the API from being deleted."""
    for plan in pages(client, "get_usage_plans", "items"):
        _detach(client, plan["id"], [stage for stage in plan.get("apiStages", ()) if stage["apiId"] == api])


def _detach(client: Any, plan: str, stages: list[dict[str, str]]) -> None:
    operations = [
        {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"} for stage in stages
    ]
    if operations:
        client.update_usage_plan(usagePlanId=plan, patchOperations=operations)


def _resources(listing: ServiceListing) -> list[tuple[str, dict[str, Any]]]:
    return [
        (api, resource)
        for api in listing.parents
        for resource in listing.pages("get_resources", "items", restApiId=api, embed=["methods"])
    ]


def _resource(listing: ServiceListing) -> Iterator[Found]:
    for api, resource in listing.once(_resources):
        # The root comes with the API.
        if resource["path"] != "/":
            yield Found(f"{api} {resource['id']}", resource["path"])


def _method(listing: ServiceListing) -> Iterator[Found]:
    for api, resource in listing.once(_resources):
        for verb in resource.get("resourceMethods", {}):
            yield Found(f"{api} {resource['id']} {verb}", f"{verb} {resource['path']}")


def _stages(listing: ServiceListing) -> list[tuple[str, dict[str, str]]]:
    return [(api, stage) for api in listing.parents for stage in listing.client.get_stages(restApiId=api)["item"]]


def _stage(listing: ServiceListing) -> Iterator[Found]:
    for api, stage in listing.once(_stages):
        yield Found(f"{api} {stage['stageName']}", stage["stageName"])


def _deployment(listing: ServiceListing) -> Iterator[Found]:
    serving = {(api, stage["deploymentId"]) for api, stage in listing.once(_stages)}
    for api in listing.parents:
        for deployment in listing.pages("get_deployments", "items", restApiId=api):
            # A stage keeps the deployment that it serves; the next ``up`` creates another and switches the stage to it.
            if (api, deployment["id"]) not in serving:
                yield Found(f"{api} {deployment['id']}")


def _below(words: str) -> Lister:
    """Return a lister of what one operation lists for each parent: operation, parameter and field with the identifier."""
    operation, parameter, identifier = words.split()

    def lister(listing: ServiceListing) -> Iterator[Found]:
        for parent in listing.parents:
            for item in listing.pages(operation, "items", **{parameter: parent}):
                if operation != "get_models" or item["name"] not in _BROUGHT:
                    yield Found(f"{parent} {item[identifier]}", item.get("name", ""))

    return lister


def _child(kind: str, turn: int, lister: Lister, parameters: str, made_by: TerraformType) -> Row:
    """Return the row of a part of an API."""
    words = f"delete_{kind.replace('-', '_')} restApiId {parameters}"
    return row(kind, lister, delete(turn, words), made_by, below="rest-api")


ROWS = (
    row(
        "rest-api",
        listed("get_rest_apis items id name", tags="tags"),
        delete(15, "delete_rest_api restApiId", before=_leave_usage_plans),
        doubled("aws_api_gateway_rest_api"),
    ),
    row(
        "api-key",
        listed("get_api_keys items id name", tags="tags"),
        delete(12, "delete_api_key apiKey"),
        doubled("aws_api_gateway_api_key"),
    ),
    row(
        "usage-plan",
        listed("get_usage_plans items id name", tags="tags"),
        delete(11, "delete_usage_plan usagePlanId", before=_leave_stages),
        doubled("aws_api_gateway_usage_plan"),
    ),
    row(
        "account-role",
        _account_role,
        Removal(
            16, _remove_account_role, "update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value="
        ),
        same("aws_api_gateway_account cloudwatch_role_arn"),
        outlives_owner=True,
    ),
    # What lies below a resource is deleted with it.
    _child("resource", 14, _resource, "resourceId", refused("aws_api_gateway_resource rest_api_id id")),
    _child(
        "method",
        13,
        _method,
        "resourceId httpMethod",
        refused("aws_api_gateway_method rest_api_id resource_id http_method"),
    ),
    _child(
        "model", 14, _below("get_models restApiId name"), "modelName", refused("aws_api_gateway_model rest_api_id name")
    ),
    _child(
        "request-validator",
        14,
        _below("get_request_validators restApiId id"),
        "requestValidatorId",
        doubled("aws_api_gateway_request_validator rest_api_id id"),
    ),
    _child(
        "authorizer",
        14,
        _below("get_authorizers restApiId id"),
        "authorizerId",
        doubled("aws_api_gateway_authorizer rest_api_id id"),
    ),
    row(
        "domain-name",
        listed("get_domain_names items domainName", tags="tags"),
        delete(11, "delete_domain_name domainName"),
        refused("aws_api_gateway_domain_name domain_name"),
    ),
    row(
        "base-path-mapping",
        _below("get_base_path_mappings domainName basePath"),
        delete(10, "delete_base_path_mapping domainName basePath"),
        refused("aws_api_gateway_base_path_mapping domain_name base_path"),
        below="domain-name",
    ),
    _child("stage", 12, _stage, "stageName", refused("aws_api_gateway_stage rest_api_id stage_name")),
    _child("deployment", 13, _deployment, "deploymentId", doubled("aws_api_gateway_deployment rest_api_id id")),
    row(
        "usage-plan-key",
        _below("get_usage_plan_keys usagePlanId id"),
        delete(10, "delete_usage_plan_key usagePlanId keyId"),
        refused("aws_api_gateway_usage_plan_key usage_plan_id key_id"),
        below="usage-plan",
    ),
)
SERVICE = Service(
    name="apigateway",
    rows=ROWS,
    settings=(
        "aws_api_gateway_gateway_response",
        "aws_api_gateway_integration",
        "aws_api_gateway_integration_response",
        "aws_api_gateway_method_response",
        "aws_api_gateway_method_settings",
    ),
)
