"""What runs and answers: Lambda, API Gateway, WAF."""

from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.inventory.resource import pages
from orchestrator.adapters.aws.sweep.removals.removal import Removal


def _usage_plan(client: Any, plan: str) -> None:
    """It cannot go while it is that of a stage."""
    operations = [
        {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}
        for stage in client.get_usage_plan(usagePlanId=plan).get("apiStages", ())
    ]
    if operations:
        client.update_usage_plan(usagePlanId=plan, patchOperations=operations)
    client.delete_usage_plan(usagePlanId=plan)


def _account_role(client: Any, _role: str) -> None:
    client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])


def _web_acl(client: Any, arn: str) -> None:
    """Whatever it stands before goes without it from here on, until the next ``up``."""
    *_, name, identifier = arn.split("/")
    token = client.get_web_acl(Name=name, Scope="REGIONAL", Id=identifier)["LockToken"]
    try:
        client.delete_web_acl(Name=name, Scope="REGIONAL", Id=identifier, LockToken=token)
    except ClientError as error:
        if error.response["Error"]["Code"] != "WAFAssociatedItemException":
            raise
        for resource in client.list_resources_for_web_acl(WebACLArn=arn, ResourceType="API_GATEWAY")["ResourceArns"]:
            client.disassociate_web_acl(ResourceArn=resource)
        client.delete_web_acl(Name=name, Scope="REGIONAL", Id=identifier, LockToken=token)


def _resource(client: Any, api: str, resource: str) -> None:
    # What lies below it goes with it.
    client.delete_resource(restApiId=api, resourceId=resource)


def _rest_api(client: Any, api: str) -> None:
    # A stage that a usage plan still names keeps its API.
    for plan in pages(client, "get_usage_plans", "items"):
        for stage in plan.get("apiStages", ()):
            if stage["apiId"] == api:
                operation = {"op": "remove", "path": "/apiStages", "value": f"{api}:{stage['stage']}"}
                client.update_usage_plan(usagePlanId=plan["id"], patchOperations=[operation])
    client.delete_rest_api(restApiId=api)


_API = "--rest-api-id {0}"
REMOVALS = {
    ("lambda", "event-source-mapping"): Removal(
        turn=10,
        remove=lambda client, uuid: client.delete_event_source_mapping(UUID=uuid),
        words="lambda delete-event-source-mapping --uuid {0}",
    ),
    ("lambda", "permission"): Removal(
        parts=2,
        turn=10,
        remove=lambda client, function, statement: client.remove_permission(
            FunctionName=function, StatementId=statement
        ),
        words="lambda remove-permission --function-name {0} --statement-id {1}",
    ),
    ("apigateway", "usage-plan-key"): Removal(
        parts=2,
        turn=10,
        remove=lambda client, plan, key: client.delete_usage_plan_key(usagePlanId=plan, keyId=key),
        words="apigateway delete-usage-plan-key --usage-plan-id {0} --key-id {1}",
    ),
    ("apigateway", "usage-plan"): Removal(
        turn=11, remove=_usage_plan, words="apigateway delete-usage-plan --usage-plan-id {0}"
    ),
    ("apigateway", "api-key"): Removal(
        turn=12,
        remove=lambda client, key: client.delete_api_key(apiKey=key),
        words="apigateway delete-api-key --api-key {0}",
    ),
    ("apigateway", "stage"): Removal(
        parts=2,
        turn=12,
        remove=lambda client, api, stage: client.delete_stage(restApiId=api, stageName=stage),
        words=f"apigateway delete-stage {_API} --stage-name {{1}}",
    ),
    ("apigateway", "deployment"): Removal(
        parts=2,
        turn=13,
        remove=lambda client, api, deployment: client.delete_deployment(restApiId=api, deploymentId=deployment),
        words=f"apigateway delete-deployment {_API} --deployment-id {{1}}",
    ),
    ("apigateway", "method"): Removal(
        parts=3,
        turn=13,
        remove=lambda client, api, resource, verb: client.delete_method(
            restApiId=api, resourceId=resource, httpMethod=verb
        ),
        words=f"apigateway delete-method {_API} --resource-id {{1}} --http-method {{2}}",
    ),
    ("apigateway", "resource"): Removal(
        parts=2, turn=14, remove=_resource, words=f"apigateway delete-resource {_API} --resource-id {{1}}"
    ),
    ("apigateway", "request-validator"): Removal(
        parts=2,
        turn=14,
        remove=lambda client, api, validator: client.delete_request_validator(
            restApiId=api, requestValidatorId=validator
        ),
        words=f"apigateway delete-request-validator {_API} --request-validator-id {{1}}",
    ),
    ("apigateway", "model"): Removal(
        parts=2,
        turn=14,
        remove=lambda client, api, model: client.delete_model(restApiId=api, modelName=model),
        words=f"apigateway delete-model {_API} --model-name {{1}}",
    ),
    ("apigateway", "rest-api"): Removal(turn=15, remove=_rest_api, words=f"apigateway delete-rest-api {_API}"),
    ("apigateway", "account-role"): Removal(
        turn=16,
        remove=_account_role,
        words="apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=",
    ),
    ("wafv2", "logging-configuration"): Removal(
        turn=16,
        remove=lambda client, arn: client.delete_logging_configuration(ResourceArn=arn),
        words="wafv2 delete-logging-configuration --resource-arn {0}",
    ),
    ("wafv2", "web-acl"): Removal(
        turn=17, remove=_web_acl, words="wafv2 delete-web-acl --scope REGIONAL (name and id are in {0})"
    ),
    ("lambda", "function"): Removal(
        turn=18,
        remove=lambda client, name: client.delete_function(FunctionName=name),
        words="lambda delete-function --function-name {0}",
    ),
}
