"""What is in no state is found, and what a state records is not touched, whatever the states look like (B12)."""

import json
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.aws.inventory import AwsResource, list_children
from orchestrator.adapters.aws.services import TERRAFORM_TYPES, types_made_by
from orchestrator.adapters.aws.sweep import Unrecorded, unrecorded
from orchestrator.adapters.aws.sweep.recorded import missing, recorded
from orchestrator.errors import PlatformctlError
from tests.fakes.aws_services import FakeServices


def state(*resources):
    """A state document: (type, attributes) of each instance."""
    return {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}
            for kind, attributes in resources
        ],
    }


def thing(service, kind, identifier, **more):
    return AwsResource(service=service, type=kind, identifier=identifier, **more)


def found(things, states, *, types=None):
    """Return the identifiers of what is unrecorded when these things exist."""
    wanted = None if types is None else types_made_by(types)
    return [item.identifier for item in sorted(missing(things, recorded(states), wanted))]


VPC = ("aws_vpc", {"id": "vpc-1"})


def test_what_no_state_records_is_found():
    things = [thing("ec2", "vpc", "vpc-1"), thing("ec2", "vpc", "vpc-2"), thing("s3", "bucket", "raw-pr42")]
    assert found(things, [state(VPC)]) == ["vpc-2", "raw-pr42"]


def test_an_identifier_counts_for_its_own_kind_only():
    things = [thing("iam", "role", "x-pr42"), thing("dynamodb", "table", "x-pr42")]
    assert found(things, [state(("aws_iam_role", {"name": "x-pr42"}))]) == ["x-pr42"]


def test_states_of_all_units_count():
    things = [thing("ec2", "vpc", "vpc-1"), thing("kms", "key", "k")]
    assert found(things, [state(VPC), state(("aws_kms_key", {"key_id": "k"}))]) == []


def test_deposed_and_tainted_objects_are_recorded_data_sources_are_not():
    document = state(VPC)
    document["resources"][0]["instances"].append({"deposed": "00a1", "attributes": {"id": "vpc-2"}})
    document["resources"][0]["instances"].append({"status": "tainted", "attributes": {"id": "vpc-3"}})
    document["resources"].append({"mode": "data", "type": "aws_vpc", "instances": [{"attributes": {"id": "vpc-4"}}]})
    things = [thing("ec2", "vpc", f"vpc-{number}") for number in range(1, 5)]
    assert found(things, [document]) == ["vpc-4"]


def test_an_object_that_failed_before_it_had_an_id_records_nothing():
    document = state(("aws_vpc", {"id": None}), ("aws_subnet", {}))
    document["resources"][0]["instances"].append({"attributes": None})
    assert found([thing("ec2", "vpc", "vpc-1")], [document]) == ["vpc-1"]


def test_a_queue_is_recognised_whatever_host_it_is_asked_for_at():
    queue = thing("sqs", "queue", "http://127.0.0.1:4000/123456789012/queue-pr42", name="queue-pr42")
    attributes = {"name": "queue-pr42", "url": "http://127.0.0.1:5000/123456789012/queue-pr42"}
    assert found([queue], [state(("aws_sqs_queue", attributes))]) == []


def test_kinds_that_the_modules_do_not_make_are_nobodys_leftover():
    things = [thing("dynamodb", "backup", "arn:backup"), thing("rds", "cluster-snapshot", "by-hand-pr42")]
    assert found(things, []) == []


def test_a_type_that_is_not_known_here_keeps_everything_that_it_may_mean():
    known = thing("lambda", "function", "f-pr42")
    provisioned = ("aws_lambda_provisioned_concurrency_config", {"id": "x", "targets": [{"function": "f-pr42"}]})
    assert found([known], [state(provisioned)]) == []
    assert found([known], [state(("aws_lambda_provisioned_concurrency_config", {"id": "f-pr421"}))]) == ["f-pr42"]


def test_what_aws_made_for_a_recorded_thing_belongs_to_it():
    group = thing("logs", "log-group", "/aws/lambda/f-pr42", made_for="f-pr42")
    interface = thing("ec2", "network-interface", "eni-1", made_for="vpc-1")
    function = ("aws_lambda_function", {"function_name": "f-pr42"})
    assert found([group, interface], [state(function, VPC)]) == []
    assert found([group, interface], []) == ["eni-1", "/aws/lambda/f-pr42"]


def test_what_goes_by_itself_with_its_owner_is_never_removed():
    things = [
        thing("ec2", "security-group", "sg-default", made_for="vpc-1"),
        thing("ec2", "network-acl", "acl-default", made_for="vpc-1"),
        thing("secretsmanager", "secret", "arn:secret", made_for="aurora-pr42"),
        thing("sns", "subscription", "arn:topic PendingConfirmation", made_for="arn:topic"),
    ]
    assert found(things, []) == []


