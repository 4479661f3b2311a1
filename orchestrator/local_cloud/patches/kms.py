"""KMS: rotation periods, and the keys that AWS manages."""

import json
from typing import Any

from moto.core.utils import unix_time
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse

from orchestrator.local_cloud.patches.registry import Original, around, patch

_DEFAULT_PERIOD = 365


@patch(
    service="kms",
    subject="aws_kms_key.rotation_period_in_days",
    symptom="always reads 0 or 365: every plan changes the key",
    restores="EnableKeyRotation stores RotationPeriodInDays; GetKeyRotationStatus returns it and the next date while rotation is on",
    upstream=None,
)
def rotation_period() -> None:
    @around(KmsResponse, "enable_key_rotation")
    def enable_key_rotation(original: Original, self: Any) -> Any:
        answer = original(self)
        _key(self).rotation_period_in_days = int(self._get_param("RotationPeriodInDays", _DEFAULT_PERIOD))
        return answer

    @around(KmsResponse, "get_key_rotation_status")
    def get_key_rotation_status(original: Original, self: Any) -> str:
        status = json.loads(original(self))
        key = _key(self)
        status["KeyId"] = key.id
        if status["KeyRotationEnabled"]:
            period = getattr(key, "rotation_period_in_days", _DEFAULT_PERIOD)
            status["RotationPeriodInDays"] = period
            status["NextRotationDate"] = unix_time() + period * 86_400
        return json.dumps(status)


@patch(
    service="kms",
    subject="aws_kms_alias alias/aws/*",
    symptom="the keys behind alias/aws/* have KeyManager CUSTOMER, so they look like leftovers of a deployment",
    restores="AWS manages the keys behind its own aliases",
    upstream=None,
)
def managed_keys() -> None:
    @around(KmsBackend, "create_alias")
    def create_alias(original: Original, self: Any, target_key_id: str, alias_name: str) -> Any:
        if alias_name.startswith("alias/aws/"):
            self.keys[self.get_key_id(target_key_id)].key_manager = "AWS"
        return original(self, target_key_id, alias_name)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]  # noqa: SLF001 - moto's way to read a parameter
