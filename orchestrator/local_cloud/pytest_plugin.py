"""pytest fixtures for any project: a local cloud per test session, and an empty account for every test.

pytest finds this module through the entry point that platformctl declares. It starts nothing until a test asks for a fixture, and it does
not import moto: the cloud is a process of its own.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.local_cloud import control_client
from orchestrator.local_cloud.environment import environment, stripped
from orchestrator.local_cloud.process import ServerProcess

_IDLE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCloud:
    """A local cloud that tests can use.

    Attributes:
        endpoint: "http://127.0.0.1:PORT", for every service.
        account_id: of the account that it plays.
        region: of requests without one.
        environment: the variables with which Terraform and the AWS SDKs reach it.

    """

    endpoint: str
    account_id: str
    region: str
    environment: Mapping[str, str]

    def reset(self) -> None:
        """Empty the account: every resource in it is gone."""
        control_client.reset(self.endpoint)

    def client(self, service: str, **settings: Any) -> Any:
        """Open a boto3 client of a service, whatever the environment says.

        Args:
            service: "s3".
            settings: further arguments of ``boto3.client``.

        """
        import boto3  # noqa: PLC0415 - a test may use other clients, and boto3 takes half a second to import

        keys = {
            "aws_access_key_id": self.environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.environment["AWS_SECRET_ACCESS_KEY"],
            "region_name": self.region,
        }
        session: Any = boto3.Session()
        return session.client(service, **{**keys, "endpoint_url": self.endpoint, **settings})


@pytest.fixture(scope="session")
def local_cloud_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A local cloud with an empty account that runs until the session ends, in a process of its own."""
    process = ServerProcess(tmp_path_factory.mktemp("local-cloud"))
    status = process.start()
    assert status.endpoint is not None
    # If pytest is killed, the server exits by itself.
    process.retire(_IDLE_SECONDS)
    try:
        yield RunningCloud(
            endpoint=status.endpoint,
            account_id=status.account_id,
            region=status.region,
            environment=environment(status.endpoint),
        )
    finally:
        process.stop()


@pytest.fixture
def local_cloud(local_cloud_server: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningCloud]:
    """The session's local cloud; during the test the environment leads to it, and after the test it is emptied."""
    for name in os.environ.keys() - stripped(os.environ).keys():
        monkeypatch.delenv(name)
    for name, value in local_cloud_server.environment.items():
        monkeypatch.setenv(name, value)
    if "boto3" in sys.modules:
        # It remembers the credentials of an earlier test.
        monkeypatch.setattr(sys.modules["boto3"], "DEFAULT_SESSION", None)
    yield local_cloud_server
    local_cloud_server.reset()
