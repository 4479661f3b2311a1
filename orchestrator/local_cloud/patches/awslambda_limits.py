"""Lambda: the limits of a function's configuration."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.responses import LambdaResponse

from orchestrator.local_cloud.patches.registry import around, patch

_ENVIRONMENT = 4096
_DESCRIPTION = 256
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_RANGES = {"MemorySize": range(128, 10_241), "Timeout": range(1, 901)}
_STORAGE = range(512, 10_241)
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
    subject="aws_lambda_function.environment, .memory_size, .timeout, .description, .ephemeral_storage",
    symptom="reserved and malformed variables, environments over 4 KB and sizes out of range are stored",
    restores="400 InvalidParameterValueException or ValidationException, when a function is created or updated",
    upstream=None,
)
def configuration_limits() -> None:
    """Check a configuration before it is stored.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    for name in ("create_function", "update_function_configuration"):

        @around(LambdaResponse, name)
        def configure(original: Callable[..., Any], self: Any) -> Any:
            _check_sizes(self.json_body)
            _check_variables((self.json_body.get("Environment") or {}).get("Variables") or {})
            return original(self)


def _check_sizes(configuration: Mapping[str, Any]) -> None:
    stated = [(name, configuration.get(name), allowed) for name, allowed in _RANGES.items()]
    stated.append(("EphemeralStorage.Size", (configuration.get("EphemeralStorage") or {}).get("Size"), _STORAGE))
    for name, value, allowed in stated:
        if value is not None and value not in allowed:
            bound = f"greater than or equal to {allowed.start}"
            if value > allowed.start:
                bound = f"less than or equal to {allowed.stop - 1}"
            raise _invalid(name, f"'{value}' ", f"Member must have value {bound}")
    if len(configuration.get("Description") or "") > _DESCRIPTION:
        raise _invalid("Description", "", f"Member must have length less than or equal to {_DESCRIPTION}")


def _check_variables(variables: Mapping[str, str]) -> None:
    reserved = ", ".join(filter(_RESERVED.fullmatch, sorted(variables)))
    if reserved:
        raise InvalidParameterValueException(
            f"{_UNABLE} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {reserved}"
        )
    if not all(map(_NAME.fullmatch, variables)):
        constraint = (
            f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {_NAME.pattern}]"
        )
        raise _invalid("environment.variables", "", constraint)
    if len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode()) > _ENVIRONMENT:
        # AWS repeats the variables in this message; they may be secrets.
        raise InvalidParameterValueException(f"{_UNABLE} exceeded the 4KB limit.")


def _invalid(name: str, value: str, constraint: str) -> LambdaClientError:
    where = name[0].lower() + name[1:]
    message = f"1 validation error detected: Value {value}at '{where}' failed to satisfy constraint: {constraint}"
    return LambdaClientError("ValidationException", message)
