"""What each environment would create, by a real plan of the whole stack (A6, B1-B13)."""

import json
from pathlib import Path

import pytest

from tests.naming import names, unsuffixed
from tests.plans import assert_inventory, broken, read_inventories, rules_of

pytestmark = pytest.mark.slow

SUFFIX, ACCOUNT = "pr42", "123456789012"
ENVIRONMENTS = ["dev", "prod", "staging"]
every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def files(environment):
    """The inventory of every environment, and that of this one."""
    return [Path(__file__).parent / "inventories" / f"{name}.yaml" for name in ("every", environment)]


@pytest.fixture
def plan(environment, plan_environment):
    return plan_environment(environment)


@every_environment
def test_a6_the_inventory(plan, environment):
    assert_inventory(plan, *files(environment))


@pytest.mark.parametrize(
    ("environment", "checks"),
    [
        pytest.param(environment, checks, id=f"{environment}-{name}")
        for environment in ENVIRONMENTS
        for name, checks in rules_of(read_inventories(*files(environment)))
    ],
)
def test_the_rules_of_the_inventory_hold(plan, checks):
    assert [line for check in checks for line in broken(plan, check)] == []


@every_environment
def test_b7_every_log_group_has_a_key(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")
    # Before the apply the key's ARN is unknown; that one will be set is known.
    after_unknown = {
        change["address"]: change["change"]["after_unknown"] for change in plan.document["resource_changes"]
    }
    assert [address for address in groups if after_unknown[address].get("kms_key_id") is not True] == []


@every_environment
def test_b9_roles_carry_the_deny_of_other_regions(plan):
    document = json.loads(plan.resources["module.iam.aws_iam_policy.region_guardrail[0]"]["policy"])
    [deny] = [statement for statement in document["Statement"] if "NotAction" in statement]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == "us-east-1"
    guarded = [address for address in plan.of_type("aws_iam_role_policy_attachment") if "region-guardrail" in address]
    assert len(guarded) == len(plan.of_type("aws_iam_role"))


@every_environment
def test_b11_every_name_ends_in_the_suffix(plan):
    named = {address: names(plan.types[address], values) for address, values in plan.resources.items()}
    assert len([address for address, found in named.items() if found]) >= 250
    strays = {
        address: found
        for address, values in plan.resources.items()
        if (found := list(unsuffixed(plan.types[address], values, SUFFIX)))
    }
    assert strays == {}


@every_environment
def test_b11_taggable_resources_are_tagged_with_deployment_and_environment(plan, environment):
    tagged = [values["tags_all"] for values in plan.resources.values() if isinstance(values.get("tags_all"), dict)]
    assert len(tagged) > 30
    for tags in tagged:
        assert tags["Suffix"] == SUFFIX
        assert tags["Environment"] == environment


@every_environment
def test_b13_nothing_forbidden_is_planned(plan):
    assert not plan.of_type("aws_guardduty_detector")
    assert "x86_64" not in json.dumps(list(plan.resources.values()))


@every_environment
def test_b15_globally_unique_names_contain_the_account(plan):
    for bucket in plan.of_type("aws_s3_bucket").values():
        assert bucket["bucket"].endswith(f"-{ACCOUNT}-{SUFFIX}")
