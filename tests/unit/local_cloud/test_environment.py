"""A4, C8: the local cloud is reached with fake keys only, and nothing of the user's AWS configuration goes with it."""

import os

import pytest

from orchestrator.local_cloud.environment import environment, stripped

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
    ],
)
def test_keeps_the_users_proxy_exceptions_but_those_for_aws(listed, kept):
    assert environment(ENDPOINT, {"no_proxy": listed})["NO_PROXY"] == kept


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL_KMS",
        "aws_access_key_id",
        "AMAZON_SECRET_ACCESS_KEY",
        "HTTP_PROXY",
        "http_proxy",
        "no_proxy",
    ],
)
def test_strips_real_configuration(name):
    assert stripped({name: "x", "PATH": "/bin", "HTTPS_PROXY": "http://proxy"}) == {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy",
    }
