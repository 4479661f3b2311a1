"""The environment of a function's process: Lambda's variables, the role's credentials and the function's own."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestrator.local_cloud.functions.model import MAX_ENVIRONMENT, FunctionVersion, InvocationRefusedError, Keys

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def process_environment(
    function: FunctionVersion,
    *,
    task_root: Path,
    scratch: Path,
    keys: Keys,
    stream: str,
    endpoint: str,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """Build the whole environment; nothing of the server's is in it.

    The function's own variables replace ``extra``, but none of Lambda's, which
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html lists. ``scratch`` stands for /tmp.
    """
    text = "".join(f"{name}{value}" for name, value in function.environment.items())
    size = len(text.encode(errors="surrogatepass"))
    reason = ""
    if size > MAX_ENVIRONMENT:
        reason = f"you have provided exceeded the {MAX_ENVIRONMENT >> 10}KB limit. They have {size} bytes."
    elif _UNWRITABLE.search(text) or not all(_NAME.fullmatch(name) for name in function.environment):
        reason = "contain a name or a character that a process cannot have."
    if reason:
        message = (
            f"Lambda was unable to configure your environment variables because the environment variables {reason}"
        )
        raise InvocationRefusedError("InvalidParameterValueException", 400, message)
    json_level = {"AWS_LAMBDA_LOG_LEVEL": function.application_log_level} if function.log_format == "JSON" else {}
    return {
        # A library that looks for a credentials file must not find the user's.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "TMPDIR": str(scratch),
        **extra,
        **function.environment,
        **json_level,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": function.region,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
        "LAMBDA_RUNTIME_DIR": str(Path(__file__).parent),
        "LAMBDA_TASK_ROOT": str(task_root),
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
