"""modules/vpc: subnets, and the traffic between them (B1, B10)."""

import ipaddress

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(example):
    return example("vpc")


@pytest.mark.parametrize("tier", ["public", "private", "database"])
def test_b1_each_tier_has_one_subnet_in_each_of_three_zones(plan, tier):
    subnets = [subnet for subnet in plan.of_type("aws_subnet").values() if subnet["tags"]["Tier"] == tier]
    assert sorted(subnet["availability_zone"] for subnet in subnets) == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_b1_subnets_lie_in_the_network_and_do_not_overlap(plan, variants):
    for planned in (plan, variants):
        network = ipaddress.ip_network(planned.resources["module.vpc.aws_vpc.this"]["cidr_block"])
        subnets = [ipaddress.ip_network(subnet["cidr_block"]) for subnet in planned.of_type("aws_subnet").values()]
        assert all(subnet.subnet_of(network) for subnet in subnets)
        assert not any(a.overlaps(b) for a in subnets for b in subnets if a is not b)


@pytest.mark.parametrize("port", [22, 3389])
def test_b10_no_network_acl_opens_a_remote_shell_or_desktop(plan, port):
    for acl in plan.of_type("aws_network_acl").values():
        for rule in acl["ingress"]:
            reaches = rule["protocol"] == "tcp" and rule["from_port"] <= port <= rule["to_port"]
            assert not (reaches and rule["cidr_block"] == "0.0.0.0/0"), rule


def test_b1_every_security_group_rule_says_what_it_is_for(plan):
    kinds = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    found = [rule for kind in kinds for rule in plan.of_type(kind).values()]
    assert len(found) == 5
    assert all(rule["description"] for rule in found)
    assert {rule["ip_protocol"] for rule in found} == {"tcp"}
