"""Lambda: limits of a function's configuration that the service model lacks."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.responses import LambdaResponse

from orchestrator.local_cloud.patches.registry import around, patch

_ENVIRONMENT = 4096
_LONGEST = 900
_UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided"
)

_RESERVED = re.compile(
    "_HANDLER|_X_AMZN_TRACE_ID|AWS_((DEFAULT_)?REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)"
    "|AWS_LAMBDA_(FUNCTION_(MEMORY_SIZE|NAME|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)"
    "|LAMBDA_(RUNTIME_DIR|TASK_ROOT)"
)


@patch(
    service="lambda",
    subject="aws_lambda_function.environment, .timeout",
    symptom="reserved variables, environments over 4 KB and timeouts over 15 minutes are stored",
    restores="400 InvalidParameterValueException or ValidationException, when a function is created or updated",
    upstream=None,
)
def configuration_limits() -> None:
    """Check a configuration before it is stored.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    for name in ("create_function", "update_function_configuration"):

        @around(LambdaResponse, name)
        def configure(original: Callable[..., Any], self: Any) -> Any:
            _check_timeout(self.json_body.get("Timeout") or 0)
            _check_variables((self.json_body.get("Environment") or {}).get("Variables") or {})
            return original(self)


def _check_timeout(seconds: int) -> None:
    """Refuse a time that the service model, which has no maximum, lets through."""
    if seconds > _LONGEST:
        constraint = f"Member must have value less than or equal to {_LONGEST}"
        message = f"Value '{seconds}' at 'timeout' failed to satisfy constraint: {constraint}"
        raise LambdaClientError("ValidationException", f"1 validation error detected: {message}")


def _check_variables(variables: Mapping[str, str]) -> None:
    reserved = ", ".join(filter(_RESERVED.fullmatch, sorted(variables)))
    if reserved:
        raise InvalidParameterValueException(
            f"{_UNABLE} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {reserved}"
        )
    if len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode()) > _ENVIRONMENT:
        # AWS repeats the variables in this message; they may be secrets.
        raise InvalidParameterValueException(f"{_UNABLE} exceeded the 4KB limit.")
