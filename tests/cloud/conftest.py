"""boto3 clients that reach the session's local cloud."""

from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY


def pytest_collection_modifyitems(items):
    """Everything here starts the server, so everything here is slow."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def client(cloud):
    """Gives a client of a service, without retries: an error shows at once."""
    endpoint = cloud.status().endpoint
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
    clients = {}

    def get(service):
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=endpoint, config=config)
        return clients[service]

    yield get
    for opened in clients.values():
        opened.close()


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"test-{uuid4().hex[:10]}"
