"""Limits of DynamoDB."""

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.local_cloud.limits.keys import unknown_key
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_TABLE = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_EXPRESSION_BYTES = 4096
_DEPTH = 32
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)


@limit(
    "dynamodb",
    "CreateTable",
    forbids="names of tables with other characters than letters, digits, underscores, hyphens and periods, or not of 3 to 255",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
)
def table_names(request: CheckedRequest) -> str | None:
    if _TABLE.fullmatch(request["TableName"]):
        return None
    return (
        "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, "
        "and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
    )


@limit(
    "dynamodb",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "UpdateItem",
    forbids="expressions over 4 KB",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/Constraints.html",
)
def expressions(request: CheckedRequest) -> str | None:
    sizes = ((name, len((request[name] or "").encode())) for name in _EXPRESSIONS)
    return next(
        (
            f"Invalid {name}: Expression size has exceeded the maximum allowed size; expression size: {size}"
            for name, size in sizes
            if size > _EXPRESSION_BYTES
        ),
        None,
    )


@limit(
    "dynamodb",
    "PutItem",
    forbids="items that are nested deeper than 32 levels",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/Constraints.html",
)
def nesting(request: CheckedRequest) -> str | None:
    deep = any(_depth(value) > _DEPTH for value in (request["Item"] or {}).values())
    return "Nesting Levels have exceeded supported limits" if deep else None


def _depth(value: Mapping[str, Any]) -> int:
    inner = [*value.get("L", ()), *value.get("M", {}).values()]
    return 1 + max(map(_depth, inner)) if inner else 0


@limit(
    "dynamodb",
    "CreateTable",
    "UpdateTable",
    forbids="encryption with a key that does not exist",
    code="ValidationException",
    source="amazondynamodb/latest/developerguide/encryption.usagenotes.html",
)
def table_keys(request: CheckedRequest) -> str | None:
    key = (request["SSESpecification"] or {}).get("KMSMasterKeyId")
    return f"KMS key does not exist: {key}" if unknown_key(key, request.region) else None
