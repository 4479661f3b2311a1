"""A4, C8: the local cloud is reached with fake keys only, and nothing of the user's AWS configuration goes with it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.local_cloud import environment as environment_module
from orchestrator.local_cloud.environment import environment, shell_commands, started, stripped

ENDPOINT = "http://127.0.0.1:4566"


def test_names_every_variable_that_terraform_and_boto3_need():
    assert environment(ENDPOINT, {}) == {
        "AWS_ACCESS_KEY_ID": "LOCALPLATFORMCTLFAKE",
        "AWS_SECRET_ACCESS_KEY": "opens-nothing-but-the-local-cloud",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_ENDPOINT_URL_S3_CONTROL": "http://s3-control.us-east-1.amazonaws.com",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTP_PROXY": ENDPOINT,
        "http_proxy": ENDPOINT,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        ("registry.corp", "127.0.0.1,localhost,::1,registry.corp"),
        (" a , b ,a", "127.0.0.1,localhost,::1,a,b"),
        ("localhost,a", "127.0.0.1,localhost,::1,a"),
        # These would lead S3 Control to the real AWS.
        ("*", "127.0.0.1,localhost,::1"),
        (".amazonaws.com,a", "127.0.0.1,localhost,::1,a"),
        ("s3-control.us-east-1.amazonaws.com", "127.0.0.1,localhost,::1"),
        ("com,.com,*.COM,com:80,a.com", "127.0.0.1,localhost,::1,a.com"),
    ],
)
def test_keeps_the_users_proxy_exceptions_but_those_for_aws(listed, kept):
    assert environment(ENDPOINT, {"no_proxy": listed})["NO_PROXY"] == kept


SESSION = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_SOMETHING_NEW",
    "aws_access_key_id",
    "Aws_Profile",
    "AMAZON_SECRET_ACCESS_KEY",
    "TF_AWS_BENCHMARK",
    "HTTP_PROXY",
    "http_proxy",
    "Http_Proxy",
    "no_proxy",
    "REQUEST_METHOD",
]
PASSED = [
    *(
        "AWS_PAGER",
        "AWS_DEFAULT_OUTPUT",
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
    ),
    *(
        "TF_TOKEN_app_terraform_io",
        "GOGC",
        "PIP_INDEX_URL",
        "PYTHONUSERBASE",
        "PATH",
        "LC_ALL",
        "COLUMNS",
        "EDITOR",
        "PLATFORMCTL_HOME",
    ),
]
CHILDREN = [
    *("TF_VAR_password", "TF_CLI_ARGS_apply", "TF_REATTACH_PROVIDERS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_LOG_PATH"),
    *("TF_PLUGIN_CACHE_DIR", "TF_ENCRYPTION", "TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE"),
    *("PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONINSPECT"),
    *(
        "PIP_TARGET",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
        "MOTO_ACCOUNT_ID",
        "INITIAL_NO_AUTH_ACTION_COUNT",
        "FLASK_DEBUG",
    ),
]


@pytest.mark.parametrize(
    ("names", "in_session", "in_child"), [(SESSION, False, True), (PASSED, True, True), (CHILDREN, True, False)]
)
def test_every_variable_is_passed_on_purpose_or_dropped(names, in_session, in_child):
    given = dict.fromkeys(names, "x")
    assert stripped(given) == (given if in_session else {})
    assert started(given) == (given if in_child else {})


def test_of_pythonpath_the_folder_of_platformctl_itself_stays():
    own = str(Path(environment_module.__file__).parents[2])
    assert started({"PYTHONPATH": os.pathsep.join(["/elsewhere", own, ""])}) == {"PYTHONPATH": own}


def _session(shell, given):
    """The environment of a shell after it has evaluated the commands."""
    commands = "\n".join(shell_commands(ENDPOINT, given))
    script = f"eval \"$(cat <<'COMMANDS'\n{commands}\nCOMMANDS\n)\" || exit 9\nenv -0"
    done = subprocess.run([shell, "-euc", script], env=given, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "ksh") if shutil.which(shell)]
OWN = {"PATH": os.environ["PATH"]}


@pytest.mark.parametrize("shell", SHELLS)
def test_local_env_replaces_the_shells_environment(shell):
    given = OWN | {name: "x" for name in SESSION + PASSED + CHILDREN if name not in OWN and not name.startswith("LC_")}
    left = _session(shell, given)
    assert left.items() >= environment(ENDPOINT, given).items()
    assert {name for name in SESSION if name in left} <= environment(ENDPOINT, {}).keys()
    assert {name: left.get(name) for name in given if name not in SESSION} == {
        name: given[name] for name in given if name not in SESSION
    }


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", ["it's; exit 3", "$(exit 3)", '"`exit 3`', "a b", "a\\", "*"])
def test_local_env_quotes_what_it_takes_from_the_user(shell, value):
    left = _session(shell, OWN | {"NO_PROXY": f"{value}.corp"})
    assert left["NO_PROXY"] == f"127.0.0.1,localhost,::1,{value}.corp"


def test_local_env_names_no_variable_that_a_shell_cannot_have():
    commands = shell_commands(ENDPOINT, {"AWS_A.B": "x", "AWS_C D; exit 3": "x", "aws_e": "x"})
    assert "unset aws_e" in commands
    assert all(re.fullmatch(r"unset \w+|export \w+=.*", command) for command in commands)


def test_local_env_unsets_what_hurts_most_even_where_it_is_not_set():
    commands = shell_commands(ENDPOINT, {})
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT"):
        assert f"unset {name}" in commands
    assert commands == sorted(commands, key=lambda command: (command.startswith("export"), command))
