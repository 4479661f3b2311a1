"""modules/iam: what the region deny, the permissions boundary and the trust of database roles decide about requests (B9)."""

import re
from pathlib import Path

import pytest
import yaml

from orchestrator.local_cloud.iam.conditions import parse_conditions
from orchestrator.local_cloud.iam.patterns import matches
from tests.scan.policies import listed

pytestmark = pytest.mark.slow

GUARDRAIL = "module.iam.aws_iam_policy.region_guardrail[0]"
BOUNDARY = "module.iam.aws_iam_policy.permissions_boundary[0]"

DECISIONS = yaml.safe_load((Path(__file__).parent / "iam_decisions.yaml").read_text())
# Resources of requests.
OBJECT = "arn:aws:s3:::raw-data-123456789012-example/incoming/a.csv"
LOGIN = "arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/analyst"


@pytest.fixture(scope="module")
def plan(example):
    return example("iam")


def covers(statement, element, value, *, fold=False):
    """Whether Action or Resource of a statement, or its negation, covers a value."""
    normal = str.lower if fold else str
    patterns = listed(statement.get(element, statement.get(f"Not{element}")))
    found = any(matches(normal(pattern), normal(value)) for pattern in patterns)
    return found == (element in statement)


def conditions_hold(block, context):
    """Whether a Condition block is true of a request with these keys, each with one value."""
    keys = {name: (value,) for name, value in context.items()}
    return all(condition.holds(keys) for condition in parse_conditions(block))


def decision(plan, address, action, resource, context):
    """Return the decision of a policy about a request: "denied", "allowed", or "silent"."""
    effects = {
        statement["Effect"]
        for statement in plan.policy(address).values()
        if covers(statement, "Action", action, fold=True)
        and covers(statement, "Resource", resource)
        and conditions_hold(statement.get("Condition", {}), context)
    }
    return "denied" if "Deny" in effects else "allowed" if "Allow" in effects else "silent"


def test_b9_the_boundary_of_database_roles_is_that_of_the_same_module(plan):
    # Known after the apply, so not in the plan; null would be there.
    role = plan.resources['module.iam.aws_iam_role.database["analyst"]']
    assert role.get("permissions_boundary", "unknown") == "unknown"


def in_region(region, **further):
    return {"aws:requestedregion": region, **further}


@pytest.mark.parametrize("address", [GUARDRAIL, BOUNDARY])
@pytest.mark.parametrize(("action", "region"), DECISIONS["denied_elsewhere"])
def test_b9_every_region_not_in_use_is_denied(plan, address, action, region):
    assert decision(plan, address, action, "*", in_region(region)) == "denied"
    assert decision(plan, address, action, "*", in_region("us-east-1")) != "denied"


@pytest.mark.parametrize("address", [GUARDRAIL, BOUNDARY])
def test_b9_a_request_that_names_no_region_is_denied(plan, address):
    assert decision(plan, address, "s3:GetObject", OBJECT, {}) == "denied"


@pytest.mark.parametrize(("action", "region"), DECISIONS["global"])
def test_b9_global_services_work_where_their_only_region_is_not_in_use(variants, action, region):
    assert decision(variants, GUARDRAIL, action, "*", in_region(region)) == "silent"
    assert decision(variants, GUARDRAIL, "s3:GetObject", OBJECT, in_region(region)) == "denied"


@pytest.mark.parametrize("region", ["eu-central-1", "eu-west-1"])
def test_b9_each_region_in_use_works(variants, region):
    assert decision(variants, GUARDRAIL, "s3:GetObject", OBJECT, in_region(region)) == "silent"


@pytest.mark.parametrize("address", [GUARDRAIL, BOUNDARY])
def test_b9_database_logins_carry_no_region_and_are_denied_by_their_resource(plan, variants, address):
    expected = "allowed" if address == BOUNDARY else "silent"
    assert decision(plan, address, "rds-db:connect", LOGIN, {}) == expected
    assert decision(plan, address, "rds-db:connect", LOGIN.replace("us-east-1", "us-west-2"), {}) == "denied"
    assert decision(variants, address, "rds-db:connect", LOGIN, {}) == "denied"


def test_b9_the_guardrail_grants_nothing(plan):
    assert {statement["Effect"] for statement in plan.policy(GUARDRAIL).values()} == {"Deny"}


@pytest.mark.parametrize(("action", "resource", "further"), DECISIONS["allowed"])
def test_b9_the_boundary_allows_what_the_platform_does(plan, action, resource, further):
    assert decision(plan, BOUNDARY, action, resource, in_region("us-east-1", **further)) == "allowed"


@pytest.mark.parametrize(("action", "resource", "further"), DECISIONS["silent"])
def test_b9_the_boundary_allows_nothing_else(plan, action, resource, further):
    assert decision(plan, BOUNDARY, action, resource, in_region("us-east-1", **further)) == "silent"


def test_b9_the_boundary_names_every_action_and_few_without_resources(plan):
    allowed = [statement for statement in plan.policy(BOUNDARY).values() if statement["Effect"] == "Allow"]
    actions = [action for statement in allowed for action in listed(statement["Action"])]
    assert len(actions) > 40
    assert [action for action in actions if "*" in action] == []
    anywhere = {action for statement in allowed if statement["Resource"] == "*" for action in statement["Action"]}
    assert all(re.match(r"xray:|(ec2|logs):Describe", action) for action in anywhere), anywhere


def test_b9_what_the_roles_of_the_modules_may_do_lies_within_the_boundary(variants):
    """Actions outside of the boundary would fail only in the account."""
    boundary = variants.policy(BOUNDARY).values()
    possible = {a.lower() for s in boundary if s["Effect"] == "Allow" for a in listed(s["Action"])}
    bounded = {
        role["name"].removeprefix("iam-role-")
        for role in variants.of_type("aws_iam_role").values()
        if role.get("permissions_boundary")
    }
    checked = 0
    for address, policy in variants.of_type("aws_iam_policy").items():
        if policy["name"].removeprefix("iam-policy-") in bounded and policy.get("policy"):
            checked += 1
            for sid, statement in variants.policy(address).items():
                if statement["Effect"] == "Allow":
                    missing = {a for a in listed(statement["Action"]) if a.lower() not in possible}
                    assert missing == set(), f"{address}, {sid}"
    assert checked >= 2


def test_b9_assuming_a_database_role_needs_a_second_factor(plan):
    trust = plan.policy('module.iam.aws_iam_role.database["analyst"]', "assume_role_policy")["AllowTrustedPrincipals"]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/analysts"}
    assert trust["Action"] == "sts:AssumeRole"
    assert conditions_hold(trust["Condition"], {"aws:multifactorauthpresent": "true"})
    assert not conditions_hold(trust["Condition"], {"aws:multifactorauthpresent": "false"})
    # Requests with long-lived access keys do not have the key at all.
    assert not conditions_hold(trust["Condition"], {})
