"""Lambda: the limits of a function's environment."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.responses import LambdaResponse

from orchestrator.local_cloud.patches.registry import around, patch

_ENVIRONMENT = 4096
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
    subject="aws_lambda_function.environment",
    symptom="reserved variables and environments over 4 KB are stored",
    restores="400 InvalidParameterValueException, when a function is created or updated",
    upstream=None,
)
def configuration_limits() -> None:
    """Check a configuration before it is stored.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    for name in ("create_function", "update_function_configuration"):

        @around(LambdaResponse, name)
        def configure(original: Callable[..., Any], self: Any) -> Any:
            _check_variables((self.json_body.get("Environment") or {}).get("Variables") or {})
            return original(self)


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
