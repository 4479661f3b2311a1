"""Two targets that can never be mistaken for each other (A4, C8)."""

import pytest

from orchestrator.adapters.aws.session import (
    aws_session,
    deploying_principal,
    explain,
    local_session,
    require_no_overrides,
)
from orchestrator.errors import ExitCode, PlatformctlError, UsageError
from tests.fakes.aws_services import FakeServices
from tests.fakes.errors import error_of


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, ["AWS_ENDPOINT_URL"]),
        (
            {"AWS_ENDPOINT_URL_S3": "http://x", "AWS_ENDPOINT_URL": "http://x"},
            ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"],
        ),
        ({"AWS_S3_ENDPOINT": "http://x"}, ["AWS_S3_ENDPOINT"]),
    ],
)
def test_a4_endpoint_overrides_are_refused(environ, named):
    for check in (require_no_overrides, aws_session):
        with pytest.raises(UsageError) as caught:
            check(environ)
        error = caught.value
        assert (error.summary, error.detail, error.hint) == (
            "Endpoint overrides are set, so this is not AWS",
            f"{', '.join(named)} would redirect calls meant for AWS.",
            f"Unset {' '.join(named)}, or use --target local.",
        )
        assert error.exit_code is ExitCode.BAD_INPUT


@pytest.mark.parametrize("environ", [{}, {"AWS_ENDPOINT_URL": ""}, {"AWS_PROFILE": "me", "AWS_REGION": "eu-west-1"}])
def test_a4_other_settings_are_not(environ):
    require_no_overrides(environ)


@pytest.mark.parametrize(
    "config",
    [
        "[default]\nendpoint_url = http://127.0.0.1:9\n",
        "[default]\nservices = local\n[services local]\nsts =\n  endpoint_url = http://127.0.0.1:9\n",
    ],
)
def test_a4_endpoint_overrides_in_a_configuration_file_are_refused(offline, monkeypatch, tmp_path, config):
    """boto3 and Terraform's provider follow endpoint_url of ~/.aws/config as they follow the variable."""
    (tmp_path / "config").write_text(config)
    environ = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    error = error_of(lambda: aws_session(environ), UsageError)
    assert error.summary == "Endpoint overrides are set, so this is not AWS"


def test_a4_without_credentials_there_is_one_clear_message():
    error = error_of(lambda: aws_session({}), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "No usable AWS credentials",
        "sts:GetCallerIdentity failed: Unable to locate credentials",
        "Log in (aws sso login, or AWS_PROFILE), or use --target local.",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_a4_a_profile_that_does_not_exist_is_the_same_kind_of_message(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match="No usable AWS credentials") as caught:
        aws_session({"AWS_PROFILE": "nobody"})
    assert "nobody" in caught.value.detail


def local(environ=None, **rest):
    known = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}
    return local_session(known | (environ or {}), endpoint="http://127.0.0.1:4566", account_id="000000000000", **rest)


def test_a4_a_local_session_sees_nothing_of_the_users_credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    credentials = local()._session.get_credentials()
    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("local", "local-secret", None)


@pytest.mark.parametrize("service", ["s3", "sts", "dynamodb", "kms"])
def test_a4_every_client_of_a_local_session_goes_to_the_local_cloud(monkeypatch, service):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.invalid")
    client = local().client(service)
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client.meta.region_name == "us-east-1"
    assert client.meta.config.proxies == {}


def test_a_client_is_made_once():
    session = local()
    assert session.client("s3") is session.client("s3")
    assert session.client("s3") is not session.client("sts")


def test_c8_a_session_does_not_show_its_credentials(session):
    assert "hunter2" not in repr(session)


def test_an_error_of_aws_as_ours():
    error = explain(ValueError("no answer"), doing="Looking for bucket x")
    assert isinstance(error, PlatformctlError)
    assert (error.summary, error.detail) == ("Looking for bucket x failed", "no answer")


def caller(arn, role=None):
    """A client factory whose caller has this ARN; IAM refuses to show a role unless it is given."""
    answers = {"sts": {"get_caller_identity": {"Arn": arn}}, "iam": {"get_role": {"Role": {"Arn": role}}}}
    return FakeServices(answers, get_role=[] if role else ["AccessDenied"])


IAM = "arn:aws:iam::123456789012:"
STS = "arn:aws:sts::123456789012:"


@pytest.mark.parametrize(
    ("arn", "role", "expected"),
    [
        (f"{IAM}user/teams/anna", None, f"{IAM}user/teams/anna"),
        (f"{STS}assumed-role/deployer/ci", f"{IAM}role/deployer", f"{IAM}role/deployer"),
        # The path of a role is not in its sessions' names, and a trust policy needs it.
        (f"{STS}assumed-role/AWSReservedSSO_Admin/anna", f"{IAM}role/aws-reserved/AWSReservedSSO_Admin", None),
    ],
)
def test_b9_who_deploys_is_called_as_a_trust_policy_calls_them(arn, role, expected):
    assert deploying_principal(caller(arn, role)) == (expected or role)


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        (f"{IAM}root", f"{IAM}root is neither a role nor a user."),
        (f"{STS}federated-user/anna", f"{STS}federated-user/anna is neither a role nor a user."),
        (f"{STS}assumed-role/deployer/ci", f"AWS does not tell the role of {STS}assumed-role/deployer/ci: "),
    ],
)
def test_b9_where_nobody_can_be_named_somebody_has_to_be(arn, why):
    error = error_of(lambda: deploying_principal(caller(arn)), UsageError)
    assert why in error.detail
    assert "PLATFORM_DATABASE_PRINCIPALS=" in error.hint
