"""Lambda."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import Found, ServiceListing, last_part, listed
from orchestrator.adapters.aws.rows import Attributes, Service, delete, refused, row


def _event_source_mapping(listing: ServiceListing) -> Iterator[Found]:
    for mapping in listing.pages("list_event_source_mappings", "EventSourceMappings"):
        # The function's ARN may end in a version or an alias.
        name = mapping["FunctionArn"].split(":")[6]
        if listing.owns(name, last_part(mapping.get("EventSourceArn", ""))):
            yield Found(mapping["UUID"], name)


def _aliases(listing: ServiceListing) -> list[tuple[str, str]]:
    """List functions and their aliases."""
    return [
        (function, alias["Name"])
        for function in listing.parents
        for alias in listing.pages("list_aliases", "Aliases", FunctionName=function)
    ]


def _alias(listing: ServiceListing) -> Iterator[Found]:
    for function, name in listing.once(_aliases):
        yield Found(f"{function} {name}", name)


def _permission(listing: ServiceListing) -> Iterator[Found]:
    """List the permissions of functions and of their aliases, each of which has a policy of its own."""
    for target in (*listing.parents, *(f"{function}:{alias}" for function, alias in listing.once(_aliases))):
        for statement in _statements(listing.client, target):
            if statement["Resource"].split(":function:")[1].removesuffix(":$LATEST") == target:
                yield Found(f"{target} {statement['Sid']}", statement["Sid"])


def _statements(client: Any, target: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(client.get_policy(FunctionName=target)["Policy"])["Statement"]
    except ClientError as error:
        # A function that nobody was permitted to invoke has no policy.
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
    return found


def _identify_permission(attributes: Attributes) -> str:
    # The function may be given as an ARN, with a version at its end.
    name, statement = str(attributes.get("function_name") or ""), str(attributes.get("statement_id") or "")
    name = name.split(":")[6] if name.startswith("arn:") else name
    qualifier = str(attributes.get("qualifier") or "")
    return f"{name}{f':{qualifier}' if qualifier else ''} {statement}" if name and statement else ""


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
    row(
        "alias",
        _alias,
        delete(17, "delete_alias FunctionName Name"),
        refused("aws_lambda_alias function_name name"),
        below="function",
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