OWN = {"security_group_rule_id": "sgr-1", "security_group_id": "sg-1"}
RULE = ("aws_vpc_security_group_ingress_rule", OWN)
GROUP = ("aws_security_group", {"id": "sg-1"})
INLINE_GROUP = ("aws_security_group", {"id": "sg-1", "ingress": [{"from_port": 1}]})
OLDER_RULE = ("aws_security_group_rule", {"id": "sgrule-1", "security_group_id": "sg-1"})
ROUTE = ("aws_route", {"route_table_id": "rtb-1", "destination_cidr_block": "10.0.0.0/8"})
INLINE_TABLE = ("aws_route_table", {"id": "rtb-1", "route": [{"cidr_block": "0.0.0.0/0"}]})
EC2 = {
    "describe_security_groups": ({"GroupId": "sg-1", "GroupName": "group-pr42"},),
    "describe_security_group_rules": {
        "SecurityGroupRules": [
            {"GroupId": "sg-1", "SecurityGroupRuleId": rule, "Tags": [{"Key": "Suffix", "Value": suffix}]}
            for rule, suffix in (("sgr-1", "pr42"), ("sgr-2", "pr42"), ("sgr-by-hand", ""))
        ]
    },
    "describe_route_tables": (
        {
            "RouteTableId": "rtb-1",
            "Tags": [{"Key": "Suffix", "Value": "pr42"}],
            "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "Origin": "CreateRouteTable"},
                {"DestinationCidrBlock": "10.0.0.0/8", "Origin": "CreateRoute"},
                {"DestinationIpv6CidrBlock": "::/0", "Origin": "CreateRoute"},
                {"DestinationPrefixListId": "pl-1", "Origin": "CreateRoute"},
            ],
            "Associations": [
                {"Main": True, "RouteTableAssociationId": "rtbassoc-main"},
                {"Main": False, "SubnetId": "subnet-1", "RouteTableAssociationId": "rtbassoc-1"},
            ],
        },
    ),
}


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        # Rules: only what no state knows, and never what the group may hold itself.
        ([GROUP, RULE], ["rtb-1", "sgr-2"]),
        ([GROUP, OLDER_RULE], ["rtb-1"]),
        ([INLINE_GROUP], ["rtb-1"]),
        # With rules as resources of their own, what the group lists are those rules, read back.
        ([INLINE_GROUP, RULE], ["rtb-1", "sgr-2"]),
        ([("aws_default_security_group", {"id": "sg-1"})], ["rtb-1"]),
        # Routes, likewise; the associations of the table are never its own.
        ([ROUTE, INLINE_TABLE], ["rtb-1 ::/0", "rtbassoc-1", "sg-1"]),
        ([INLINE_TABLE], ["rtbassoc-1", "sg-1"]),
        ([("aws_default_route_table", {"id": "rtb-1", "route": []})], ["rtbassoc-1", "sg-1"]),
    ],
)
def test_b12_children_of_recorded_parents_are_found_unless_the_parent_may_configure_them(instances, expected):
    things = unrecorded(FakeServices({"ec2": EC2}), "pr42", [state(*instances)])
    assert sorted(item.identifier for item in things) == expected


API = {
    "get_resources": (
        {"id": "root", "path": "/", "resourceMethods": {"GET": {}}},
        {"id": "r1", "path": "/bars", "resourceMethods": {"GET": {}, "POST": {}}},
    ),
    "get_models": ({"name": "Empty"}, {"name": "Error"}, {"name": "Bar"}),
    "get_request_validators": ({"id": "v1", "name": "Error"},),
    "get_stages": ({"stageName": "v1", "deploymentId": "d1"},),
    "get_deployments": ({"id": "d1"}, {"id": "d2"}),
    "get_usage_plan_keys": ({"id": "k1", "name": "key"},),
}


