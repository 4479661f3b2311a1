"""boto3 clients that reach the session's local cloud."""

from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from orchestrator.local_cloud import control_client
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.cloud.helpers import EVERYTHING, HERE, MISSING, TRUST, archive, document, statement


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


@pytest.fixture
def queue(client, name):
    """Create a queue to which a service may send; return its URL and ARN."""
    made = []

    def create(suffix="", *, service=None, condition=None, **attributes):
        arn = f"arn:aws:sqs:{HERE}:{name}{suffix}"
        if service:
            attributes["Policy"] = document(statement("sqs:SendMessage", arn, service=service, condition=condition))
        made.append(client("sqs").create_queue(QueueName=name + suffix, Attributes=attributes)["QueueUrl"])
        return made[-1], arn

    yield create
    for url in made:
        client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def deploy(client, name):
    """Deploy a function with its log group and a role, which may do everything by default; return its ARN."""
    made = []

    def create(source, *, statements=(EVERYTHING,), **settings):
        full = f"{name}-{len(made)}"
        made.append(full)
        role = client("iam").create_role(RoleName=full, AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
        if statements:
            client("iam").put_role_policy(RoleName=full, PolicyName="own", PolicyDocument=document(*statements))
        client("logs").create_log_group(logGroupName=f"/aws/lambda/{full}")
        stated = {
            "FunctionName": full,
            "Runtime": "python3.12",
            "Role": role,
            "Handler": "handler.handler",
            "Code": {"ZipFile": archive(source)},
            "Timeout": 30,
            "MemorySize": 512,
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/{full}"},
        }
        return client("lambda").create_function(**stated | settings)["FunctionArn"]

    yield create
    for mapping in client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        if mapping["FunctionArn"].rpartition(":")[2] in made:
            client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    for full in made:
        client("lambda").delete_function(FunctionName=full)
        client("logs").delete_log_group(logGroupName=f"/aws/lambda/{full}")


@pytest.fixture
def logged(client):
    """Return what a function has logged."""

    def read(arn):
        group = f"/aws/lambda/{arn.rpartition(':')[2]}"
        return [event["message"] for event in client("logs").filter_log_events(logGroupName=group)["events"]]

    return read


@pytest.fixture(scope="session")
def send(cloud):
    """Send a request as it is, without a client's validation; return the status, code and message of its error, or None."""
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, parameter_validation=False)
    clients = {}

    def call(service, operation, request):
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=cloud.status().endpoint, config=config)
        try:
            getattr(clients[service], xform_name(operation))(**{k: v for k, v in request.items() if v is not MISSING})
        except ClientError as error:
            said = error.response
            return said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"], said["Error"]["Message"]

    yield call
    for client in clients.values():
        client.close()


@pytest.fixture
def refusals(cloud):
    """Return how many requests of an operation the models have refused ("refused"), or the limits ("limited")."""
    endpoint = cloud.status().endpoint

    return lambda label, verdict: control_client.models(endpoint)[verdict].get(label, 0)
