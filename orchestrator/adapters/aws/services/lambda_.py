"""Lambda."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.rows import (
    Attributes,
    Found,
    Service,
    ServiceListing,
    delete,
    last_part,
    listed,
    refused,
    row,
)


def _event_source_mapping(listing: ServiceListing) -> Iterator[Found]:
    for mapping in listing.pages("list_event_source_mappings", "EventSourceMappings"):
        # The function's ARN may end in a version or an alias.
        name = mapping["FunctionArn"].split(":")[6]
        if listing.owns(name, last_part(mapping.get("EventSourceArn", ""))):
            yield Found(mapping["UUID"], name)


def _permission(listing: ServiceListing) -> Iterator[Found]:
    for function in listing.parents:
        try:
            policy = json.loads(listing.client.get_policy(FunctionName=function)["Policy"])
        except ClientError as error:
            # A function that nobody was permitted to invoke has no policy.
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                continue
            raise
        for statement in policy["Statement"]:
            yield Found(f"{function} {statement['Sid']}", statement["Sid"])


def _identify_permission(attributes: Attributes) -> str:
    # The function may be given as an ARN, with a version at its end.
    name, statement = str(attributes.get("function_name") or ""), str(attributes.get("statement_id") or "")
    name = name.split(":")[6] if name.startswith("arn:") else name
    return f"{name} {statement}" if name and statement else ""


ROWS = (
    row(
        "function",
        listed("list_functions Functions FunctionName"),
        delete(18, "delete_function FunctionName"),
        refused("aws_lambda_function function_name"),
    ),
    row(
        "event-source-mapping",
        _event_source_mapping,
        delete(10, "delete_event_source_mapping UUID"),
        refused("aws_lambda_event_source_mapping uuid"),
    ),
    row("layer", listed("list_layers Layers LayerName")),
    row(
        "permission",
        _permission,
        delete(10, "remove_permission FunctionName StatementId"),
        refused("aws_lambda_permission", _identify_permission),
        below="function",
    ),
)
SERVICE = Service(
    name="lambda", rows=ROWS, settings=("aws_lambda_function_event_invoke_config", "aws_lambda_invocation")
)
