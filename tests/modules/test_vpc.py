"""modules/vpc: network (B1), flow logs and their role (B7, B9), names (B11), destroyable (B12), nothing that is not allowed (B13)."""

import ipaddress
import json

import pytest

pytestmark = pytest.mark.slow

ZONES = {"us-east-1a", "us-east-1b", "us-east-1c"}


@pytest.fixture(scope="module")
def plan(example):
    return example("vpc")


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "vpc")


@pytest.mark.parametrize("tier", ["public", "private", "database"])
def test_b1_each_tier_has_one_subnet_in_each_of_three_zones(plan, tier):
    subnets = [subnet for subnet in plan.of_type("aws_subnet").values() if subnet["tags"]["Tier"] == tier]
    assert len(subnets) == 3
    assert {subnet["availability_zone"] for subnet in subnets} == ZONES


def test_b1_subnets_lie_in_the_network_and_do_not_overlap(plan, variants):
    for planned in (plan, variants):
        network = ipaddress.ip_network(planned.resources["module.vpc.aws_vpc.this"]["cidr_block"])
        subnets = [ipaddress.ip_network(subnet["cidr_block"]) for subnet in planned.of_type("aws_subnet").values()]
        assert all(subnet.subnet_of(network) for subnet in subnets)
        assert not any(a.overlaps(b) for a in subnets for b in subnets if a is not b)


def test_b1_b13_one_nat_gateway_serves_all_zones(plan):
    assert list(plan.of_type("aws_nat_gateway")) == ["module.vpc.aws_nat_gateway.this"]
    assert list(plan.of_type("aws_eip")) == ["module.vpc.aws_eip.nat"]


def test_b1_no_subnet_gives_out_public_addresses(plan):
    assert not any(subnet["map_public_ip_on_launch"] for subnet in plan.of_type("aws_subnet").values())


def test_b1_only_the_public_and_the_private_tier_have_a_default_route(plan):
    assert set(plan.of_type("aws_route")) == {
        "module.vpc.aws_route.private_nat",
        "module.vpc.aws_route.public_internet",
    }
    assert {route["destination_cidr_block"] for route in plan.of_type("aws_route").values()} == {"0.0.0.0/0"}
    database = plan.resources["module.vpc.aws_route_table.database"]
    assert not database.get("route")


@pytest.mark.parametrize("kind", ["aws_default_security_group", "aws_default_network_acl"])
def test_b1_what_the_network_comes_with_lets_nothing_pass(plan, kind):
    values = plan.resources[f"module.vpc.{kind}.this"]
    assert not values.get("ingress")
    assert not values.get("egress")


def rules(plan, tier, direction):
    return {
        (rule["protocol"], rule["cidr_block"], rule["from_port"], rule["to_port"])
        for rule in plan.resources[f"module.vpc.aws_network_acl.{tier}"][direction]
    }


def test_b1_the_database_tier_talks_postgresql_to_the_private_tier_only(plan):
    private = {"10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"}
    assert rules(plan, "database", "ingress") == {("tcp", cidr, 5432, 5432) for cidr in private}
    assert rules(plan, "database", "egress") == {("tcp", cidr, 1024, 65535) for cidr in private}


def test_b1_the_private_tier_sends_https_and_postgresql_only(plan):
    databases = {("tcp", f"10.0.{third}.0/24", 5432, 5432) for third in (52, 53, 54)}
    assert rules(plan, "private", "egress") == databases | {("tcp", "0.0.0.0/0", 443, 443)}


@pytest.mark.parametrize("port", [22, 3389])
def test_b10_no_network_acl_opens_a_remote_shell_or_desktop(plan, port):
    for acl in plan.of_type("aws_network_acl").values():
        for rule in acl["ingress"]:
            reaches = rule["protocol"] == "tcp" and rule["from_port"] <= port <= rule["to_port"]
            assert not (reaches and rule["cidr_block"] == "0.0.0.0/0"), rule


def test_b1_no_security_group_lets_addresses_in(plan):
    for rule in plan.of_type("aws_vpc_security_group_ingress_rule").values():
        assert rule["cidr_ipv4"] is None
        assert rule["cidr_ipv6"] is None


