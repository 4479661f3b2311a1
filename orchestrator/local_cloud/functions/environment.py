"""The environment variables of a function's process: Lambda's own, the role's credentials, the function's, and nothing of the server's."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestrator.local_cloud.functions.model import Function, Keys


def process_environment(
    function: Function,
    *,
    task_root: Path,
    scratch: Path,
    keys: Keys,
    stream: str,
    endpoint: str,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The whole environment.

    Args:
        function: whose variables are added; they cannot replace Lambda's.
        task_root: where its archive is unpacked.
        scratch: what stands for /tmp.
        keys: of the execution role.
        stream: the log stream of the process.
        endpoint: of the local cloud.
        extra: of the surroundings; the function's own go before them.

    Returns:
        Names and values. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html lists Lambda's.

    """
    json_level = {"AWS_LAMBDA_LOG_LEVEL": function.application_log_level} if function.log_format == "JSON" else {}
    return {
        # A library that looks for a credentials file must find the user's neither here nor in a home directory.
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
