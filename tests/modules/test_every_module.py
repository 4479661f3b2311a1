"""What holds for all modules: names (B11), policies (B9), what the policies of buckets, queues and keys reach (B4, B8)."""

import json
import re

import pytest

from tests.naming import names, unsuffixed
from tests.scan.policies import IDENTITY, TRUST, Policy, broken_rules, listed

pytestmark = pytest.mark.slow

SUFFIXES = {"examples": "example", "variants": "a2345678901234567-90"}
LARGEST_POLICY = 6144
# Documented by each service; other names may be longer than the modules can make them.
LONGEST = {
    "aws_cloudwatch_dashboard": 255,
    "aws_cloudwatch_event_rule": 64,
    "aws_cloudwatch_event_target": 64,
    "aws_cloudwatch_log_metric_filter": 512,
    "aws_cloudwatch_log_stream": 512,
    "aws_cloudwatch_log_subscription_filter": 512,
    "aws_cloudwatch_metric_alarm": 255,
    "aws_cloudwatch_query_definition": 255,
    "aws_config_config_rule": 128,
    "aws_iam_policy": 128,
    "aws_iam_role": 64,
    "aws_kinesis_firehose_delivery_stream": 64,
    "aws_lambda_function": 64,
    "aws_rds_cluster": 63,
    "aws_rds_cluster_instance": 63,
    "aws_s3_bucket": 63,
    "aws_sqs_queue": 80,
}


@pytest.fixture(params=SUFFIXES)
def plan(request):
    return request.getfixturevalue(request.param)


def policies(plan, kind, attribute):
    return {
        address: json.loads(values[attribute])
        for address, values in plan.of_type(kind).items()
        if values.get(attribute)
    }


def test_b11_every_name_ends_in_the_suffix_and_fits(plan):
    named = {address: names(plan.types[address], values) for address, values in plan.resources.items()}
    assert len([address for address, found in named.items() if found]) >= 270
    suffix = SUFFIXES[plan.name]
    assert [a for a, v in plan.resources.items() if list(unsuffixed(plan.types[a], v, suffix))] == []
    for kind, longest in LONGEST.items():
        found = [name for address in plan.of_type(kind) for name in named[address]]
        assert found, kind
        assert [name for name in found if len(name) > longest] == []


def test_b11_the_longest_names_reach_the_limit(variants):
    def length(kind):
        return max(len(name) for values in variants.of_type(kind).values() for name in names(kind, values))

    assert {kind: length(kind) for kind in ("aws_iam_role", "aws_s3_bucket")} == {
        "aws_iam_role": 64,
        "aws_s3_bucket": 63,
    }


def test_b11_security_group_names_do_not_begin_with_sg(plan):
    assert all(group["name"].startswith("security-group-") for group in plan.of_type("aws_security_group").values())


def test_b9_every_policy_fits_into_what_iam_stores(plan):
    found = policies(plan, "aws_iam_policy", "policy")
    assert len(found) >= 10
    assert [a for a, policy in found.items() if len(json.dumps(policy, separators=(",", ":"))) > LARGEST_POLICY] == []


def test_b9_policies_name_actions_and_resources_and_roles_trust_services_for_this_account_only(plan):
    found = [
        Policy(place=address, kind=kind, document=document)
        for kind, of, attribute in (
            (IDENTITY, "aws_iam_policy", "policy"),
            (TRUST, "aws_iam_role", "assume_role_policy"),
        )
        for address, document in policies(plan, of, attribute).items()
        # The boundary is what a role may do at most: see test_iam. Those of deployers: see tests/deployer.
        if "permissions_boundary" not in address and "module.ci_role.aws_iam_policy" not in address
    ]
    assert len(found) >= 20
    assert [line for policy in found for line in broken_rules(policy)] == []


def test_b9_b12_no_role_can_bring_a_log_group_back(examples):
    found = policies(examples, "aws_iam_policy", "policy")
    assert [
        a
        for a, p in found.items()
        if "permissions_boundary" not in a and "module.ci_role" not in a and "logs:CreateLogGroup" in json.dumps(p)
    ] == []


def test_b4_the_statements_about_transport_cover_a_bucket_and_all_that_is_in_it(plan):
    buckets = policies(plan, "aws_s3_bucket_policy", "policy")
    assert buckets
    for address, policy in buckets.items():
        denied = [
            s["Resource"] for s in policy["Statement"] if s["Sid"] in {"DenyInsecureTransport", "DenyOutdatedTls"}
        ]
        assert len(denied) == 2, address
        for resources in denied:
            arn = min(resources, key=len)
            assert re.fullmatch(r"arn:aws:s3:::[a-z0-9-]+", arn), address
            assert sorted(resources) == [arn, f"{arn}/*"], address


def test_b4_the_statement_about_transport_covers_its_queue(plan):
    for address, policy in policies(plan, "aws_sqs_queue", "policy").items():
        [resource] = [s["Resource"] for s in policy["Statement"] if s["Sid"] == "DenyInsecureTransport"]
        assert resource.endswith(f":{plan.resources[address]['name']}")


def test_b8_only_services_that_act_on_their_own_may_use_a_key_and_for_this_account_only(example):
    services = {}
    for address, policy in policies(example("kms"), "aws_kms_key", "policy").items():
        of_services = [s for s in policy["Statement"] if "Service" in s["Principal"]]
        services[address.split('"')[1]] = {statement["Principal"]["Service"] for statement in of_services}
        assert all("123456789012" in str(statement["Condition"]) for statement in of_services), address
    assert services == {
        "database": set(),
        "dynamodb": set(),
        "lambda": set(),
        "logs": {"logs.us-east-1.amazonaws.com"},
        "messaging": {"cloudwatch.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com"},
        "s3": {"cloudtrail.amazonaws.com", "config.amazonaws.com"},
    }


def test_b9_what_lambda_may_do_to_the_network_the_functions_code_may_not(example):
    policy = example("lambda").policy('module.lambda.aws_iam_policy.this["ingest"]')
    allowed = {
        action
        for statement in policy.values()
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if action.startswith("ec2:")
    }
    denied = policy["DenyNetworkToFunctionCode"]
    assert policy["AllowNetworkInterfaceChange"]["Resource"] == "arn:aws:ec2:us-east-1:123456789012:*/*"
    assert (denied["Effect"], denied["Resource"]) == ("Deny", "*")
    assert len(allowed) == 6
    assert allowed < set(denied["Action"])
    function = "arn:aws:lambda:us-east-1:123456789012:function:lambda-ingest-example"
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [function, f"{function}:*"]}}


@pytest.mark.parametrize("protocol", ["application", "firehose", "http", "lambda", "sqs"])
def test_b7_every_delivery_of_a_topic_is_logged(example, protocol):
    topic = example("messaging").resources['module.messaging.aws_sns_topic.this["alerts"]']
    assert topic[f"{protocol}_success_feedback_sample_rate"] == 100
    # The role is known after the apply, so the plan does not hold it; null would be there.
    for outcome in ("failure", "success"):
        assert topic.get(f"{protocol}_{outcome}_feedback_role_arn", "unknown") == "unknown"
