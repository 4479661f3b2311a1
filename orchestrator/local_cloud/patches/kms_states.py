"""KMS: what the state and the usage of a key permit."""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse

from orchestrator.local_cloud.patches.registry import around, patch

_KEY_ID_LENGTH = 36
_WINDOW = (7, 30)

_NEED_ENABLED_KEY = (
    "create_grant",
    "disable_key_rotation",
    "enable_key_rotation",
    "encrypt",
    "generate_data_key",
    "generate_mac",
    "re_encrypt",
    "sign",
    "verify",
    "verify_mac",
)
_NEED_KEY_THAT_STAYS = ("disable_key", "enable_key", "schedule_key_deletion", "tag_resource", "update_key_description")
_ENCRYPT = ("encrypt", "generate_data_key", "re_encrypt")


@patch(
    service="kms",
    subject="aws_kms_key.is_enabled, .deletion_window_in_days",
    symptom="a key that is disabled or about to be deleted still encrypts, decrypts and signs; a deletion window out of range is ignored",
    restores="400 DisabledException, KMSInvalidStateException, InvalidKeyUsageException or ValidationException, by operation and state of the key",
    upstream="pull/1856",
)
def key_states() -> None:
    """Check the key before it is used.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    """
    for name in (*_NEED_ENABLED_KEY, *_NEED_KEY_THAT_STAYS):
        _check_before(name)

    @around(KmsBackend, "decrypt")
    def decrypt(original: Callable[..., Any], self: Any, ciphertext_blob: bytes, *args: Any, **kwargs: Any) -> Any:
        # moto's ciphertext begins with the id of its key.
        key = self.keys.get(bytes(ciphertext_blob[:_KEY_ID_LENGTH]).decode("ascii", "replace"))
        if key is not None:
            _require_enabled(key)
        return original(self, ciphertext_blob, *args, **kwargs)

    @around(KmsResponse, "cancel_key_deletion")
    def cancel_key_deletion(original: Callable[..., str], self: Any) -> str:
        key = _key(self)
        if key is not None and key.key_state != "PendingDeletion":
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        return original(self)


def _check_before(name: str) -> None:
    @around(KmsResponse, name)
    def operation(original: Callable[..., str], self: Any) -> str:
        key = _key(self)
        if key is not None:
            if name in _NEED_ENABLED_KEY:
                _require_enabled(key)
            elif key.key_state == "PendingDeletion":
                raise _pending(key)
            if name in _ENCRYPT and key.key_usage not in (None, "ENCRYPT_DECRYPT"):
                message = f"{key.arn} key usage is {key.key_usage} which is not valid for this operation."
                raise JsonRESTError("InvalidKeyUsageException", message)
        if name == "schedule_key_deletion":
            _require_window(self._get_param("PendingWindowInDays"))
        return original(self)


def _key(response: Any) -> Any:
    """Find the key that a request names; None if there is none, which moto reports."""
    parameter = response._get_param  # noqa: SLF001 - as above
    identifier = parameter("KeyId") or parameter("DestinationKeyId")
    backend = response.kms_backend
    return backend.keys.get(backend.any_id_to_key_id(identifier)) if _is_known(backend, identifier) else None


def _is_known(backend: Any, identifier: Any) -> bool:
    if not isinstance(identifier, str):
        return False
    name = backend.get_alias_name(identifier)
    return not name.startswith("alias/") or backend.get_key_id_from_alias(name) is not None


def _require_enabled(key: Any) -> None:
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion":
        raise _pending(key)


def _pending(key: Any) -> JsonRESTError:
    return JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def _require_window(days: Any) -> None:
    low, high = _WINDOW
    if days is not None and not low <= int(days) <= high:
        raise JsonRESTError("ValidationException", f"PendingWindowInDays must be between {low} and {high}.")
