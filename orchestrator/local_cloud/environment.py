"""The environment variables with which Terraform and boto3 reach the local cloud, and nothing else.

Every service but one follows ``AWS_ENDPOINT_URL``. S3 Control puts the account id before the host name of its endpoint, which no
address on loopback can serve; so it keeps a host name of AWS, and a plain-HTTP proxy setting leads that name to the server. Both
Terraform and botocore leave loopback addresses out of the proxy; ``NO_PROXY`` says it as well.
"""

import os
from collections.abc import Mapping

from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

REAL_AWS_PREFIXES = ("AWS_",)
"""Every variable of the AWS SDKs and the CLI: keys, profiles, roles, web identity, container credentials, endpoints."""

REAL_AWS_NAMES = (
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "BOTO_CONFIG",
    "EC2_METADATA_URL",
    "TF_AWS_BENCHMARK",
    "USE_FIPS_ENDPOINT",
)
"""Names without the prefix that AWS tools read."""

_PROXY_NAMES = ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def environment(endpoint: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables to set for a child process that talks to the local cloud.

    Args:
        endpoint: "http://127.0.0.1:PORT".
        environ: where the user's NO_PROXY is taken from, so that his HTTPS proxy keeps its exceptions; os.environ by default.

    """
    exceptions = ",".join((*_LOOPBACK, *_kept_proxy_exceptions(os.environ if environ is None else environ)))
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3_CONTROL": f"http://s3-control.{REGION}.amazonaws.com",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # Go prefers the upper case, Python the lower case.
        "HTTP_PROXY": endpoint,
        "http_proxy": endpoint,
        "NO_PROXY": exceptions,
        "no_proxy": exceptions,
    }


def stripped(environ: Mapping[str, str]) -> dict[str, str]:
    """A copy without any real AWS configuration and without the plain-HTTP proxy that ``environment`` replaces."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(REAL_AWS_PREFIXES) and name not in REAL_AWS_NAMES and name not in _PROXY_NAMES
    }


def _kept_proxy_exceptions(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The user's exceptions but those that would send S3 Control past the server, to the real AWS."""
    listed = ",".join(environ.get(name, "") for name in ("NO_PROXY", "no_proxy")).split(",")
    names = dict.fromkeys(name.strip() for name in listed)
    return tuple(name for name in names if name and name != "*" and "amazonaws" not in name and name not in _LOOPBACK)
