"""Uses of KMS keys: those that a caller requests, and those that a service makes in the caller's name.

A service that stores data under a customer-managed key uses the key with the caller's permissions and tells KMS so
(kms:ViaService). Sources: KMS Developer Guide, "AWS KMS condition keys" and "How AWS services use AWS KMS" with the
pages of S3, SQS, SNS, DynamoDB and Secrets Manager.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.identity import ACCOUNT_ID

_KEY_ID_LENGTH = 36
_WITHOUT_KEY = frozenset({"CreateKey", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants"})


def used_through(
    call: ApiCall, key_id: str | None, *actions: str, encryption_context: Mapping[str, str]
) -> Iterator[Wanted]:
    """Yield the uses ("Decrypt") of a key by the service of a call in its caller's name.

    Keys that AWS manages, and no key, need no permission. The service binds the ciphertext to the encryption context.
    """
    key = stored.customer_key(key_id, call.region) if actions else None
    if key is not None:
        via = {"kms:viaservice": (f"{call.service}.{call.region}.amazonaws.com",)}
        for action in actions:
            yield Wanted(action=f"kms:{action}", resource=key.arn, context=key_context(key, encryption_context) | via)


def kms(call: ApiCall) -> Iterator[Wanted]:
    """Yield what a call to KMS itself needs."""
    ciphertext, alias = _key_of(call.parameters.get("CiphertextBlob")), call.text("AliasName")
    if call.operation == "ReEncrypt":
        yield _use(call, "ReEncryptFrom", call.text("SourceKeyId") or ciphertext, "SourceEncryptionContext")
        yield _use(call, "ReEncryptTo", call.text("DestinationKeyId"), "DestinationEncryptionContext")
        return
    if call.operation in _WITHOUT_KEY:
        yield Wanted(action=call.action(), context=_new_key(call))
        return
    if "Alias" in call.operation:
        found = stored.key(alias, call.region)
        yield Wanted(
            action=call.action(), resource=call.arn(alias), context={} if found is None else key_context(found, {})
        )
        ciphertext = call.text("TargetKeyId") or alias
    yield _use(call, call.operation, call.text("KeyId") or ciphertext, "EncryptionContext")


def key_context(key: Any, encryption_context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of a use of a key."""
    known = {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in encryption_context.items()}
    names = {"kms:encryptioncontextkeys": tuple(encryption_context)} if encryption_context else {}
    return {
        **known,
        **names,
        "kms:calleraccount": (ACCOUNT_ID,),
        "kms:encryptionalgorithm": ("SYMMETRIC_DEFAULT",) if key.key_spec == "SYMMETRIC_DEFAULT" else (),
        "kms:keyorigin": (key.origin,),
        "kms:keyspec": (key.key_spec,),
        "kms:keyusage": (key.key_usage,),
        "kms:resourcealiases": tuple(sorted(key.aliases)),
    }


def _use(call: ApiCall, action: str, identifier: str, parameter: str) -> Wanted:
    key = stored.key(identifier, call.region)
    if key is None:
        named = identifier if identifier and not identifier.startswith("alias/") else "*"
        return Wanted(
            action=call.action(action), resource=named if named.startswith("arn:") else call.arn(f"key/{named}")
        )
    context = key_context(key, call.parameters.get(parameter) or {})
    if "alias/" in identifier:
        context["kms:requestalias"] = (identifier[identifier.index("alias/") :],)
    constraint = (call.parameters.get("Constraints") or {}).keys()
    if constraint:
        context["kms:grantconstrainttype"] = tuple(constraint)
    return Wanted(action=call.action(action), resource=key.arn, context=context)


def _new_key(call: ApiCall) -> dict[str, tuple[str, ...]]:
    """Return the keys of a key that is about to be created."""
    if call.operation != "CreateKey":
        return {}
    return {
        "kms:calleraccount": (ACCOUNT_ID,),
        "kms:keyorigin": (call.text("Origin") or "AWS_KMS",),
        "kms:keyspec": (call.text("KeySpec", "CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT",),
        "kms:keyusage": (call.text("KeyUsage") or "ENCRYPT_DECRYPT",),
        "kms:multiregion": (str(bool(call.parameters.get("MultiRegion"))).lower(),),
        "kms:bypasspolicylockoutsafetycheck": (
            str(bool(call.parameters.get("BypassPolicyLockoutSafetyCheck"))).lower(),
        ),
    }


def _key_of(ciphertext: Any) -> str:
    """Return the id of a ciphertext's key, with which moto begins it."""
    try:
        return bytes(ciphertext or b"")[:_KEY_ID_LENGTH].decode("ascii")
    except (TypeError, ValueError):
        return ""