@pytest.mark.parametrize(
    ("service", "answers", "parents", "expected"),
    [
        (
            "apigateway",
            API,
            [("rest-api", "a"), ("usage-plan", "u")],
            [
                "deployment a d2",
                "method a r1 GET",
                "method a r1 POST",
                "method a root GET",
                "model a Bar",
                "request-validator a v1",
                "resource a r1",
                "stage a v1",
                "usage-plan-key u k1",
            ],
        ),
        (
            "lambda",
            # Either policy as moto gives it: the function and its alias share one.
            {
                "get_policy": {
                    "Policy": json.dumps(
                        {
                            "Statement": [
                                {"Sid": "AllowApi", "Resource": "arn:aws:lambda:us-east-1:1:function:f-pr42"},
                                {"Sid": "AllowLogs", "Resource": "arn:aws:lambda:us-east-1:1:function:f-pr42:live"},
                            ]
                        }
                    )
                },
                "list_aliases": ({"Name": "live"},),
            },
            [("function", "f-pr42")],
            ["alias f-pr42 live", "permission f-pr42 AllowApi", "permission f-pr42:live AllowLogs"],
        ),
        (
            "logs",
            {"describe_log_streams": ({"logStreamName": "S3Delivery"},)},
            [("log-group", "/aws/kinesisfirehose/pr42"), ("log-group", "/aws/lambda/f-pr42")],
            ["log-stream /aws/kinesisfirehose/pr42 S3Delivery"],
        ),
    ],
)
def test_b12_what_hangs_on_recorded_parents_is_listed(service, answers, parents, expected):
    services = FakeServices({service: answers})
    things = [thing(service, kind, identifier) for kind, identifier in parents]
    listed = list(list_children(services, things, "pr42", []))
    assert sorted(f"{item.type} {item.identifier}" for item in listed) == expected
    assert len(services.calls) == len(set(services.calls)) or service in ("lambda", "logs")


def test_b12_children_that_cannot_be_listed_are_an_error_of_ours():
    services = FakeServices(get_policy=["AccessDeniedException"])
    with pytest.raises(PlatformctlError) as caught:
        list(list_children(services, [thing("lambda", "function", "f-pr42")], "pr42", []))
    assert caught.value.detail.startswith("lambda: An error occurred (AccessDeniedException)")


def test_a_function_that_nobody_may_invoke_has_no_permissions():
    services = FakeServices(get_policy=["ResourceNotFoundException"])
    assert list(list_children(services, [thing("lambda", "function", "f-pr42")], "pr42", [])) == []


def test_only_what_the_given_types_make_is_looked_at():
    things = [
        thing("ec2", "vpc", "vpc-1"),
        thing("ec2", "network-interface", "eni-1", made_for="vpc-1"),
        thing("s3", "bucket", "raw-pr42"),
    ]
    assert found(things, [], types={"aws_vpc"}) == ["eni-1", "vpc-1"]
    assert found(things, [], types={"aws_s3_bucket"}) == ["raw-pr42"]
    assert found(things, [], types=frozenset()) == []


def test_a_thing_tells_how_to_remove_it_by_hand():
    route = Unrecorded(service="ec2", type="route", identifier="rtb-1 0.0.0.0/0", name="0.0.0.0/0")
    assert route.command == "aws ec2 delete-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0"
    assert str(route) == "ec2 route rtb-1 0.0.0.0/0"
    assert str(Unrecorded(service="ec2", type="vpc", identifier="vpc-1", name="vpc-pr42")) == "ec2 vpc vpc-1 (vpc-pr42)"


ATTRIBUTES = (
    "alarm_name", "allocation_id", "arn", "bucket", "cloudwatch_role_arn", "cluster_identifier", "dashboard_name",
    "destination_cidr_block", "function_name", "http_method", "id", "identifier", "key_id", "log_group_name", "name",
    "policy_name", "query_definition_id", "resource_arn", "resource_id", "rest_api_id", "route_table_id",
    "security_group_rule_id", "stage_name", "statement_id", "usage_plan_id", "uuid",
)  # fmt: skip
# Few words, so that things of different kinds share identifiers.
WORDS = st.sampled_from([f"w{number}" for number in range(6)])
INSTANCES = st.tuples(
    st.sampled_from([*TERRAFORM_TYPES, "aws_unheard_of"]), st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, WORDS))
)


@given(st.lists(st.lists(INSTANCES, max_size=8), max_size=4), st.lists(INSTANCES, max_size=8), st.data())
def test_b12_nothing_that_a_state_records_is_ever_found(units, killed, data):
    """Whatever exists: recorded things, leftovers of a killed run, and what AWS made for either."""
    known = recorded([state(*instances) for instances in units])
    existing = {
        key
        for kind, attributes in [*chain.from_iterable(units), *killed]
        if kind in TERRAFORM_TYPES and (key := TERRAFORM_TYPES[kind].key(attributes))
    }
    owners = st.sampled_from(["", "w0", "w1", "nobody"])
    things = [
        AwsResource(service=service, type=kind, identifier=identifier, name=identifier, made_for=data.draw(owners))
        for service, kind, identifier in sorted(existing)
    ]
    wanted = data.draw(st.sampled_from([None, types_made_by(TERRAFORM_TYPES)]))
    found = {(item.service, item.type, item.identifier) for item in missing(things, known, wanted)}
    assert found & known.keys == set()
    assert not [key for key in found if key[2] in known.texts]
    # And nothing is missed, but for what may mean something else.
    wanted_by_somebody = {(item.service, item.type, item.identifier) for item in things if not item.made_for}
    assert {key for key in wanted_by_somebody - known.keys if key[2] not in known.texts} <= found
