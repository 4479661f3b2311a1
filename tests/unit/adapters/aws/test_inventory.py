"""A2, B12: what is left is asked of the services, and a fresh account counts as empty."""

import re
import threading

import pytest

from orchestrator.adapters.aws.inventory import AwsResource, list_resources
from orchestrator.adapters.aws.listing import belongs_to
from orchestrator.adapters.aws.services import SERVICES
from tests.fakes.aws_services import FakeServices, operations, refused
from tests.fakes.errors import error_of


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
        "list_resource_tags": ({"TagKey": "Suffix", "TagValue": "pr42"},),
        "list_aliases": (
            {"AliasName": "alias/aws/s3"},
            {"AliasName": "alias/kms-s3-pr42", "TargetKeyId": "k-gone"},
            {"AliasName": "alias/unusual", "TargetKeyId": "k-mine"},
            {"AliasName": "alias/kms-s3-pr7"},
        ),
    },
    "ec2": {
        "describe_vpcs": (DEFAULT | {"IsDefault": True}, MINE | {"Tags": [{"Key": "Name", "Value": "vpc-pr42"}]}),
        "describe_subnets": (DEFAULT | {"SubnetId": "subnet-default"}, MINE | {"SubnetId": "subnet-mine"}),
        "describe_security_groups": (
            DEFAULT | {"GroupId": "sg-default", "GroupName": "default"},
            DEFAULT | {"GroupId": "sg-in-default", "GroupName": "x-pr42"},
            {"VpcId": "vpc-other", "GroupId": "sg-other", "GroupName": "x-pr7"},
        ),
        "describe_nat_gateways": (
            MINE | {"NatGatewayId": "nat-gone", "State": "deleted"},
            MINE | {"NatGatewayId": "nat-mine", "State": "available"},
        ),
        "describe_internet_gateways": (
            {"InternetGatewayId": "igw-default", "Attachments": [DEFAULT]},
            {"InternetGatewayId": "igw-loose", "Attachments": [], "Tags": _tagged("pr42")},
        ),
        "describe_flow_logs": ({"FlowLogId": "fl-mine", "ResourceId": "vpc-mine", "FlowLogStatus": "ACTIVE"},),
        "describe_network_interfaces": (
            {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-gone", "TagSet": _tagged("pr42")},
        ),
        "describe_addresses": ({"AllocationId": "eip-1", "Tags": _tagged("pr42")}, {"AllocationId": "eip-2"}),
    },
    "s3": {"list_buckets": ({"Name": "raw-data-123456789012-pr42"}, {"Name": "raw-data-123456789012-pr421"})},
    "dynamodb": {"list_tables": ("dynamodb-sessions-pr42", "pr42-other")},
    "logs": {
        "describe_log_groups": {
            "logGroups": [
                {"logGroupName": name, "arn": f"arn:aws:logs:us-east-1:123456789012:log-group:{name}:*"}
                for name in (
                    "/aws/rds/cluster/aurora-pr42/postgresql",
                    "/aws/lambda/function-api-pr42",
                    "/aws/lambda/function-api-pr7",
                )
            ]
        },
        "list_tags_for_resource": {"tags": {}},
    },
    "iam": {
        "list_roles": (
            {"RoleName": "AWSServiceRoleForRDS-pr42", "Path": "/aws-service-role/rds.amazonaws.com/"},
            {"RoleName": "role-api-pr42", "Path": "/"},
        ),
        "list_policies": ({"PolicyName": "policy-pr42", "Arn": "arn:aws:iam::1:policy/policy-pr42"},),
        "list_instance_profiles": (),
    },
}


def _short(found):
    return [f"{item.type} {item.identifier}" for item in found]


