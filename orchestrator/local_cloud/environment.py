"""The environment variables of a local session, and of every process that is started: one table says what becomes of each.

Every service but one follows ``AWS_ENDPOINT_URL``. S3 Control puts the account id before the host name of its endpoint, which no
address on loopback can serve; so it keeps a host name of AWS, and a plain-HTTP proxy setting leads that name to the server. Both
Terraform and botocore leave loopback addresses out of the proxy; ``NO_PROXY`` says it as well.
"""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path

from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_S3_CONTROL = f"s3-control.{REGION}.amazonaws.com"
_OWN_FOLDER = Path(__file__).resolve().parents[2]
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Treatment(Enum):
    """What becomes of a variable of the user's."""

    PASSED = "passed"
    REPLACED = "replaced in a local session"
    DROPPED = "dropped from a local session"
    KEPT_FROM_CHILDREN = "dropped from what is started"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table.

    Attributes:
        listed: names in upper case, for names in any case; a * at the end stands for anything. ``local env`` unsets the names
            without one even where they are not set.

    """

    listed: str
    treatment: Treatment
    reason: str

    @property
    def names(self) -> list[str]:
        return self.listed.split()

    def matches(self, name: str) -> bool:
        return any(fnmatchcase(name.upper(), pattern) for pattern in self.names)


VARIABLES = (
    Rule("AWS_CLI_AUTO_PROMPT AWS_DEFAULT_OUTPUT AWS_PAGER", Treatment.PASSED, "how the AWS CLI prints"),
    Rule(
        "AWS_ACCESS_KEY_ID AWS_CONFIG_FILE AWS_DEFAULT_REGION AWS_EC2_METADATA_DISABLED AWS_ENDPOINT_URL "
        "AWS_ENDPOINT_URL_S3_CONTROL AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE HTTP_PROXY "
        "NO_PROXY",
        Treatment.REPLACED,
        "they reach the local cloud; exceptions to a proxy stay, except those that match AWS",
    ),
    Rule(
        "AWS_CA_BUNDLE AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE "
        "AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CREDENTIAL_EXPIRATION "
        "AWS_DATA_PATH AWS_DEFAULT_PROFILE AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_ENDPOINT_URL_DYNAMODB "
        "AWS_ENDPOINT_URL_IAM AWS_ENDPOINT_URL_KMS AWS_ENDPOINT_URL_LAMBDA AWS_ENDPOINT_URL_S3 "
        "AWS_ENDPOINT_URL_SQS AWS_ENDPOINT_URL_STS AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_PROFILE AWS_ROLE_ARN "
        "AWS_ROLE_SESSION_NAME AWS_SDK_LOAD_CONFIG AWS_SECURITY_TOKEN AWS_SESSION_TOKEN "
        "AWS_SIGV4A_SIGNING_REGION_SET AWS_USE_DUALSTACK_ENDPOINT AWS_USE_FIPS_ENDPOINT "
        "AWS_WEB_IDENTITY_TOKEN_FILE AWS_*",
        Treatment.DROPPED,
        "credentials, profiles, roles and endpoints lead to AWS; the rest changes what the SDKs send",
    ),
    Rule(
        "AMAZON_ACCESS_KEY_ID AMAZON_SECRET_ACCESS_KEY BOTO_CONFIG EC2_METADATA_URL TF_AWS_* USE_FIPS_ENDPOINT",
        Treatment.DROPPED,
        "AWS tools read these, too",
    ),
    Rule(
        "REQUEST_METHOD",
        Treatment.DROPPED,
        "with it Go and Python take themselves for a CGI program and ignore HTTP_PROXY",
    ),
    Rule(
        "ALL_PROXY HTTPS_PROXY",
        Treatment.PASSED,
        "providers and packages come through them; requests to the local cloud never do",
    ),
    Rule("CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE", Treatment.PASSED, "whom downloads trust"),
    Rule("TF_APPEND_USER_AGENT TF_REGISTRY_* TF_TOKEN_*", Treatment.PASSED, "how Terraform reaches registries"),
    Rule(
        "CHECKPOINT_DISABLE TF_CLI_CONFIG_FILE TF_INPUT TF_IN_AUTOMATION",
        Treatment.KEPT_FROM_CHILDREN,
        "Terraform gets platformctl's values; the user's configuration file is read first",
    ),
    Rule(
        "TF_*",
        Treatment.KEPT_FROM_CHILDREN,
        "configuration reaches Terraform through files alone, so a plan does not depend on who runs it",
    ),
    Rule("GODEBUG GOGC GOMAXPROCS GOMEMLIMIT", Treatment.PASSED, "how much processor and memory Terraform takes"),
    Rule(
        "PYTHONDONTWRITEBYTECODE PYTHONNOUSERSITE PYTHONPYCACHEPREFIX PYTHONSAFEPATH PYTHONUSERBASE",
        Treatment.PASSED,
        "where Python finds installed packages and keeps its cache",
    ),
    Rule(
        "PYTHON*",
        Treatment.KEPT_FROM_CHILDREN,
        "they change what Python does; of PYTHONPATH the folder of platformctl itself stays",
    ),
    Rule(
        "PIP_CACHE_DIR PIP_CERT PIP_CLIENT_CERT PIP_CONFIG_FILE PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_INDEX_URL "
        "PIP_KEYRING_PROVIDER PIP_NO_INDEX PIP_PROXY PIP_RETRIES PIP_TIMEOUT PIP_TRUSTED_HOST",
        Treatment.PASSED,
        "where pip gets packages",
    ),
    Rule("PIP_*", Treatment.KEPT_FROM_CHILDREN, "they change what pip does with packages, and where it puts them"),
    Rule(
        "DEFAULT_CONTAINER_REGISTRY FLASK_* INITIAL_NO_AUTH_ACTION_COUNT MOTO_* S3_IGNORE_SUBDOMAIN_BUCKETNAME "
        "S3_UPLOAD_PART_MIN_SIZE SF_EXECUTION_HISTORY_TYPE TEST_PROXY_MODE TEST_SERVER_MODE WERKZEUG_*",
        Treatment.KEPT_FROM_CHILDREN,
        "moto and its server read these",
    ),
    Rule(
        "CI COLUMNS HOME LANG LC_* LINES NO_COLOR PATH TERM TMPDIR TZ XDG_*",
        Treatment.PASSED,
        "the user's terminal, language and folders",
    ),
)
"""The first row that matches a name decides; what no row matches is passed."""

_SESSION = (Treatment.REPLACED, Treatment.DROPPED)


def treatment(name: str) -> Treatment:
    """Look up what becomes of a variable."""
    return next((rule.treatment for rule in VARIABLES if rule.matches(name)), Treatment.PASSED)


def environment(endpoint: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """List the variables to set for whatever talks to the local cloud; to be laid over ``stripped(environ)``.

    Args:
        endpoint: "http://127.0.0.1:PORT".
        environ: where the user's NO_PROXY is taken from, so that an HTTPS proxy keeps its exceptions; os.environ by default.

    """
    exceptions = ",".join((*_LOOPBACK, *_kept_proxy_exceptions(os.environ if environ is None else environ)))
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3_CONTROL": f"http://{_S3_CONTROL}",
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
    """Copy an environment without what a local session drops or replaces."""
    return {name: value for name, value in environ.items() if treatment(name) not in _SESSION}


def started(environ: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment for a process that is started, on any target: without what would change that process's work."""
    kept = {name: value for name, value in environ.items() if treatment(name) is not Treatment.KEPT_FROM_CHILDREN}
    folders = environ.get("PYTHONPATH", "").split(os.pathsep)
    if any(folder and Path(folder).resolve() == _OWN_FOLDER for folder in folders):
        kept["PYTHONPATH"] = str(_OWN_FOLDER)
    return kept


