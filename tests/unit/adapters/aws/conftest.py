"""Sessions whose S3 answers are queued beforehand; a request that was not expected is an error."""

import os

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from botocore.stub import Stubber

from orchestrator.adapters.aws.session import CloudSession
from tests.fakes.aws_services import FakeServices

ACCOUNT = "123456789012"
ALIAS = {
    "AliasName": "alias/states",
    "AliasArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/states",
    "TargetKeyId": "1",
}


def _clean(monkeypatch, folder):
    """Nothing of the machine that runs the tests reaches boto3."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(folder / "nothing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def no_real_account(monkeypatch, tmp_path):
    _clean(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def boto3_session(tmp_path_factory):
    """Made once, and its S3 client with it, for that takes a third of a second."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _clean(monkeypatch, tmp_path_factory.mktemp("aws"))
        made = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="hunter2", region_name="us-east-1")
        return made, made.client("s3")


@pytest.fixture
def kms():
    """KMS with the key of the states in it."""
    return FakeServices({"kms": {"list_aliases": (ALIAS,)}})


@pytest.fixture
def session(boto3_session, kms):
    made, client = boto3_session
    return CloudSession(
        environ={"AWS_SECRET_ACCESS_KEY": "hunter2"},
        endpoint=None,
        account_id=ACCOUNT,
        _session=made,
        _clients={"s3": client, "kms": kms("kms")},
    )


@pytest.fixture
def session_of(kms):
    """A function that makes a session over a fake of S3."""

    def make(fake):
        return CloudSession(
            environ={}, endpoint=None, account_id=ACCOUNT, _session=None, _clients={"s3": fake, "kms": kms("kms")}
        )

    return make


@pytest.fixture
def s3(session):
    """Queues answers of S3; at the end every one of them must have been asked for."""
    with Stubber(session.client("s3")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def offline(session, monkeypatch):
    """AWS cannot be reached at all."""

    def fail(_self, _request):
        raise EndpointConnectionError(endpoint_url="https://s3.example.invalid")

    monkeypatch.setattr(URLLib3Session, "send", fail)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return session