def test_b1_every_security_group_rule_says_what_it_is_for(plan):
    found = {
        **plan.of_type("aws_vpc_security_group_ingress_rule"),
        **plan.of_type("aws_vpc_security_group_egress_rule"),
    }
    assert len(found) == 5
    assert all(rule["description"] for rule in found.values())
    assert {rule["ip_protocol"] for rule in found.values()} == {"tcp"}


def test_b11_security_group_names_end_in_the_suffix_and_do_not_begin_with_sg(plan):
    names = [group["name"] for group in plan.of_type("aws_security_group").values()]
    assert all(name.startswith("security-group-") and name.endswith("-example") for name in names)


def test_b11_every_name_ends_in_the_suffix(plan, variants):
    for planned, suffix in ((plan, "-example"), (variants, "-a2345678901234567-90")):
        named = [
            values["tags"]["Name"] for values in planned.resources.values() if (values.get("tags") or {}).get("Name")
        ]
        assert len(named) > 30
        assert [name for name in named if not name.endswith(suffix)] == []


def test_b7_flow_logs_are_encrypted_and_kept_for_30_days(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")
    assert [(group["retention_in_days"], group["kms_key_id"][:12]) for group in groups.values()] == [
        (30, "arn:aws:kms:")
    ]


def test_b9_only_flow_logs_of_this_account_take_the_role(plan):
    statement = plan.policy("module.vpc.aws_iam_role.flow_logs", "assume_role_policy")["AllowFlowLogsOfThisAccount"]
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_b9_b12_the_flow_log_role_writes_to_its_group_and_cannot_bring_it_back(plan):
    statements = plan.policy("module.vpc.aws_iam_policy.flow_logs")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/flow-logs-example"
    assert set(statements["AllowDelivery"]["Resource"]) == {group, f"{group}:*"}
    assert "logs:CreateLogGroup" not in json.dumps(statements)


def test_b15_endpoints_lead_to_the_buckets_and_tables_of_this_deployment_only(plan):
    s3 = plan.policy("module.vpc.aws_vpc_endpoint.s3")["AllowOwnBuckets"]
    assert set(s3["Resource"]) == {"arn:aws:s3:::*-123456789012-example", "arn:aws:s3:::*-123456789012-example/*"}
    assert s3["Condition"]["StringEquals"]["aws:PrincipalAccount"] == "123456789012"
    dynamodb = plan.policy("module.vpc.aws_vpc_endpoint.dynamodb")["AllowOwnTables"]
    tables = "arn:aws:dynamodb:us-east-1:123456789012:table/*-example"
    assert set(dynamodb["Resource"]) == {tables, f"{tables}/index/*"}


def test_b12_subnets_and_security_groups_wait_for_the_interfaces_of_deleted_functions(plan):
    waiting = {**plan.of_type("aws_subnet"), **plan.of_type("aws_security_group")}
    assert len(waiting) == 13
    assert {values["timeouts"]["delete"] for values in waiting.values()} == {"45m"}


def test_settings_reach_the_resources(variants):
    assert variants.resources["module.vpc.aws_flow_log.this"]["max_aggregation_interval"] == 600
    assert variants.resources["module.vpc.aws_cloudwatch_log_group.flow_logs"]["retention_in_days"] == 365
    boundary = variants.resources["module.vpc.aws_iam_role.flow_logs"]["permissions_boundary"]
    assert boundary == "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    assert set(variants.of_type("aws_iam_role_policy_attachment", module="vpc")) == {
        'module.vpc.aws_iam_role_policy_attachment.flow_logs["flow-logs"]',
        'module.vpc.aws_iam_role_policy_attachment.flow_logs["region-guardrail"]',
    }
    assert variants.resources["module.vpc.aws_vpc_security_group_ingress_rule.database"]["from_port"] == 6432
    assert variants.resources['module.vpc.aws_subnet.private["us-east-1f"]']["cidr_block"] == "172.16.16.0/24"
    assert variants.resources["module.vpc.aws_vpc.this"]["tags_all"] == {
        "Environment": "test",
        "Name": "vpc-a2345678901234567-90",
        "Team": "analytics",
    }
