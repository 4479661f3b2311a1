"""Uses of KMS keys: those that a caller asks for, and those that a service makes in the caller's name.

A service that stores data under a customer-managed key uses the key with the caller's permissions and tells KMS so (kms:ViaService).
Sources: KMS Developer Guide, "AWS KMS condition keys" and "How AWS services use AWS KMS" with the pages of S3, SQS, SNS, DynamoDB and Secrets Manager.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.local_cloud.iam.calls import Call, Wanted
from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.identity import ACCOUNT_ID

_KEY_ID_LENGTH = 36
_WITHOUT_KEY = frozenset({"CreateKey", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants"})


def used_through(
    call: Call, key_id: str | None, *actions: str, encryption_context: Mapping[str, str]
) -> Iterator[Wanted]:
    """The uses of a key by the service of a call in its caller's name.

    Args:
        call: to the service.
        key_id: id, ARN or alias of the key; None and the keys that AWS manages ask nobody for permission.
        actions: "Decrypt", "GenerateDataKey".
        encryption_context: what the service binds the ciphertext to.

    """
    key = customer_key(key_id, call.region)
    if key is None:
        return
    via = {"kms:viaservice": (f"{call.service}.{call.region}.amazonaws.com",)}
    context = key_context(key, encryption_context) | via
    for action in actions:
        yield Wanted(action=f"kms:{action}", resource=key.arn, context=context)


def customer_key(key_id: str | None, region: str) -> Any:
    """A key that somebody other than AWS manages; None for the others, which ask nobody for permission.

    Args:
        key_id: id, ARN or alias.
        region: of ids and aliases.

    """
    key = _key(key_id, region) if key_id and "alias/aws/" not in key_id else None
    return None if key is None or key.key_manager == "AWS" else key


def kms(call: Call) -> Iterator[Wanted]:
    """What a call to KMS itself needs."""
    given = call.parameters.get("EncryptionContext")
    encryption_context = given if isinstance(given, dict) else {}
    if call.operation == "ReEncrypt":
        source = call.parameters.get("SourceEncryptionContext") or {}
        origin = call.text("SourceKeyId") or _key_of(call.text("CiphertextBlob"))
        yield _use(call, "ReEncryptFrom", origin, source)
        target = call.parameters.get("DestinationEncryptionContext") or {}
        yield _use(call, "ReEncryptTo", call.text("DestinationKeyId"), target)
        return
    if "Alias" in call.operation and call.operation != "ListAliases":
        yield Wanted(action=call.action(), resource=call.arn(call.text("AliasName")))
        identifier = call.text("TargetKeyId", "AliasName")
    else:
        identifier = call.text("KeyId")
    if call.operation in _WITHOUT_KEY:
        yield Wanted(action=call.action())
        return
    yield _use(call, call.operation, identifier or _key_of(call.text("CiphertextBlob")), encryption_context)


def key_policy(arn: str) -> str:
    """The policy of the key with that ARN; empty when there is no such key."""
    key = _key(arn, arn.split(":")[3])
    return "" if key is None else str(key.policy)


def _use(call: Call, action: str, identifier: str, encryption_context: Mapping[str, str]) -> Wanted:
    key = _key(identifier, call.region)
    if key is None:
        return Wanted(action=call.action(action), resource=identifier if identifier.startswith("arn:") else "*")
    return Wanted(action=call.action(action), resource=key.arn, context=key_context(key, encryption_context))


def key_context(key: Any, encryption_context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The condition keys of a use of a key."""
    known: Context = {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in encryption_context.items()}
    if encryption_context:
        known = {**known, "kms:encryptioncontextkeys": tuple(encryption_context)}
    return {
        **known,
        "kms:calleraccount": (ACCOUNT_ID,),
        "kms:keyspec": (key.key_spec,),
        "kms:keyusage": (key.key_usage,),
        "kms:resourcealiases": tuple(sorted(key.aliases)),
    }


def _key(identifier: str, region: str) -> Any:
    """A key by id, ARN or alias; None when moto has none, which is then moto's answer to give."""
    from moto.kms.models import kms_backends  # noqa: PLC0415 - moto loads with the service

    if identifier.startswith("arn:"):
        region, identifier = identifier.split(":")[3], identifier.split(":", 5)[5]
    name = identifier.removeprefix("key/")
    regions = kms_backends[ACCOUNT_ID]
    keys = regions[region].keys if region in regions else {}
    return keys.get(name) or next((key for key in keys.values() if name in key.aliases), None)


def _key_of(ciphertext: str) -> str:
    """The key of a ciphertext: moto begins each with its id."""
    try:
        return base64.b64decode(ciphertext)[:_KEY_ID_LENGTH].decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
