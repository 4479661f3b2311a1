"""Lambda."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from orchestrator.adapters.aws import rows


def _event_source_mapping(listing: rows.ServiceListing) -> Iterator[rows.Found]:
    for mapping in listing.pages("list_event_source_mappings", "EventSourceMappings"):
        # The function's ARN may end in a version or an alias.
        name = mapping["FunctionArn"].split(":")[6]
        if listing.owns(name, rows.last_part(mapping.get("EventSourceArn", ""))):
            yield rows.Found(mapping["UUID"], name)


def _permission(listing: rows.ServiceListing) -> Iterator[rows.Found]:
    for function in listing.parents:
        try:
            policy = json.loads(listing.client.get_policy(FunctionName=function)["Policy"])
        except ClientError as error:
            # A function that nobody was permitted to invoke has no policy.
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                continue
            raise
        for statement in policy["Statement"]:
            yield rows.Found(f"{function} {statement['Sid']}", statement["Sid"])


def _alias(listing: rows.ServiceListing) -> Iterator[rows.Found]:
    for function in listing.parents:
        for alias in listing.pages("list_aliases", "Aliases", FunctionName=function):
            yield rows.Found(f"{function} {alias['Name']}", alias["Name"])


def _part(attribute: str) -> rows.Identify:
    """Return what identifies a part of a function, by the attribute with the part's own name."""

    def identify(attributes: rows.Attributes) -> str:
        # The function may be given as an ARN, with a version at its end.
        function, name = str(attributes.get("function_name") or ""), str(attributes.get(attribute) or "")
        function = function.split(":")[6] if function.startswith("arn:") else function
        return f"{function} {name}" if function and name else ""

    return identify


ROWS = (
    rows.row(
        "function",
        rows.listed("list_functions Functions FunctionName"),
        rows.delete(18, "delete_function FunctionName"),
        rows.refused("aws_lambda_function function_name"),
    ),
    rows.row(
        "event-source-mapping",
        _event_source_mapping,
        rows.delete(10, "delete_event_source_mapping UUID"),
        rows.refused("aws_lambda_event_source_mapping uuid"),
    ),
    rows.row("layer", rows.listed("list_layers Layers LayerName")),
    rows.row(
        "alias",
        _alias,
        rows.delete(10, "delete_alias FunctionName Name"),
        rows.refused("aws_lambda_alias", _part("name")),
        below="function",
    ),
    rows.row(
        "permission",
        _permission,
        rows.delete(10, "remove_permission FunctionName StatementId"),
        rows.refused("aws_lambda_permission", _part("statement_id")),
        below="function",
    ),
)
SERVICE = rows.Service(
    name="lambda", rows=ROWS, settings=("aws_lambda_function_event_invoke_config", "aws_lambda_invocation")
)
