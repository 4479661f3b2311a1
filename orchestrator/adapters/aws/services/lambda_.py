"""Lambda."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import Found, ServiceListing, last_part, listed
from orchestrator.adapters.aws.rows import Attributes, Identify, Service, delete, refused, row


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


def _alias(listing: ServiceListing) -> Iterator[Found]:
    for function in listing.parents:
        for alias in listing.pages("list_aliases", "Aliases", FunctionName=function):
            yield Found(f"{function} {alias['Name']}", alias["Name"])


def _part(attribute: str) -> Identify:
    """Return what identifies a part of a function, by the attribute with the part's own name."""

    def identify(attributes: Attributes) -> str:
        # The function may be given as an ARN, with a version at its end.
        function, name = str(attributes.get("function_name") or ""), str(attributes.get(attribute) or "")
        function = function.split(":")[6] if function.startswith("arn:") else function
        return f"{function} {name}" if function and name else ""

    return identify


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
        "alias",
        _alias,
        delete(10, "delete_alias FunctionName Name"),
        refused("aws_lambda_alias", _part("name")),
        below="function",
    ),
    row(
        "permission",
        _permission,
        delete(10, "remove_permission FunctionName StatementId"),
        refused("aws_lambda_permission", _part("statement_id")),
        below="function",
    ),
)
SERVICE = Service(
    name="lambda", rows=ROWS, settings=("aws_lambda_function_event_invoke_config", "aws_lambda_invocation")
)