def shell_commands(endpoint: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Write the commands that turn a shell into a local session, for ``eval`` in any POSIX shell.

    Args:
        endpoint: "http://127.0.0.1:PORT".
        environ: of the shell; os.environ by default.

    """
    present = os.environ if environ is None else environ
    wanted = environment(endpoint, present)
    dropped = {name for name in present if treatment(name) in _SESSION and _SHELL_NAME.fullmatch(name)}
    for rule in VARIABLES:
        if rule.treatment is Treatment.DROPPED:
            dropped |= {name for name in rule.names if not name.endswith("*")}
    unset = [f"unset {name}" for name in sorted(dropped - wanted.keys())]
    return [*unset, *(f"export {name}={shlex.quote(value)}" for name, value in sorted(wanted.items()))]


def _kept_proxy_exceptions(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Keep the user's exceptions but those that would send S3 Control past the server, to the real AWS."""
    listed = ",".join(environ.get(name, "") for name in ("NO_PROXY", "no_proxy")).split(",")
    names = dict.fromkeys(name.strip() for name in listed)
    return tuple(name for name in names if name and not _matches_aws(name) and name not in _LOOPBACK)


def _matches_aws(exception: str) -> bool:
    """Whether some client would take a proxy exception for one that AWS's host names match: "*", ".com", "com:80"."""
    suffix = exception.lower().partition(":")[0].lstrip("*.")
    return not suffix or "amazonaws" in suffix or f".{_S3_CONTROL}".endswith(f".{suffix}")