def test_lists_what_a_deployment_owns():
    assert _short(list_resources(FakeServices(ACCOUNT), "pr42")) == [
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
    everything = _short(list_resources(FakeServices(ACCOUNT)))
    assert "security-group sg-other" in everything
    assert "bucket raw-data-123456789012-pr421" in everything
    assert not [line for line in everything if "default" in line or "k-aws" in line or "k-gone" in line]


BROUGHT = {
    "ec2": {
        "describe_vpcs": (MINE | {"Tags": _tagged("pr42")},),
        "describe_security_groups": (
            MINE | {"GroupId": "sg-brought", "GroupName": "default"},
            MINE | {"GroupId": "sg-made", "GroupName": "security-group-pr42"},
        ),
        "describe_network_acls": (
            MINE | {"NetworkAclId": "acl-brought", "IsDefault": True},
            MINE | {"NetworkAclId": "acl-made", "IsDefault": False},
        ),
        "describe_route_tables": (
            MINE | {"RouteTableId": "rtb-brought", "Associations": [{"Main": True}]},
            MINE | {"RouteTableId": "rtb-made", "Associations": [{"Main": False}]},
        ),
        "describe_network_interfaces": (MINE | {"NetworkInterfaceId": "eni-brought"},),
    },
    "rds": {
        "describe_db_clusters": ({"DBClusterIdentifier": "aurora-pr42"},),
        "describe_db_cluster_snapshots": {
            "DBClusterSnapshots": [
                {"DBClusterSnapshotIdentifier": name, "DBClusterIdentifier": "aurora-pr42"}
                for name in ("rds:brought", "by-hand-made")
            ]
        },
        "describe_db_cluster_automated_backups": (
            {"DbClusterResourceId": "backup-brought", "DBClusterIdentifier": "aurora-pr42"},
        ),
    },
    "secretsmanager": {
        "list_secrets": (
            {
                "ARN": "arn:secret-brought",
                "Name": "rds!cluster-1",
                "Tags": [
                    {"Key": "aws:rds:primaryDBClusterArn", "Value": "arn:aws:rds:us-east-1:1:cluster:aurora-pr42"}
                ],
            },
            {"ARN": "arn:secret-made", "Name": "secret-pr42"},
        )
    },
    "sns": {
        "list_topics": ({"TopicArn": "arn:aws:sns:us-east-1:1:topic-pr42"},),
        "list_subscriptions": {
            "Subscriptions": [
                {"SubscriptionArn": arn, "TopicArn": "arn:aws:sns:us-east-1:1:topic-pr42", "Endpoint": "a@example.org"}
                for arn in ("PendingConfirmation", "arn:aws:sns:us-east-1:1:topic-pr42:made")
            ]
        },
    },
}


def test_what_aws_makes_by_itself_names_what_it_was_made_for():
    found = {item.identifier: item.made_for for item in list_resources(FakeServices(BROUGHT), "pr42")}
    assert {identifier: owner for identifier, owner in found.items() if owner} == {
        "acl-brought": "vpc-mine",
        "arn:aws:sns:us-east-1:1:topic-pr42 PendingConfirmation": "arn:aws:sns:us-east-1:1:topic-pr42",
        "arn:secret-brought": "aurora-pr42",
        "backup-brought": "aurora-pr42",
        "eni-brought": "vpc-mine",
        "rds:brought": "aurora-pr42",
        "rtb-brought": "vpc-mine",
        "sg-brought": "vpc-mine",
    }
    assert {"acl-made", "arn:secret-made", "by-hand-made", "rtb-made", "sg-made", "vpc-mine"} <= set(found)


@pytest.mark.parametrize(
    ("group", "tags", "owned", "made_for"),
    [
        ("/aws/rds/cluster/aurora-pr42/postgresql", {}, True, "aurora-pr42"),
        ("/aws/rds/cluster/aurora-pr42/postgresql", {"Suffix": "pr42"}, True, ""),
        ("/aws/rds/instance/aurora-instance-1-pr42/postgresql", {}, True, "aurora-instance-1-pr42"),
        ("/aws/lambda/lambda-api-pr42", {}, True, "lambda-api-pr42"),
        ("sns/us-east-1/123456789012/topic-pr42/Failure", {}, True, "arn:aws:sns:us-east-1:123456789012:topic-pr42"),
        ("API-Gateway-Execution-Logs_mine/v1", {}, True, "mine"),
        ("API-Gateway-Execution-Logs_mine/v1", {"Suffix": "pr42"}, True, ""),
        ("API-Gateway-Execution-Logs_other/v1", {}, False, ""),
        ("API-Gateway-Execution-Logs_gone/v1", {"Suffix": "pr42"}, True, ""),
        ("/aws/vpc/flow-logs-pr42", {}, True, ""),
        ("/aws/apigateway/welcome", {"Suffix": "pr42"}, True, ""),
        ("/aws/apigateway/welcome", {"Suffix": "pr7"}, False, ""),
        ("/aws/apigateway/welcome", {}, False, ""),
    ],
)
def test_a_log_group_without_the_tag_was_made_by_the_service_that_writes_to_it(group, tags, owned, made_for):
    account = {
        "apigateway": {"get_rest_apis": ({"id": "mine", "name": "api-pr42"}, {"id": "other", "name": "api-pr7"})},
        "logs": {
            "describe_log_groups": ({"logGroupName": group, "arn": f"arn:{group}:*"},),
            "list_tags_for_resource": {"tags": tags},
        },
    }
    found = [item for item in list_resources(FakeServices(account), "pr42") if item.type == "log-group"]
    assert [item.made_for for item in found] == [made_for] * owned


@pytest.mark.parametrize("suffix", [None, "pr42"])
def test_an_empty_account_has_nothing(suffix):
    assert list_resources(FakeServices({}), suffix) == []


def test_resources_sort_by_service_type_and_identifier():
    a = AwsResource(service="ec2", type="vpc", identifier="vpc-2")
    b = AwsResource(service="ec2", type="vpc", identifier="vpc-10", name="x")
    assert sorted([a, b]) == [b, a]


@pytest.mark.parametrize(
    ("names", "tags", "mine"),
    [
        (["queue-ingest-b"], {}, True),
        (["queue-ingest-ab"], {}, False),
        (["queue-ingest-a-b"], {}, True),
        (["queue-ingest-a-b"], {"Suffix": "a-b"}, False),
        (["RDSOSMetrics"], {"Suffix": "b"}, True),
        (["RDSOSMetrics"], {"Suffix": "a-b"}, False),
        (["queue-ingest-b"], {"Suffix": "copied-from-elsewhere"}, True),
        (["rds!cluster-1", "aurora-b"], {"Team": "x"}, True),
        (["", "b"], None, True),
        (["", "barb"], None, False),
    ],
)
def test_b15_the_tag_decides_whose_a_thing_is_and_the_name_where_there_is_none(names, tags, mine):
    assert belongs_to("b", *names, tags=tags) is mine


def _groups(tags):
    names = ("RDSOSMetrics", "API-Gateway-Execution-Logs_theirs/v1", "API-Gateway-Execution-Logs_mine/v1")
    return {
        "logs": {
            "describe_log_groups": {"logGroups": [{"logGroupName": name, "arn": f"arn:{name}:*"} for name in names]},
            "list_tags_for_resource": lambda resourceArn: {"tags": tags.get(resourceArn, {})},  # noqa: N803 - boto3's
            "describe_subscription_filters": lambda logGroupName: {  # noqa: N803 - as above
                "subscriptionFilters": [
                    {"logGroupName": logGroupName, "filterName": "alerts-pr42"},
                    {"logGroupName": logGroupName, "filterName": "alerts-pr7"},
                ]
            },
        },
        "apigateway": {"get_rest_apis": ({"id": "mine", "name": "api-pr42"},)},
    }


def test_b7_log_groups_with_fixed_names_are_told_by_tag_or_by_api():
    found = _short(list_resources(FakeServices(_groups({"arn:RDSOSMetrics": {"Suffix": "pr7"}})), "pr42"))
    assert found == [
        "rest-api mine",
        "log-group API-Gateway-Execution-Logs_mine/v1",
        "subscription-filter API-Gateway-Execution-Logs_mine/v1 alerts-pr42",
        "subscription-filter API-Gateway-Execution-Logs_mine/v1 alerts-pr7",
        "subscription-filter RDSOSMetrics alerts-pr42",
    ]
    tags = {"arn:RDSOSMetrics": {"Suffix": "pr42"}, "arn:API-Gateway-Execution-Logs_theirs/v1": {"Suffix": "pr42"}}
    found = _short(list_resources(FakeServices(_groups(tags)), "pr42"))
    assert "log-group RDSOSMetrics" in found
    assert "log-group API-Gateway-Execution-Logs_theirs/v1" in found


def test_b12_what_is_on_its_way_out_by_itself_is_no_leftover():
    gone, topic = "arn:aws:sns:us-east-1:1:topic-gone-pr42", "arn:aws:sns:us-east-1:1:topic-pr42"
    subscriptions = [
        {"SubscriptionArn": state, "TopicArn": arn, "Endpoint": "a@example.org"}
        for arn, state in [
            (gone, "Deleted"),
            (gone, "PendingConfirmation"),
            (gone, f"{gone}:id"),
            (topic, "PendingConfirmation"),
        ]
    ]
    account = {
        "sns": {"list_topics": ({"TopicArn": topic},), "list_subscriptions": {"Subscriptions": subscriptions}},
        "events": {
            "list_event_buses": ({"Name": "default"},),
            "list_rules": ({"Name": "rule-pr42", "Arn": "arn:rule", "ManagedBy": "config.amazonaws.com"},),
        },
        "config": {
            "describe_config_rules": ({"ConfigRuleName": "rule-pr42", "CreatedBy": "securityhub.amazonaws.com"},)
        },
        "s3": {"list_buckets": ({"Name": "terraform-state-123456789012-us-east-pr42"},)},
    }
    assert _short(list_resources(FakeServices(account), "pr42")) == [
        f"subscription {gone}:id",
        f"subscription {topic} PendingConfirmation",
        f"topic {topic}",
    ]


def test_every_page_is_read_where_boto3_has_no_paginator():
    def web_acls(Scope, NextMarker="1"):  # noqa: N803 - boto3's spelling
        more = {"NextMarker": "2"} if NextMarker == "1" else {}
        return {"WebACLs": [{"Name": f"web-acl-{NextMarker}-pr42", "ARN": f"arn:{NextMarker}"}]} | more

    def streams(ExclusiveStartDeliveryStreamName=""):  # noqa: N803 - boto3's spelling
        more = not ExclusiveStartDeliveryStreamName
        return {"DeliveryStreamNames": ["a-pr42"] if more else ["b-pr42"], "HasMoreDeliveryStreams": more}

    account = {"wafv2": {"list_web_acls": web_acls}, "firehose": {"list_delivery_streams": streams}}
    assert _short(list_resources(FakeServices(account), "pr42")) == [
        "delivery-stream a-pr42",
        "delivery-stream b-pr42",
        "web-acl arn:1",
        "web-acl arn:2",
    ]


def test_operations_without_a_paginator_have_one_name_for_their_token():
    """AWS's service models say so, of every operation that lists something."""
    services = FakeServices()
    list_resources(services, "pr42")
    for service, operation in set(services.calls) - {("firehose", "list_delivery_streams")}:
        if not services(service).can_paginate(operation):
            model = operations(service)[operation]
            asked, given = (shape.members.keys() if shape else () for shape in (model.input_shape, model.output_shape))
            tokens = {name for name in given if re.fullmatch("(?i)next(token|marker)|marker|position", name)}
            assert tokens <= {"NextToken", "nextToken", "NextMarker"} & set(asked), operation


def test_a2_a_service_that_does_not_answer_is_no_empty_service():
    error = error_of(
        lambda: list_resources(
            FakeServices(describe_db_clusters=["NotImplemented"], list_buckets=["AccessDenied"]), "pr42"
        )
    )
    lines = error.detail.splitlines()
    assert [line.split(":")[0] for line in lines] == ["rds", "s3"]
    assert "NotImplemented" in lines[0]


def test_clients_are_made_once_per_service_in_the_callers_thread():
    services, made = FakeServices(), []

    def client(service):
        made.append((service, threading.current_thread()))
        return services(service)

    list_resources(client, "pr42")
    assert sorted(service for service, _ in made) == sorted(SERVICES)
    assert {thread for _, thread in made} == {threading.current_thread()}


def test_e2_a_key_that_its_policy_hides_from_the_caller_is_somebody_elses():
    def describe(KeyId):  # noqa: N803 - boto3's spelling
        if KeyId == "theirs":
            raise refused("AccessDeniedException")
        return {"KeyMetadata": {"KeyId": KeyId, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}}

    tags = {"Tags": [{"TagKey": "Suffix", "TagValue": "pr42"}]}
    account = {
        "kms": {
            "list_keys": ({"KeyId": "theirs"}, {"KeyId": "ours"}),
            "describe_key": describe,
            "list_resource_tags": lambda **_: tags,
        }
    }
    assert _short(list_resources(FakeServices(account), "pr42")) == ["key ours"]
