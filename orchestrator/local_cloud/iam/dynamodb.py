"""What calls to DynamoDB need.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; DynamoDB
Developer Guide, "Using IAM policy conditions for fine-grained access control" and "DynamoDB encryption at rest".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.iam.keys import used_through
from orchestrator.local_cloud.identity import ACCOUNT_ID

_ON_ITEMS = re.compile(r".*Items?|Query|Scan|ExecuteStatement|BatchExecuteStatement|ExecuteTransaction")
_VERBS = ("Delete", "Insert", "Select", "Update")
_STATEMENT_TABLE = re.compile(r'(?:from|into|update)\s+"?([A-Za-z0-9_.-]+)"?(?:\."([A-Za-z0-9_.-]+)")?', re.IGNORECASE)
_STREAM = re.compile(r"arn:aws:dynamodb:[\w-]+:\d+:table/[\w.-]+/stream/[\w:.-]+")
_ON_STREAMS = frozenset(
    {
        "DeleteBackup",
        "DescribeBackup",
        "DescribeStream",
        "GetRecords",
        "GetShardIterator",
        "ListStreams",
        "RestoreTableFromBackup",
    }
)
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
# A name that is neither a value (":v") nor a part of a path behind "."; whether it is a function.
_IDENTIFIER = re.compile(r"(?<![\w:#.\]])(#?[A-Za-z_]\w*)(\s*\()?")
_KEYWORDS = frozenset({"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"})

Given = Mapping[str, Any]


def dynamodb(call: ApiCall) -> Iterator[Wanted]:
    """Yield what a call to DynamoDB needs, including its table's key. Reads moto's state."""
    wanted = list(_wanted(call))
    yield from wanted
    if not _ON_ITEMS.fullmatch(call.operation):
        return
    for name in dict.fromkeys(_table_name(one.resource) for one in wanted):
        specification = getattr(stored.table(name, call.region), "sse_specification", None) or {}
        context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": ACCOUNT_ID}
        yield from used_through(call, specification.get("KMSMasterKeyId"), "Decrypt", encryption_context=context)


def _wanted(call: ApiCall) -> Iterator[Wanted]:
    parameters = call.parameters
    match call.operation:
        case "BatchGetItem":
            for table, part in parameters.get("RequestItems", {}).items():
                yield _one(call, "BatchGetItem", table, part, part.get("Keys", []))
        case "BatchWriteItem":
            for table, requests in parameters.get("RequestItems", {}).items():
                items = [
                    (one.get("PutRequest") or {}).get("Item") or (one.get("DeleteRequest") or {}).get("Key") or {}
                    for one in requests
                ]
                yield _one(call, "BatchWriteItem", table, {}, items)
        case "TransactGetItems" | "TransactWriteItems":
            for one in parameters.get("TransactItems", []):
                for kind, part in one.items():
                    keys = [part.get("Item") or part.get("Key") or {}]
                    yield _one(call, f"{kind}Item", part.get("TableName", ""), part, keys)
        case "ExecuteStatement":
            yield _statement(call, call.text("Statement"))
        case "BatchExecuteStatement" | "ExecuteTransaction":
            for one in parameters.get("Statements") or parameters.get("TransactStatements") or []:
                yield _statement(call, str(one["Statement"]))
        case operation if operation in _ON_STREAMS:
            # An iterator contains the ARN of its stream, on AWS and in moto.
            found = _STREAM.search(call.text("ShardIterator"))
            arn = found[0] if found else call.text("BackupArn", "StreamArn") or call.arn("table/*/stream/*")
            yield Wanted(action=call.action(), resource=arn)
        case _:
            table = call.text("TableName", "ResourceArn", "TableArn", "SourceTableName", "SourceTableArn")
            keys = [parameters[name] for name in ("Key", "Item") if isinstance(parameters.get(name), dict)]
            yield _one(call, call.operation, table, parameters, keys)


def _statement(call: ApiCall, text: str) -> Wanted:
    """Return what a statement of PartiQL needs."""
    statement = text.strip()
    verb = statement.split(" ", 1)[0].title()
    found = _STATEMENT_TABLE.search(statement)
    table, index = found.groups() if found else ("", None)
    return _one(call, f"PartiQL{verb if verb in _VERBS else 'Select'}", table, {"IndexName": index}, [])


def _one(call: ApiCall, action: str, table: str, given: Given, keys: list[Given]) -> Wanted:
    arn = table if table.startswith("arn:") else call.arn(f"table/{table or '*'}")
    index = given.get("IndexName")
    return Wanted(
        action=f"dynamodb:{action}",
        resource=f"{arn}/index/{index}" if index else arn,
        context=_context(call, action, _table_name(arn), given, keys),
    )


def _context(call: ApiCall, action: str, table: str, given: Given, keys: list[Given]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    hash_key = getattr(stored.table(table, call.region), "hash_key_attr", "")
    leading = [_plain(key[hash_key]) for key in keys if isinstance(key.get(hash_key), dict)]
    leading += _queried(given, hash_key) if action == "Query" and not given.get("IndexName") else []
    if leading:
        context["dynamodb:leadingkeys"] = tuple(dict.fromkeys(leading))
    attributes = _attributes(given) | {name for key in keys for name in key}
    if attributes:
        context["dynamodb:attributes"] = tuple(sorted(attributes))
    for parameter in ("Select", "ReturnValues", "ReturnConsumedCapacity"):
        if isinstance(given.get(parameter), str):
            context[f"dynamodb:{parameter.lower()}"] = (given[parameter],)
    if call.operation.startswith("Transact"):
        context["dynamodb:enclosingoperation"] = (call.operation,)
    return context


def _attributes(given: Given) -> set[str]:
    """Return the top-level attributes that a request names: to read, to write, and in conditions."""
    names = given.get("ExpressionAttributeNames") or {}
    found = set(given.get("AttributesToGet") or ())
    for parameter in _EXPRESSIONS:
        for name, called in _IDENTIFIER.findall(str(given.get(parameter) or "")):
            if not called and name.upper() not in _KEYWORDS:
                found.add(str(names.get(name, name)))
    for parameter in ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter"):
        found |= set(given.get(parameter) or ())
    return found


def _queried(given: Given, hash_key: str) -> list[str]:
    """Return the partition of a query: ``#pk = :v`` of its expression, or the older KeyConditions."""
    old = (given.get("KeyConditions") or {}).get(hash_key)
    if isinstance(old, dict):
        return [_plain(value) for value in old.get("AttributeValueList", [])]
    names = given.get("ExpressionAttributeNames") or {}
    values = given.get("ExpressionAttributeValues") or {}
    for name, value in re.findall(r"([#\w.-]+)\s*=\s*(:\w+)", str(given.get("KeyConditionExpression") or "")):
        if names.get(name, name) == hash_key and isinstance(values.get(value), dict):
            return [_plain(values[value])]
    return []


def _plain(value: Given) -> str:
    """Return an attribute value ({"S": "x"}) without its type."""
    return str(next(iter(value.values()), ""))


def _table_name(arn: str) -> str:
    return arn.rpartition(":table/")[2].partition("/")[0]
