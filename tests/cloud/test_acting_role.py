"""E2: a local session may act as a role, whose policies then decide."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.local_cloud.control_client import assume
from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.identity import REGION, ROLE_VARIABLE
from tests.cloud.helpers import document, statement

TRUST_ACCOUNT = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}


def test_e2_the_variables_of_a_session_carry_the_role(client, cloud, name, monkeypatch):
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST_ACCOUNT]}))
    policy = document(statement("sqs:ListQueues", "*"))
    client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    monkeypatch.setenv(ROLE_VARIABLE, role["Role"]["Arn"])
    environ = cloud.environment()
    session = boto3.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environ["AWS_SESSION_TOKEN"],
        region_name=REGION,
    )

    def made(service):
        return session.client(service, endpoint_url=environ["AWS_ENDPOINT_URL"])

    assert f":assumed-role/{name}/" in made("sts").get_caller_identity()["Arn"]
    made("sqs").list_queues()
    with pytest.raises(ClientError, match="is not authorized to perform: sns:ListTopics"):
        made("sns").list_topics()


def test_e2_what_is_no_role_is_an_error(cloud):
    with pytest.raises(LocalCloudError, match="The role cannot be assumed"):
        assume(cloud.status().endpoint, "administrator")
