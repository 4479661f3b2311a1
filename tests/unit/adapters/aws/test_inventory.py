"""A2, B12: what is left is asked of the services, and a fresh account counts as empty."""

import pytest

from orchestrator.adapters.aws.inventory import Resource, list_resources


class Paginator:
    def __init__(self, pages):
        self.pages = pages

    def paginate(self, **_):
        return iter(self.pages)


class Client:
    """Answers each operation from a table; a list stands for pages."""

    def __init__(self, answers):
        self.answers = answers

    def get_paginator(self, operation):
        answer = self.answers.get(operation, [{}])
        return Paginator(answer if isinstance(answer, list) else [answer])

    def __getattr__(self, operation):
        def call(**arguments):
            answer = self.answers.get(operation, {"Addresses": [], "Buckets": []})
            return answer(**arguments) if callable(answer) else answer

        return call


def _tagged(suffix):
    return [{"Key": "Suffix", "Value": suffix}]


DEFAULT = {"VpcId": "vpc-default"}
MINE = {"VpcId": "vpc-mine"}
KEYS = {
    "k-mine": {"KeyId": "k-mine", "KeyManager": "CUSTOMER", "KeyState": "Enabled"},
    "k-gone": {"KeyId": "k-gone", "KeyManager": "CUSTOMER", "KeyState": "PendingDeletion"},
    "k-aws": {"KeyId": "k-aws", "KeyManager": "AWS", "KeyState": "Enabled"},
}
ACCOUNT = {
    "kms": {
        "list_keys": [{"Keys": [{"KeyId": "k-mine"}]}, {"Keys": [{"KeyId": "k-gone"}, {"KeyId": "k-aws"}]}],
        "describe_key": lambda KeyId: {"KeyMetadata": KEYS[KeyId]},  # noqa: N803 - boto3's spelling
        "list_resource_tags": {"Tags": [{"TagKey": "Suffix", "TagValue": "pr42"}]},
        "list_aliases": {
            "Aliases": [
                {"AliasName": "alias/aws/s3"},
                {"AliasName": "alias/kms-s3-pr42", "TargetKeyId": "k-gone"},
                {"AliasName": "alias/unusual", "TargetKeyId": "k-mine"},
                {"AliasName": "alias/kms-s3-pr7"},
            ]
        },
    },
    "ec2": {
        "describe_vpcs": {
            "Vpcs": [DEFAULT | {"IsDefault": True}, MINE | {"Tags": [{"Key": "Name", "Value": "vpc-pr42"}]}]
        },
        "describe_subnets": {"Subnets": [DEFAULT | {"SubnetId": "subnet-default"}, MINE | {"SubnetId": "subnet-mine"}]},
        "describe_security_groups": {
            "SecurityGroups": [
                DEFAULT | {"GroupId": "sg-default", "GroupName": "default"},
                DEFAULT | {"GroupId": "sg-in-default", "GroupName": "x-pr42"},
                {"VpcId": "vpc-other", "GroupId": "sg-other", "GroupName": "x-pr7"},
            ]
        },
        "describe_nat_gateways": {
            "NatGateways": [
                MINE | {"NatGatewayId": "nat-gone", "State": "deleted"},
                MINE | {"NatGatewayId": "nat-mine", "State": "available"},
            ]
        },
        "describe_internet_gateways": {
            "InternetGateways": [
                {"InternetGatewayId": "igw-default", "Attachments": [DEFAULT]},
                {"InternetGatewayId": "igw-loose", "Attachments": [], "Tags": _tagged("pr42")},
            ]
        },
        "describe_flow_logs": {
            "FlowLogs": [{"FlowLogId": "fl-mine", "ResourceId": "vpc-mine", "FlowLogStatus": "ACTIVE"}]
        },
        "describe_network_interfaces": {
            "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-gone", "TagSet": _tagged("pr42")}]
        },
        "describe_addresses": {
            "Addresses": [{"AllocationId": "eip-1", "Tags": _tagged("pr42")}, {"AllocationId": "eip-2"}]
        },
    },
    "s3": {
        "list_buckets": {"Buckets": [{"Name": "raw-data-123456789012-pr42"}, {"Name": "raw-data-123456789012-pr421"}]}
    },
    "dynamodb": {"list_tables": {"TableNames": ["dynamodb-sessions-pr42", "pr42-other"]}},
    "logs": {
        "describe_log_groups": {
            "logGroups": [
                {"logGroupName": "/aws/rds/cluster/aurora-pr42/postgresql"},
                {"logGroupName": "/aws/lambda/function-api-pr42"},
                {"logGroupName": "/aws/lambda/function-api-pr7"},
            ]
        }
    },
    "iam": {
        "list_roles": {
            "Roles": [
                {"RoleName": "AWSServiceRoleForRDS-pr42", "Path": "/aws-service-role/rds.amazonaws.com/"},
                {"RoleName": "role-api-pr42", "Path": "/"},
            ]
        },
        "list_policies": {"Policies": [{"PolicyName": "policy-pr42", "Arn": "arn:aws:iam::1:policy/policy-pr42"}]},
        "list_instance_profiles": {"InstanceProfiles": []},
    },
}


def _factory(account):
    return lambda service: Client(account.get(service, {}))


def _short(found):
    return [f"{item.type} {item.identifier}" for item in found]


def test_lists_what_a_deployment_owns():
    assert _short(list_resources(_factory(ACCOUNT), "pr42")) == [
        "table dynamodb-sessions-pr42",
        "address eip-1",
        "flow-log fl-mine",
        "internet-gateway igw-loose",
        "nat-gateway nat-mine",
        "network-interface eni-1",
        "subnet subnet-mine",
        "vpc vpc-mine",
        "policy arn:aws:iam::1:policy/policy-pr42",
        "role role-api-pr42",
        "alias alias/kms-s3-pr42",
        "alias alias/unusual",
        "key k-mine",
        "log-group /aws/lambda/function-api-pr42",
        "log-group /aws/rds/cluster/aurora-pr42/postgresql",
        "bucket raw-data-123456789012-pr42",
    ]


def test_without_a_suffix_everything_but_what_a_fresh_account_has():
    everything = _short(list_resources(_factory(ACCOUNT)))
    assert "security-group sg-other" in everything
    assert "bucket raw-data-123456789012-pr421" in everything
    assert not [line for line in everything if "default" in line or "k-aws" in line or "k-gone" in line]


@pytest.mark.parametrize("suffix", [None, "pr42"])
def test_an_empty_account_has_nothing(suffix):
    assert list_resources(_factory({}), suffix) == []


def test_resources_sort_by_service_type_and_identifier():
    a = Resource(service="ec2", type="vpc", identifier="vpc-2")
    b = Resource(service="ec2", type="vpc", identifier="vpc-10", name="x")
    assert sorted([a, b]) == [b, a]
