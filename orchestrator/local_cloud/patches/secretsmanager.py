"""Secrets Manager: the limits of a secret's value."""

import base64
from collections.abc import Callable
from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException, ValidationException
from moto.secretsmanager.responses import SecretsManagerResponse

from orchestrator.local_cloud.patches.registry import around, patch

_LARGEST = 65_536


@patch(
    service="secretsmanager",
    subject="aws_secretsmanager_secret_version.secret_string, .secret_binary",
    symptom="values of any size are stored, and a text together with a binary value",
    restores="400 ValidationException over 65,536 bytes, InvalidParameterException for both kinds of value at once",
    upstream=None,
)
def secret_values() -> None:
    """Check a value before it is stored.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    """
    for name in ("create_secret", "put_secret_value", "update_secret"):

        @around(SecretsManagerResponse, name)
        def store(original: Callable[..., str], self: Any) -> str:
            text, binary = self._get_param("SecretString"), self._get_param("SecretBinary")
            if text and binary:
                raise InvalidParameterException(
                    "You can't specify both a binary secret value and a string secret value."
                )
            for parameter, size in (("secretString", len((text or "").encode())), ("secretBinary", _size(binary))):
                if size > _LARGEST:
                    raise ValidationException(
                        f"1 validation error detected: Value at '{parameter}' failed to satisfy constraint: "
                        f"Member must have length less than or equal to {_LARGEST}"
                    )
            return original(self)


def _size(binary: bytes | str | None) -> int:
    """The size of a binary value, which may still be encoded as in the request."""
    return len(base64.b64decode(binary)) if isinstance(binary, str) else len(binary or b"")
